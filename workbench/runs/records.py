"""The record of a finished stage: ``stages/<stage>.json``, written by the driver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from workbench.errors import DamagedResult
from workbench.runs.checksum import advice, read_sealed, write_sealed
from workbench.runs.parts import PartRef
from workbench.runs.ranges import Ranges, as_ranges


@dataclass(frozen=True, kw_only=True)
class StageRecord:
    """Where the results of a stage lie; of a stage that still runs, what is there so far.

    Parameters
    ----------
    stage, round
        The stage.
    tasks
        How many tasks its plan has.
    plan
        Its plan file.
    parts
        Part files with the tasks that are meant in each; of a task in two, the first counts.
    combined
        Part files of combined groups; their ``tasks`` are group numbers.
    failed_tasks
        Tasks that stand in no part because they failed whole.
    files
        ``{output, item, file, bytes, crc32c}`` of each file output.
    keys_sha256
        Over the ordered task keys.
    """

    stage: str
    tasks: int
    plan: PartRef
    parts: tuple[PartRef, ...] = ()
    combined: tuple[PartRef, ...] = ()
    failed_tasks: Ranges = ()
    files: tuple[Mapping[str, Any], ...] = ()
    keys_sha256: str = ""
    round: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "v": 1,
            "stage": self.stage,
            "round": self.round,
            "tasks": self.tasks,
            "plan": self.plan.to_dict(),
            "parts": [part.to_dict() for part in self.parts],
            "combined": [part.to_dict() for part in self.combined],
            "failed_tasks": [list(pair) for pair in self.failed_tasks],
            "files": [dict(file) for file in self.files],
            "keys_sha256": self.keys_sha256,
        }

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Self:
        """Read the JSON form; unknown keys are ignored."""
        return cls(
            stage=found["stage"],
            round=found["round"],
            tasks=found["tasks"],
            plan=PartRef.from_dict(found["plan"]),
            parts=tuple(PartRef.from_dict(part) for part in found["parts"]),
            combined=tuple(PartRef.from_dict(part) for part in found["combined"]),
            failed_tasks=as_ranges(found["failed_tasks"]),
            files=tuple(found["files"]),
            keys_sha256=found["keys_sha256"],
        )


def record_file(stage: str) -> str:
    """Return where a stage's record lies below the run's folder."""
    return f"stages/{stage}.json"


def write_record(folder: Path, record: StageRecord) -> None:
    """Write the record of a stage, with a checksum of its own content."""
    path = folder / record_file(record.stage)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    write_sealed(path, record.to_dict())


def read_record(folder: Path, stage: str) -> StageRecord:
    """Read the record of a finished stage.

    Raises
    ------
    DamagedResult
        When there is none, or it is not what was written.
    """
    found = read_sealed(folder, record_file(stage))
    if found is None:
        raise DamagedResult(
            f"The run in {folder} has no {record_file(stage)}: the stage {stage!r} is not "
            f"finished, or the file was removed. {advice(folder)}"
        )
    return StageRecord.from_dict(found)
