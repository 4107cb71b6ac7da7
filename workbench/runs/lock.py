"""The driver's lock: one driver a run, and a takeover that cannot be undone.

``driver.lock`` says who holds the run.  Its epoch only rises; the older driver sees that before
its next append and leaves.  No lock of the operating system is used: a run folder may lie on a
network file system.
"""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from workbench.environ import seconds
from workbench.errors import DamagedResult, Refused
from workbench.process import alive, identity, is_here
from workbench.room import no_room
from workbench.runs.files import TEXT_OR_NONE, Kind, read_record, replace_json

LOG = logging.getLogger(__name__)

JOB_ID = "WORKBENCH_JOB_ID"
SILENT_S = 60.0
RENEWALS = 6
CLAIM_S = 5.0


KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("run_id", "host", "boot_id", "renewed"), str),
    **dict.fromkeys(("pid", "start_ticks", "epoch"), int),
    "job_id": TEXT_OR_NONE,
}


@dataclass(frozen=True)
class Holder:
    """Who drives a run, as ``driver.lock`` says it."""

    run_id: str
    host: str
    boot_id: str
    pid: int
    start_ticks: int
    job_id: str | None
    epoch: int
    renewed: str
    v: int = 1

    def __str__(self) -> str:
        job = f", job {self.job_id}" if self.job_id else ""
        return f"process {self.pid} on {self.host}{job} (since epoch {self.epoch})"


def batch_job_id() -> str | None:
    """Return the id of the batch job that this process runs in, None outside of one.

    What our own job scripts set comes last: a job that somebody submits from one of ours may
    inherit it.
    """
    names = ("SLURM_JOB_ID", "PBS_JOBID", "JOB_ID", "LSB_JOBID", JOB_ID)
    return next((os.environ[name] for name in names if os.environ.get(name)), None)


def now() -> str:
    """Return the time as RFC 3339, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def silence_s() -> float:
    """Return after how many seconds without a sign a process on another host is gone."""
    return seconds("WORKBENCH_SILENCE_S", SILENT_S)


def renew_s() -> float:
    """Return how often a process gives a sign of life."""
    return silence_s() / RENEWALS


def silent_s(file: Path) -> float:
    """Return how long ago `file` was written, by the clock of the file system that holds it."""
    # Opened, since a network file system asks its server anew only then.
    with file.open("rb") as found:
        written = os.fstat(found.fileno()).st_mtime
    try:
        with tempfile.TemporaryFile(dir=file.parent) as probe:
            return os.fstat(probe.fileno()).st_mtime - written
    except OSError:
        # A full or read-only file system has no clock to ask.
        return time.time() - written


def read_lock(folder: Path) -> Holder | None:
    """Return the holder written in ``driver.lock``, None before the first one.

    Raises
    ------
    DamagedResult
        When that cannot be read: who drives the run cannot be told.
    """
    mend = (
        "If no process drives this run any more, remove that file; then "
        f"workbench run resume {folder.name}"
    )
    found = read_record(folder / "driver.lock", KINDS, mend)
    if found is None:
        return None
    names = Holder.__dataclass_fields__.keys() & found.keys()
    return Holder(**{name: found[name] for name in names})


def lost(folder: Path, holder: Holder) -> bool:
    """Say whether the holder is gone, as far as one look at ``driver.lock`` can tell.

    One that runs and gives no sign of life is as good as gone: it was stopped, or hangs.  Who is
    about to take the run over looks longer: :class:`Watch`.
    """
    if alive(vars(holder)) is False:
        return True
    file = folder / "driver.lock"
    try:
        if is_here(vars(holder)) and time.time() - file.stat().st_mtime <= silence_s():
            # On its own host one look at the clock does; it is asked a few times a second.
            return False
        return silent_s(file) > silence_s()
    except FileNotFoundError:
        # The run was deleted a moment ago.
        return False


class Watch:
    """Judges from outside whether a run's driver is gone.

    On the driver's host the process table tells of a death at once.  A driver on another host,
    and one that hangs on this, is gone when its lock did not change for :func:`silence_s`
    seconds of this process's own clock.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._silence_s = silence_s()
        self._seen: tuple[tuple[str, int] | None, float] | None = None

    def gone(self) -> bool:
        """Say whether the run has had a driver and that driver is gone."""
        holder = read_lock(self.folder)
        if holder is None:
            return False
        if alive(vars(holder)) is False:
            return True
        sign = _sign(self.folder)
        if self._seen is None or self._seen[0] != sign:
            self._seen = (sign, time.monotonic())
        return time.monotonic() - self._seen[1] > self._silence_s


