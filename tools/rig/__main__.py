"""``python -m tools.rig start|run|status|stop FOLDER``: a rig for people."""

from __future__ import annotations

import os
from pathlib import Path

import click

from tools.rig.big import BigSlurm
from tools.rig.controller import Controller
from tools.rig.folder import read_mark
from tools.rig.processes import RigError
from tools.rig.rig import Rig
from tools.rig.sge import Sge
from tools.rig.slurm import Slurm
from tools.rig.users import USERS

KINDS: dict[str, type[Slurm] | type[BigSlurm] | type[Sge]] = {
    "slurm": Slurm,
    "big": BigSlurm,
    "sge": Sge,
}


def _known(ctx: click.Context, param: click.Parameter, folder: Path) -> Rig:
    """Find the rig in a folder."""
    folder = folder.resolve()
    try:
        return KINDS[str(read_mark(folder)["kind"])](folder)
    except (OSError, ValueError, KeyError) as error:
        raise click.BadParameter(f"There is no rig in {folder}.", ctx, param) from error


KNOWN = click.argument("rig", type=click.Path(path_type=Path), callback=_known, metavar="FOLDER")


@click.group()
def main() -> None:
    """Run real schedulers with mixed cards on this one computer."""


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--kind",
    type=click.Choice(list(KINDS)),
    default="slurm",
    show_default=True,
    help="Five nodes; 4,000 that never compute; a Grid Engine.",
)
@click.option("--accounting", is_flag=True, help="With accounts and limits, as real sites have.")
def start(folder: Path, kind: str, accounting: bool) -> None:
    """Start a rig in a new FOLDER; it lasts until it is stopped."""
    if folder.exists():
        raise click.ClickException(f"{folder} exists. Name a new folder, or stop the rig in it.")
    if accounting and kind != "slurm":
        raise click.UsageError("--accounting goes with the kind slurm alone.")
    try:
        rig = (
            Slurm.start(folder, accounting=accounting) if accounting else KINDS[kind].start(folder)
        )
    except RigError as error:
        raise click.ClickException(str(error)) from error
    if isinstance(rig, Controller):
        click.echo("".join(f"export {n}={v}\n" for n, v in rig.env.items()), nl=False)
    else:
        click.echo(f"# commands find it by: python -m tools.rig run {folder} COMMAND")


@main.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--user", type=click.Choice(USERS), help="Who runs it; root if left out.")
@KNOWN
@click.argument("command", nargs=-1, required=True)
def run(rig: Rig, user: str | None, command: tuple[str, ...]) -> None:
    """Run a COMMAND that meets the rig in FOLDER."""
    words = rig.inside(*command, user=user)
    os.execvpe(words[0], words, rig.environment(user))


@main.command()
@KNOWN
def stop(rig: Rig) -> None:
    """End the rig in FOLDER with all its jobs, and remove the folder."""
    rig.stop()


@main.command()
@KNOWN
def status(rig: Rig) -> None:
    """Say which parts of the rig in FOLDER run."""
    for name in rig.daemons.names():
        process = rig.daemons.process(name)
        click.echo(f"{name:16} {f'process {process.pid}' if process else 'dead'}")


if __name__ == "__main__":
    main(prog_name="python -m tools.rig")
