"""What a run that is not complete has so far: finished stages, and parts that journals name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import DamagedResult
from workbench.recipe import Recipe
from workbench.runs.checksum import FileRef, fault, file_crc32c, read_sealed
from workbench.runs.journal import read_epochs, standing_failures
from workbench.runs.lock import read_lock
from workbench.runs.parts import PartRef
from workbench.runs.plans import load_plan
from workbench.runs.ranges import Ranges, as_ranges, both
from workbench.runs.records import StageRecord, record_file
from workbench.runs.stages import Results

TRIES = 5


class SoFar:
    """A snapshot of a run that goes on: it shows what was there when it was made.

    Parts that have been folded into others meanwhile are found again.
    """

    def __init__(self, folder: Path, recipe: Recipe[Any]) -> None:
        self._folder = folder
        self._recipe = recipe
        self._tasks: dict[str, Ranges] = {}
        self.results = Results(folder, recipe, [])
        self._again()
        self._tasks = {
            stage: tuple(pair for part in record.parts for pair in part.tasks or ())
            for stage, record in self.results.records.items()
        }
        self.shapes = self._tried(self._opened)

    def read(self, name: str, start: int, stop: int | None) -> NDArray[Any]:
        """Return entries ``start .. stop`` of a variable along its first axis."""
        found: NDArray[Any] = self._tried(lambda: self.results.read(name, start, stop))
        return found

    def _opened(self) -> dict[str, tuple[int, ...]]:
        """Open every part, so that what is missing is told now and not at some plot."""
        for stage in self.results.records:
            self.results.read(f"{stage}_status", 0, 1)
        return {name: self.results.shape(name) for name in self.results.names}

    def _tried(self, read: Any) -> Any:
        for _ in range(TRIES):
            try:
                return read()
            except DamagedResult:
                # A part may have been folded and removed since; then another one holds its tasks.
                before = _files(self.results)
                self._again()
                if _files(self.results) == before:
                    raise
        return read()

    def _again(self) -> None:
        records = records_so_far(self._folder, self._recipe)
        if self._tasks:
            records = [
                _restricted(r, self._tasks[r.stage]) for r in records if r.stage in self._tasks
            ]
        self.results = Results(self._folder, self._recipe, records)


def records_so_far(folder: Path, recipe: Recipe[Any]) -> list[StageRecord]:
    """Return the records of finished stages, and one of what the running stage has so far."""
    found = []
    for stage in recipe.stages:
        told = read_sealed(folder, record_file(stage.name))
        record = StageRecord.from_dict(told) if told else None
        if record is None or not _there(folder, record):
            record = _from_journals(folder, stage.name, record)
        if record is None:
            break
        found.append(record)
    return found


def journalled(folder: Path) -> Iterator[tuple[str, str | None, list[FileRef]]]:
    """Yield what the journals say of each stage that has no record yet.

    Yields
    ------
    stage : str
    plan : str or None
        Checksum of its plan file; None where no receipt names it.
    refs : list of FileRef
        Its parts and files.
    """
    holder = read_lock(folder)
    last = holder.epoch if holder else 0
    receipts: dict[str, list[dict[str, Any]]] = {}
    for line in read_epochs(folder, "tasks", last):
        receipts.setdefault(line["stage"], []).append(line)
    folds = list(read_epochs(folder, "folds", last))
    for stage, lines in receipts.items():
        if (folder / record_file(stage)).exists():
            continue
        parts = _parts(lines, [fold for fold in folds if fold["stage"] == stage])
        files = {(f["output"], f["item"]): f for line in lines for f in line.get("files", ())}
        refs = [*parts, *(FileRef.from_dict(file) for file in files.values())]
        yield stage, lines[-1].get("plan"), refs


def _from_journals(folder: Path, stage: str, older: StageRecord | None) -> StageRecord | None:
    path = folder / "plans" / f"{stage}.npz"
    if not path.exists():
        return None
    plan = PartRef(f"plans/{stage}.npz", path.stat().st_size, file_crc32c(path))
    holder = read_lock(folder)
    last = holder.epoch if holder else 0
    # Receipts first: what was folded between the two readings is in the folds.
    receipts = [
        line
        for line in read_epochs(folder, "tasks", last)
        if line["stage"] == stage and line.get("plan", plan.crc32c) == plan.crc32c
    ]
    folds = [line for line in read_epochs(folder, "folds", last) if line["stage"] == stage]
    return StageRecord(
        stage=stage,
        tasks=len(load_plan(folder, stage, plan).tasks),
        plan=plan,
        parts=_parts(receipts, folds),
        combined=older.combined if older else (),
        failed_tasks=_failed(receipts),
    )


def _parts(receipts: list[dict[str, Any]], folds: list[dict[str, Any]]) -> tuple[PartRef, ...]:
    """Return the parts, the latest first: a task that was computed again counts as it is now.

    A fold of parts that no receipt names belongs to an earlier plan, whose tasks were others.
    """
    parts: dict[str, tuple[int, PartRef]] = {}
    for number, line in enumerate(receipts):
        if line["part"] is not None:
            parts[line["part"]["file"]] = (number, _ref(line))
    for line in folds:
        ages = [parts.pop(name)[0] for name in line["sources"] if name in parts]
        if ages:
            parts[line["part"]["file"]] = (min(ages), _ref(line))
    newest_first = [ref for _, ref in sorted(parts.values(), key=lambda pair: -pair[0])]
    return tuple(_needed(newest_first))


def _needed(refs: Sequence[PartRef]) -> Iterator[PartRef]:
    """Leave out parts of whose every task a newer one speaks: they may be gone."""
    spoken = np.zeros(max((b for ref in refs for _, b in ref.tasks or ()), default=0), bool)
    for ref in refs:
        new = False
        for start, stop in ref.tasks or ():
            new = new or not spoken[start:stop].all()
            spoken[start:stop] = True
        if new:
            yield ref


def _ref(line: Mapping[str, Any]) -> PartRef:
    return PartRef.from_dict(line["part"]).of(as_ranges(line["tasks"]))


def _failed(receipts: list[dict[str, Any]]) -> Ranges:
    return tuple((task, task + 1) for _, task in sorted(standing_failures(receipts)))


def _restricted(record: StageRecord, tasks: Ranges) -> StageRecord:
    parts = tuple(part.of(both(part.tasks or (), tasks)) for part in record.parts)
    return StageRecord.from_dict({**record.to_dict(), "parts": [p.to_dict() for p in parts]})


def _there(folder: Path, record: StageRecord) -> bool:
    refs = (record.plan, *record.parts, *record.combined)
    return all(fault(folder, ref, content=False) is None for ref in refs)


def _files(results: Results) -> list[str]:
    return [part.file for record in results.records.values() for part in record.parts]
