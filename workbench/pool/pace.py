"""How often a user asks a scheduler to do something: a burst of ten, then one a second.

One bucket a user and host, whatever the processes: it lies in a node-local file under ``flock``.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import tempfile
import time
from pathlib import Path

from workbench.home import private_folder

BURST = 10
EACH_S = 1.0


def slot(wait: bool = True) -> bool:
    """Take the turn of one ``sbatch``, ``scancel`` or ``--test-only``, waiting for it.

    Parameters
    ----------
    wait
        False: take it only if it is there at once.

    Returns
    -------
    bool
        Whether there was one; always true after waiting.
    """
    delay_s = _reserve(wait)
    if delay_s is None:
        return False
    if delay_s:
        time.sleep(delay_s)
    return True


async def async_slot() -> None:
    """Wait for a turn without holding up an event loop."""
    delay_s = await asyncio.to_thread(_reserve, True)
    if delay_s:
        await asyncio.sleep(delay_s)


def _file() -> Path:
    folder = Path(tempfile.gettempdir(), f"workbench-{os.geteuid()}")
    return private_folder(folder) / "pace"


def _reserve(wait: bool) -> float | None:
    """Note one turn, and return how far away it is; None where that is not at once and it must be.

    Kept is the moment at which the bucket is full again, on the monotonic clock of this boot;
    taking a turn moves it one second on.  It is never more than a burst away when a turn is free.
    """
    descriptor = os.open(_file(), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with open(descriptor, "r+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        now = time.clock_gettime(time.CLOCK_BOOTTIME)
        full_at = max(now, _full_at(file.read(), now))
        delay_s = max(0.0, full_at + EACH_S - now - BURST * EACH_S)
        if delay_s and not wait:
            return None
        file.seek(0)
        file.truncate()
        file.write(json.dumps(full_at + EACH_S))
        file.flush()
    return delay_s


def _full_at(text: str, now: float) -> float:
    """Read the file; of an earlier boot, or torn, it counts nothing."""
    with contextlib.suppress(ValueError, TypeError):
        found = float(json.loads(text))
        if found - now < 3600:
            return found
    return now