class DriverLock:
    """The hold of this process on one run."""

    def __init__(self, folder: Path, holder: Holder) -> None:
        self.folder = folder
        self.holder = holder

    @classmethod
    def acquire(cls, folder: Path, run_id: str) -> DriverLock:
        """Take the run, from a driver that is gone if need be.

        Raises
        ------
        Refused
            When another driver holds the run; the message names it.
        """
        current = read_lock(folder)
        if current is not None and not _gone(folder):
            raise held(current)
        epoch = _claim(folder, current.epoch if current else 0)
        holder = Holder(
            run_id=run_id,
            **identity(os.getpid()),
            job_id=batch_job_id(),
            epoch=epoch,
            renewed=now(),
        )
        try:
            replace_json(folder / "driver.lock", asdict(holder))
        except OSError:
            # A claim without a lock keeps everybody waiting.
            claim_path(folder, epoch).unlink()
            raise
        lock = cls(folder, holder)
        if not lock.held():
            raise held(read_lock(folder) or holder)
        return lock

    def held(self) -> bool:
        """Say whether this process still holds the run: asked before every append."""
        found, mine = read_lock(self.folder), self.holder
        if found is None or claim_path(self.folder, mine.epoch + 1).exists():
            return False
        if found.epoch < mine.epoch:
            # An older driver stalled while it renewed, and wrote over the lock of its successor:
            # the claims say who holds the run.
            with contextlib.suppress(OSError):
                replace_json(self.folder / "driver.lock", asdict(mine))
            return True
        return (found.epoch, found.pid, found.host) == (mine.epoch, mine.pid, mine.host)

    def renew(self) -> bool:
        """Write a new time into the lock; False when somebody took the run over.

        On a full disk only the file's own time is new, which needs no room.
        """
        if not self.held():
            return False
        self.holder = replace(self.holder, renewed=now())
        try:
            replace_json(self.folder / "driver.lock", asdict(self.holder))
        except OSError as error:
            if not no_room(error):
                raise
            os.utime(self.folder / "driver.lock")
        return True

    def keep(self) -> None:
        """Give signs of life from now on, also while the driver is long busy with one thing."""
        threading.Thread(target=self._keep, name="driver.lock", daemon=True).start()

    def _keep(self) -> None:
        while True:
            time.sleep(renew_s())
            try:
                if not self.renew():
                    return
            except (OSError, DamagedResult) as error:
                LOG.warning("the lock could not be renewed: %s", error)


def held(holder: Holder) -> Refused:
    """Return the error that tells a second driver who holds the run."""
    return Refused(
        f"Run {holder.run_id} is already driven by {holder}, last heard of at {holder.renewed}. "
        f"Nothing is to be done; to end that driver: workbench run stop {holder.run_id}",
        code="held",
    )


def claim_path(folder: Path, epoch: int) -> Path:
    """Return the journal whose creation is the claim to an epoch."""
    return folder / f"tasks.{epoch}.jsonl"


def _gone(folder: Path) -> bool:
    """Say whether the driver is gone; of one that is silent, after watching it long enough."""
    watch = Watch(folder)
    holder = read_lock(folder)
    if holder is None or alive(vars(holder)) is False:
        return watch.gone()
    if is_here(vars(holder)) and not lost(folder, holder):
        return False
    silence = silence_s()
    deadline = time.monotonic() + silence + 1
    before = _sign(folder)
    while time.monotonic() < deadline:
        if watch.gone():
            return True
        if _sign(folder) != before:
            return False
        time.sleep(min(1.0, silence / 4))
    return True


def _sign(folder: Path) -> tuple[str, int] | None:
    """Return what changes in ``driver.lock`` when its holder gives a sign of life."""
    try:
        # Opened, since a network file system asks its server anew only then.
        with (folder / "driver.lock").open("rb") as file:
            return file.read().decode(errors="replace"), os.fstat(file.fileno()).st_mtime_ns
    except FileNotFoundError:
        return None


def _claim(folder: Path, last: int) -> int:
    """Create the next epoch's journal; exactly one process can (O_EXCL)."""
    epoch = last + 1
    deadline = time.monotonic() + CLAIM_S
    while True:
        with contextlib.suppress(FileExistsError):
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
            os.close(os.open(claim_path(folder, epoch), flags, 0o600))
            return epoch
        winner = read_lock(folder)
        if winner is not None and winner.epoch >= epoch:
            raise held(winner)
        if time.monotonic() > deadline:
            # Whoever made this claim died before it could say so: its epoch stays empty.
            epoch += 1
            deadline = time.monotonic() + CLAIM_S
        time.sleep(0.05)
