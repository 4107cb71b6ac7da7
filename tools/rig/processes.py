"""Daemons of a rig: started in the foreground with a pid file each, and ended for certain."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import psutil

END_S = 10.0

# A host name of its own, and what every name of the rig means: this computer's loopback alone.
AS_HOST = (
    *("unshare", "--uts", "--mount", "--propagation=slave", "sh", "-c"),
    'mount --bind "$1/hosts" /etc/hosts && hostname "$2" && . "$1/passage" && shift 2 && exec "$@"',
    "sh",
)


class RigError(Exception):
    """A part of the rig did what it should not."""


def until(true: Callable[[], object], within_s: float, what: str, every_s: float = 0.05) -> None:
    """Wait until something holds.

    Raises
    ------
    RigError
        When it does not within that time.
    """
    deadline = time.monotonic() + within_s
    while not true():
        if time.monotonic() > deadline:
            raise RigError(f"not within {within_s:g} s: {what}")
        time.sleep(every_s)


class Daemons:
    """The processes of one rig, known by their pid files and found again by other processes.

    Parameters
    ----------
    folder
        Where pid files and logs lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def start(
        self, name: str, *words: str, env: Mapping[str, str] | None = None, host: str = ""
    ) -> None:
        """Start one in a session of its own, so that Ctrl-C in a terminal passes it by.

        Parameters
        ----------
        host
            The name that it and its jobs take this computer for; the file ``hosts`` must say
            that it is loopback.
        """
        if host:
            words = (*AS_HOST, str(self.folder), host, *words)
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(env or {})},
                cwd=self.folder,
                start_new_session=True,
            )
        self._children[name] = process
        created = psutil.Process(process.pid).create_time()
        (self.folder / f"{name}.pid").write_text(f"{process.pid} {created}\n")

    def names(self) -> list[str]:
        """Return the names of those that were started."""
        return sorted(file.stem for file in self.folder.glob("*.pid"))

    def process(self, name: str) -> psutil.Process | None:
        """Return the process of that name while it lives."""
        try:
            pid, created = (self.folder / f"{name}.pid").read_text().split()
            process = psutil.Process(int(pid))
            if process.create_time() == float(created) and is_alive(process):
                return process
        except (FileNotFoundError, ValueError, psutil.Error):
            pass
        return None

    def check(self, name: str) -> psutil.Process:
        """Return the process of that name.

        Raises
        ------
        RigError
            With the end of its log, when it is dead.
        """
        process = self.process(name)
        if process is None:
            raise RigError(f"{name} is dead; the end of its log:\n{self.log(name)}")
        return process

    def log(self, name: str, lines: int = 20) -> str:
        """Return the last lines that a daemon wrote."""
        file = self.folder / f"{name}.log"
        text = file.read_text(errors="replace") if file.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def end(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """End the process of that name and wait until it is gone."""
        process = self.process(name)
        if process is not None:
            end([process], how)
        self._collect(name)

    def end_all(self) -> None:
        """End them all at once."""
        end([process for name in self.names() if (process := self.process(name)) is not None])
        for name in list(self._children):
            self._collect(name)

    def _collect(self, name: str) -> None:
        """Take note of the end of a child of ours."""
        if child := self._children.pop(name, None):
            child.wait(END_S)


def end(processes: Iterable[psutil.Process], how: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal to some processes and wait until they are gone; after a while, kill them."""
    processes = list(processes)
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(how)
    _, left = psutil.wait_procs(processes, timeout=END_S)
    left = [process for process in left if is_alive(process)]
    for process in left:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(left, timeout=END_S)


def is_alive(process: psutil.Process) -> bool:
    """Say whether a process runs; one that only waits to be collected by its parent does not."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def processes_with(**wanted: str) -> list[psutil.Process]:
    """Return the living processes whose environment carries all of these.

    An empty value asks for the variable alone.
    """
    found = []
    for process in psutil.process_iter():
        try:
            environment = process.environ()
        except (psutil.Error, OSError):
            continue
        if is_alive(process) and all(
            name in environment and (not value or environment[name] == value)
            for name, value in wanted.items()
        ):
            found.append(process)
    return found


def listening_below(folder: Path) -> list[psutil.Process]:
    """Return the processes with a socket in a folder, such as ``slurmstepd``.

    That one writes its title over its environment, so that it cannot be known by that.
    """
    prefix = f"{folder}/"
    holders = {
        connection.pid
        for connection in psutil.net_connections("unix")
        if connection.pid and str(connection.laddr).startswith(prefix)
    }
    found = []
    for pid in holders:
        with contextlib.suppress(psutil.NoSuchProcess):
            found.append(psutil.Process(pid))
    return found
