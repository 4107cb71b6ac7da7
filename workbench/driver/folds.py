"""Few files: small parts are folded while a stage runs, and combined at its end.

Every fold is written down like a receipt: first the data, then the line, then the old files go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from workbench.driver.calls import Call, Calls
from workbench.driver.link import Link
from workbench.driver.progress import FAILED, Progress, runs_of
from workbench.errors import RunFailed
from workbench.recipe import Plan, Stage
from workbench.runs.combine import CombineJob, combine_jobs
from workbench.runs.compact import choose
from workbench.runs.groups import needs_combine
from workbench.runs.journal import Journal
from workbench.runs.parts import PartRef
from workbench.runs.records import StageRecord, write_record
from workbench.worker.jobs import run_job

Written = Callable[[Callable[[], None]], None]


class Stopped(Exception):  # noqa: N818 - an event, not a mistake
    """Somebody asked for the run to stop while it was folded or written."""


class Jobs:
    """Sends jobs to the workers of a run.

    Parameters
    ----------
    beat
        Called between answers; False when the run shall stop.
    no_room
        Called when a worker found the disk full; returns once it is not.
    """

    def __init__(
        self,
        folder: Path,
        calls: Calls,
        beat: Callable[[], bool],
        no_room: Callable[[str], None],
    ) -> None:
        self._folder = folder
        self._calls = calls
        self._beat = beat
        self._no_room = no_room

    def send(self, order: Mapping[str, Any], done: Callable[[Any], None]) -> None:
        """Have a job done on some worker; `done` gets its value."""
        full = {**order, "folder": str(self._folder)}

        def answered(answer: Mapping[str, Any], link: Link) -> None:
            if "fatal" in answer:
                fatal = answer["fatal"]
                self._calls.bar(link, RunFailed(fatal["message"], code=fatal["code"]))
                # Another cluster may be able to: it holds the packages, say.
                self.send(order, done)
            elif "no_room" in answer:
                self._no_room(answer["no_room"])
                self.send(order, done)
            else:
                done(answer["value"])

        self._calls.later(Call(function=run_job, order=full, done=answered))

    def all(self, orders: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Have jobs done and return their values in order."""
        values: dict[int, Any] = {}
        for number, order in enumerate(orders):
            self.send(order, partial(values.__setitem__, number))
        while len(values) < len(orders):
            self.turn()
        return [values[number] for number in range(len(orders))]

    def turn(self) -> None:
        """Do what is due, and handle answers; raise :class:`Stopped` where the run shall stop."""
        if not self._beat():
            raise Stopped
        self._calls.take(within_s=0.2)


class Folds:
    """Folds the parts of the stages of one run.

    Parameters
    ----------
    written
        Calls what writes, while this driver holds the run, once the disk has room for it.
    """

    def __init__(self, folder: Path, epoch: int, jobs: Jobs, written: Written) -> None:
        self._folder = folder
        self._epoch = epoch
        self._jobs = jobs
        self._written = written
        self._journal = Journal(folder / f"folds.{epoch}.jsonl")
        self._under_way = False
        self._count = 0
        self._before: list[str] = []

    def some(self, progress: Progress, stage: str, *, final: bool = False) -> bool:
        """Begin to fold the smallest parts where there are many; say whether that goes on."""
        if self._under_way:
            return True
        names = list(progress.parts)
        chosen = choose([progress.parts[name]["bytes"] for name in names], final=final)
        if not chosen:
            return False
        sources = [progress.parts[names[index]] for index in chosen]
        self._count += 1
        target = f"parts/{stage}.{self._epoch}.fold{self._count}.npz"
        self._under_way = True
        order = {"kind": "compact", "parts": sources, "name": target}
        self._jobs.send(order, lambda part: self._folded(progress, stage, sources, part))
        return True

    def _folded(
        self,
        progress: Progress,
        stage: str,
        sources: Sequence[Mapping[str, Any]],
        part: Mapping[str, Any],
    ) -> None:
        """Note the fold, then remove what it replaces."""
        fold = {
            "v": 1,
            "stage": stage,
            "sources": [source["file"] for source in sources],
            "part": {name: part[name] for name in ("file", "bytes", "crc32c")},
            "tasks": part["tasks"],
        }
        self._written(lambda: self._journal.append([fold]))
        progress.compacted(fold)
        # Asked again: who took the run over before the line was written does not know of it.
        self._written(lambda: self._remove(sources))
        self._under_way = False

    def _remove(self, sources: Sequence[Mapping[str, Any]]) -> None:
        for source in sources:
            (self._folder / source["file"]).unlink(missing_ok=True)

    def complete(
        self,
        stage: Stage[Any],
        plan: Plan,
        progress: Progress,
        record: StageRecord,
        before: Sequence[str],
    ) -> StageRecord:
        """Fold what is left, combine the groups, and write the record of the stage."""
        self._before = list(before)
        while self.some(progress, stage.name, final=True):
            self._jobs.turn()
        record = replace(
            record,
            parts=tuple(PartRef.from_dict(part) for part in progress.parts.values()),
            failed_tasks=tuple(runs_of(progress.state == FAILED)),
            files=tuple(progress.files[key] for key in sorted(progress.files)),
        )
        self._written(partial(write_record, self._folder, record))
        if needs_combine(stage, plan):
            record = replace(record, combined=tuple(self._combined(stage, plan)))
            self._written(partial(write_record, self._folder, record))
        return record

    def _combined(self, stage: Stage[Any], plan: Plan) -> list[PartRef]:
        """Have every group combined; huge ones chunk by chunk first, then joined."""
        jobs = combine_jobs(stage, plan)
        numbered = list(enumerate(jobs))
        chunks: dict[int, list[dict[str, Any]]] = {}
        found: list[dict[str, Any]] = []
        early = [(n, job) for n, job in numbered if job.kind != "join"]
        for (_, job), refs in zip(early, self._all(stage, early, chunks), strict=True):
            if job.kind == "chunk":
                chunks.setdefault(job.first_group, []).extend(refs)
            else:
                found += refs
        late = [(n, job) for n, job in numbered if job.kind == "join"]
        for refs in self._all(stage, late, chunks):
            found += refs
        for ref in [ref for refs in chunks.values() for ref in refs]:
            (self._folder / ref["file"]).unlink(missing_ok=True)
        return [PartRef.from_dict(ref) for ref in found]

    def _all(
        self,
        stage: Stage[Any],
        jobs: Sequence[tuple[int, CombineJob]],
        chunks: Mapping[int, Sequence[Mapping[str, Any]]],
    ) -> list[list[dict[str, Any]]]:
        orders = [
            {
                "kind": "combine",
                "before": self._before,
                "version": str(self._epoch),
                "job": job.to_dict(),
                "chunks": chunks.get(job.first_group, []) if job.kind == "join" else [],
                "file": f"parts/{stage.name}.{self._epoch}.combined{number}",
            }
            for number, job in jobs
        ]
        return self._jobs.all(orders)
