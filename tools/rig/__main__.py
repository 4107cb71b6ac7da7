"""``python -m tools.rig start|stop|status FOLDER``: a rig for people."""

from __future__ import annotations

from pathlib import Path

import click

from tools.rig.folder import read_mark, remove
from tools.rig.processes import RigError
from tools.rig.slurm import Slurm

FOLDER = click.argument("folder", type=click.Path(path_type=Path))


@click.group()
def main() -> None:
    """Run real schedulers with mixed cards on this one computer."""


@main.command()
@FOLDER
def start(folder: Path) -> None:
    """Start the small Slurm in a new FOLDER; it lasts until it is stopped."""
    if folder.exists():
        raise click.ClickException(f"{folder} exists. Name a new folder, or stop the rig in it.")
    try:
        rig = Slurm.start(folder)
    except RigError as error:
        raise click.ClickException(str(error)) from error
    click.echo("".join(f"export {name}={value}\n" for name, value in rig.env.items()), nl=False)


@main.command()
@FOLDER
def stop(folder: Path) -> None:
    """End the rig in FOLDER with all its jobs, and remove the folder."""
    _known(folder)
    remove(folder.resolve())


@main.command()
@FOLDER
def status(folder: Path) -> None:
    """Say which parts of the rig in FOLDER run, and what its nodes do."""
    _known(folder)
    rig = Slurm.at(folder)
    for name in rig.daemons.names():
        process = rig.daemons.process(name)
        click.echo(f"{name:16} {f'process {process.pid}' if process else 'dead'}")
    for node, state in rig.node_states().items():
        click.echo(f"{node:16} {state}")


def _known(folder: Path) -> None:
    try:
        read_mark(folder)
    except (OSError, ValueError) as error:
        raise click.ClickException(f"There is no rig in {folder}.") from error


if __name__ == "__main__":
    main(prog_name="python -m tools.rig")
