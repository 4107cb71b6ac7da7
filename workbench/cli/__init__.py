"""The command line: each command is one call into :mod:`workbench.service`."""

from __future__ import annotations

import importlib
from typing import Any

import click

from workbench import __version__
from workbench.cli.output import Commands
from workbench.errors import nearest, quoted

_GROUPS = {
    "cluster": "Start, look at, resize and stop Dask clusters.",
    "lab": "Open JupyterLab with the workbench's panel.",
    "doctor": "Check this host, or a cluster's nodes, and draft a site file.",
    "pool": "See accelerator cards, partitions and the queue of a cluster.",
    "recipe": "Find recipes, and write your own.",
    "run": "Start runs, follow them, and look at what they left.",
}


class LazyGroup(Commands):
    """A group whose subcommands are imported when they are used, not for ``--help``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the alphabet."""
        return sorted(_GROUPS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one group."""
        if cmd_name not in _GROUPS:
            return None
        module = importlib.import_module(f"workbench.cli.{cmd_name}")
        command: click.Command = module.group
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; of one that is in a group, or nearly one, say how it is called."""
        name = args[0]
        if name in _GROUPS or name.startswith("-"):
            return super().resolve_command(ctx, args)
        paths: dict[str, list[str]] = {group: [group] for group in _GROUPS}
        for group in _GROUPS:
            for below in getattr(self.get_command(ctx, group), "commands", {}):
                paths.setdefault(below, []).append(f"{group} {below}")
        meant = nearest(name, paths)
        called = [f"{ctx.command_path} {path}" for path in paths.get(meant or "", ())]
        said = f" Did you mean {' or '.join(map(quoted, called))}?" if called else ""
        raise click.UsageError(f"There is no command {quoted(name)}.{said}", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_GROUPS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="First steps: workbench run start proteins.search --example globins --wait",
)
@click.version_option(__version__, prog_name="workbench")
def main(**_: Any) -> None:
    """Run packaged science recipes on Dask clusters, and keep what they find."""
