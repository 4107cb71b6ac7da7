"""The batch job that a run's driver was given, where it does not live in its starter's session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from workbench.runs.files import TEXT_OR_NONE, Kind, read_record, replace_json
from workbench.runs.lock import read_lock

FILE = "driver_job.json"
KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("scheduler", "name"), str),
    "job_id": TEXT_OR_NONE,
    "asked": (int, float),
    "after_epoch": int,
}


@dataclass(frozen=True)
class DriverJob:
    """A job in which a driver will run, as ``driver_job.json`` says it.

    Attributes
    ----------
    name
        By it the job is found while its id is not known.
    job_id
        None until the scheduler has answered.
    asked
        When it was asked for, in seconds since 1970.
    after_epoch
        Epoch of the driver before it.
    """

    scheduler: str
    name: str
    job_id: str | None
    asked: float
    after_epoch: int
    v: int = 1

    def __str__(self) -> str:
        return f"job {self.job_id or self.name} of {self.scheduler}"

    def write(self, folder: Path) -> None:
        """Replace the record in a run folder."""
        replace_json(folder / FILE, asdict(self))


def awaited(folder: Path) -> DriverJob | None:
    """Return the job whose driver has not taken the run yet; None where there is none."""
    mend = f"Remove that file; then workbench run resume {folder.name}"
    found = read_record(folder / FILE, KINDS, mend)
    if found is None:
        return None
    names = DriverJob.__dataclass_fields__.keys() & found.keys()
    job = DriverJob(**{name: found[name] for name in names})
    holder = read_lock(folder)
    return job if holder is None or holder.epoch <= job.after_epoch else None
