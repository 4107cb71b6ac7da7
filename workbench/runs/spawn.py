"""Drivers are started so that they outlive whoever asked for them, and again when they die."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from workbench.detach import run_detached
from workbench.environ import RESTART_DELAYS_S, read_seconds
from workbench.process import start_ticks
from workbench.runs.lock import Watch, read_lock
from workbench.runs.manifest import read_manifest
from workbench.runs.status import FINAL, UNBORN_S, read_status

DELAYS_S = (1.0, 10.0, 60.0)


@dataclass(frozen=True)
class Started:
    """How a driver was started.

    Attributes
    ----------
    pid
        Its process on this host; None where a batch job is to start it.
    job
        That job, in words; empty where there is none.
    note
        What the user has to know of it.
    """

    pid: int | None = None
    job: str = ""
    note: str = ""


class Starter(Protocol):
    """Who starts drivers; :mod:`workbench.clusters.drivers` knows batch jobs, too."""

    def start(self, folder: Path) -> Started:
        """Start the driver of a run; its words go to the run's log."""

    def coming(self, folder: Path) -> bool:
        """Say whether a driver that was started may be on its way to the run's lock."""


class Detached:
    """Starts drivers in a session of their own on this host."""

    def __init__(self) -> None:
        self._children: dict[Path, tuple[int, int | None]] = {}

    def start(self, folder: Path) -> Started:
        """Start the driver of a run; its words go to the run's log."""
        pid = run_detached("workbench.driver", [str(folder)], log=folder / "log")
        self._children[folder] = (pid, start_ticks(pid))
        return Started(pid=pid)

    def coming(self, folder: Path) -> bool:
        """Say whether the driver that was started here lives: it takes the lock in a second."""
        pid, ticks = self._children.get(folder, (0, None))
        return ticks is not None and start_ticks(pid) == ticks


def restart_delays() -> tuple[float, ...]:
    """Return the pauses before each restart of a dead driver, in seconds."""
    name = RESTART_DELAYS_S
    given = os.environ.get(name)
    return tuple(read_seconds(name, part) for part in given.split(",")) if given else DELAYS_S


class Guard:
    """Restarts the driver of one run when it dies, three times, with pauses in between.

    Parameters
    ----------
    folder
        The run folder.
    starter
        Who starts it again.
    """

    def __init__(self, folder: Path, starter: Starter) -> None:
        self.folder = folder
        self.restarts = 0
        self._starter = starter
        self._watch = Watch(folder)
        self._gone_since: float | None = None

    @property
    def exhausted(self) -> bool:
        """Whether the driver died once more than it may be restarted."""
        return self.restarts >= len(restart_delays()) and self._gone_since is not None

    def look(self) -> bool:
        """Restart the driver if it is due; return whether that was done now."""
        if read_status(self.folder)["state"] in FINAL or not self._gone():
            self._gone_since = None
            return False
        clock = time.monotonic()
        if self._gone_since is None:
            self._gone_since = clock
        delays = restart_delays()
        if self.restarts >= len(delays) or clock - self._gone_since < delays[self.restarts]:
            return False
        self.restarts += 1
        self._gone_since = None
        self._starter.start(self.folder)
        return True

    def _gone(self) -> bool:
        if self._starter.coming(self.folder):
            return False
        if read_lock(self.folder) is not None:
            return self._watch.gone()
        created = datetime.fromisoformat(read_manifest(self.folder).created)
        return (datetime.now(UTC) - created).total_seconds() > UNBORN_S
