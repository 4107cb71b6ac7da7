"""``workbench lab``: JupyterLab with the workbench's panel open."""

from __future__ import annotations

import contextlib
import getpass
import importlib
import importlib.util
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import click

from workbench.cli.output import FAILED, translated
from workbench.errors import Refused
from workbench.runs.files import read_json

LOOPBACK = "127.0.0.1"
USUAL_PORT = 8888
START_S = 120.0
POLL_S = 0.1
# Ctrl-C, a service manager, an ssh session that breaks.
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LONG = {name: f"ServerApp.{name}" for name in ("ip", "port", "port_retries")}
BEHIND = "Options of JupyterLab's own stand behind --: workbench lab -- OPTIONS"


class Passing(click.Command):
    """A command that hands on, unread, what stands behind ``--``, and nothing else."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read our own options; see :meth:`click.Command.parse_args`."""
        behind = args.index("--") if "--" in args else len(args)
        try:
            rest = super().parse_args(ctx, args[:behind])
        except click.NoSuchOption as error:
            if error.possibilities:
                raise
            raise click.UsageError(f"{error.format_message()} {BEHIND}", ctx) from error
        except click.UsageError as error:
            if isinstance(error, click.BadParameter | click.BadOptionUsage):
                raise
            raise click.UsageError(f"{error.format_message()}. {BEHIND}", ctx) from error
        ctx.params["options"] = tuple(args[behind + 1 :])
        return rest


@click.command("lab", cls=Passing, options_metavar="[OPTIONS] [-- JUPYTER OPTIONS]")
@click.option("--port", type=click.IntRange(1, 65535), help="Use this port; else a free one.")
@translated
def group(port: int | None, options: tuple[str, ...]) -> int:
    """Start JupyterLab here, and open it with the recipes in view.

    It serves this computer alone, under the address that is printed.  What comes behind `--` goes
    to JupyterLab as it is.
    """
    missing = [name for name in ("jupyterlab", "jupyterlab_workbench") if not _is_there(name)]
    if missing:
        raise Refused(
            f"This Python has no {' and no '.join(missing)}. Install what belongs to the "
            f"workbench's panel: {sys.executable} -m pip install 'science-workbench[lab]'",
            code="no_lab",
        )
    children: list[subprocess.Popen[bytes]] = []
    ended = _ended_by_signals(children)
    process = subprocess.Popen(
        _command(port or _free_port(), options),
        # On a shared computer everybody sees command lines; the environment is ours.
        env={**os.environ, "JUPYTER_TOKEN": secrets.token_urlsafe(24)},
        # Signals of the terminal reach us alone: we end the server, and it ends its kernels.
        process_group=0,
    )
    children.append(process)
    if ended:
        process.terminate()
    try:
        told = _info_file(process.pid)
        # One of that number may have died here without a word.
        told.unlink(missing_ok=True)
        server = _server(process, told)
        if server is not None:
            _announce(server)
        failed = process.wait() != 0
    except BaseException:
        # Nobody else could end it.
        process.terminate()
        process.wait()
        raise
    if not ended:
        return FAILED if failed else 0
    if signal.SIGHUP not in ended:
        click.echo("\nJupyterLab has ended. Runs go on: workbench run list", err=True)
    return 0


def _ended_by_signals(children: Sequence[subprocess.Popen[bytes]]) -> list[int]:
    """Have what ends us end the server once it is there; return the list of those signals."""
    ended: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        ended.append(number)
        for process in children:
            if len(ended) == 1:
                process.terminate()
            else:
                process.kill()

    for number in ENDS:
        # As under nohup.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end)
    return ended


def _is_there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _free_port() -> int:
    """Return Jupyter's usual port, or another one when somebody has that."""
    for wanted in (USUAL_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Refused(
        "No port is free on this computer. Name one: workbench lab --port N", code="no_port"
    )


def _command(port: int, options: Sequence[str]) -> list[str]:
    ours = {
        "ip": LOOPBACK,
        "port": str(port),
        "port_retries": "0",
        "log-level": "WARN",
    }
    # Jupyter refuses an option that is given twice, also where one is the short form of the other.
    given = {option.partition("=")[0].lstrip("-").rpartition(".")[2] for option in options}
    found = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "-y"),
        *(f"--{LONG.get(name, name)}={value}" for name, value in ours.items() if name not in given),
    ]
    if os.geteuid() == 0:  # as in a container; it listens to this computer alone
        found.append("--allow-root")
    return [*found, *options]


def _info_file(pid: int) -> Path:
    """Return the file in which a Jupyter server of that number says where it is."""
    paths = importlib.import_module("jupyter_core.paths")
    return Path(paths.jupyter_runtime_dir()) / f"jpserver-{pid}.json"


def _server(process: subprocess.Popen[bytes], told: Path) -> dict[str, Any] | None:
    """Wait until the server listens; return what it says of itself, None where it never does.

    Options and configuration files may have given it another port, base URL or token than ours.
    """
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        # It may not be there yet, or not yet whole.
        with contextlib.suppress(ValueError):
            if found := read_json(told):
                return dict(found)
        time.sleep(POLL_S)
    return None


def _announce(server: dict[str, Any]) -> None:
    """Print the address, once, and open it where there is a screen."""
    token = f"&token={server['token']}" if server["token"] else ""
    url = f"{server['url']}lab?workbench=recipes{token}"
    click.echo(url)
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform == "darwin":
        webbrowser.open(url)
    elif not server["sock"]:
        port, host = server["port"], urlsplit(server["url"]).hostname
        click.echo("This computer has no screen. On yours, type this first:")
        click.echo(f"  ssh -N -L {port}:{host}:{port} {getpass.getuser()}@{_name()}")
    click.echo("Ctrl-C ends JupyterLab; runs go on without it.")


def _name() -> str:
    """Return this computer's name as others may know it; the word HOST where it has none."""
    names = [name for name in (socket.getfqdn(), socket.gethostname()) if not _nowhere(name)]
    return names[0] if names else "HOST"


def _nowhere(name: str) -> bool:
    """Say whether a name stands for whatever computer it is used on."""
    return not name or name.partition(".")[0] in ("localhost", "localhost6", "ip6-localhost")
