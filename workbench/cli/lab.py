"""``workbench lab``: JupyterLab with the workbench's panel open."""

from __future__ import annotations

import getpass
import importlib.util
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Sequence

import click

from workbench.cli.output import FAILED, translated
from workbench.errors import Refused

LOOPBACK = "127.0.0.1"
USUAL_PORT = 8888
START_S = 120.0
POLL_S = 0.2


@click.command("lab", context_settings={"ignore_unknown_options": True})
@click.option("--port", type=click.IntRange(1, 65535), help="Use this port; else a free one.")
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[-- JUPYTER OPTIONS]")
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
    port = port or _free_port()
    token = secrets.token_urlsafe(24)
    process = subprocess.Popen(
        _command(port, options),
        # On a shared computer everybody sees command lines; the environment is ours.
        env={**os.environ, "JUPYTER_TOKEN": token},
    )
    try:
        if _answers(process, port):
            _announce(f"http://{LOOPBACK}:{port}/lab?workbench=recipes&token={token}", port)
        return FAILED if process.wait() else 0
    except KeyboardInterrupt:
        process.wait()
        click.echo("\nJupyterLab has ended. Runs go on: workbench run list", err=True)
        return 0


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
    found = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "-y"),
        f"--ServerApp.ip={LOOPBACK}",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        "--log-level=WARN",
    ]
    if os.geteuid() == 0:  # as in a container; it listens to this computer alone
        found.append("--allow-root")
    return [*found, *options]


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until the server answers; return whether it does."""
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/api", timeout=2):
                return True
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(POLL_S)
    return False


def _announce(url: str, port: int) -> None:
    """Print the address, once, and open it where there is a screen."""
    click.echo(url)
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform == "darwin":
        webbrowser.open(url)
    else:
        here = f"{getpass.getuser()}@{socket.getfqdn()}"
        click.echo("This computer has no screen. On yours, type this first:")
        click.echo(f"  ssh -N -L {port}:{LOOPBACK}:{port} {here}")
    click.echo("Ctrl-C ends JupyterLab; runs go on without it.")
