"""Drivers are started detached: they outlive whoever asked for them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from workbench.detach import run_detached
from workbench.runs.lock import Watch, read_lock, start_ticks
from workbench.runs.manifest import read_manifest
from workbench.runs.status import FINAL, read_status

DELAYS_S = (1.0, 10.0, 60.0)
UNBORN_S = 30.0


def start_driver(folder: Path) -> int:
    """Start the driver of a run in a session of its own; return its process number.

    Its words go to the run's log.
    """
    return run_detached("workbench.driver", [str(folder)], log=folder / "log")


def restart_delays() -> tuple[float, ...]:
    """Return the pauses before each restart of a dead driver, in seconds."""
    given = os.environ.get("WORKBENCH_RESTART_DELAYS_S")
    return tuple(float(part) for part in given.split(",")) if given else DELAYS_S


class Guard:
    """Restarts the driver of one run when it dies, three times, with pauses in between.

    Parameters
    ----------
    folder
        The run folder.
    start
        Starts a driver and returns its process number; by this Python when left out.
    """

    def __init__(self, folder: Path, start: Callable[[Path], int] = start_driver) -> None:
        self.folder = folder
        self._start = start
        self.restarts = 0
        self._watch = Watch(folder)
        self._gone_since: float | None = None
        self._child: tuple[int, int | None] = (0, None)

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
        pid = self._start(self.folder)
        self._child = (pid, start_ticks(pid))
        return True

    def _gone(self) -> bool:
        pid, ticks = self._child
        if ticks is not None and start_ticks(pid) == ticks:
            # It takes a second until it holds the lock.
            return False
        if read_lock(self.folder) is not None:
            return self._watch.gone()
        created = datetime.fromisoformat(read_manifest(self.folder).created)
        return (datetime.now(UTC) - created).total_seconds() > UNBORN_S
