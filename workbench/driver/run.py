"""The driver of one run: stages in order, one lock, one journal, one status."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from workbench import registry
from workbench.code import code_hash
from workbench.driver.calls import Calls
from workbench.driver.folds import Folds, Jobs, Stopped
from workbench.driver.link import Event, Link
from workbench.driver.progress import Progress
from workbench.driver.report import Report
from workbench.driver.stage import StageRun
from workbench.errors import RunFailed, WorkbenchError
from workbench.inputs import ends_hash
from workbench.parameters import Parameters
from workbench.recipe import Plan, Recipe, Stage
from workbench.room import little_room, no_room, waits_words
from workbench.runs.checksum import FileRef, fault, read_sealed
from workbench.runs.files import read_json
from workbench.runs.journal import Journal, read_epochs
from workbench.runs.keys import stage_base
from workbench.runs.lock import DriverLock, renew_s
from workbench.runs.manifest import read_manifest
from workbench.runs.parts import PartRef
from workbench.runs.plan_checks import check_plan, plan_of
from workbench.runs.plans import save_plan
from workbench.runs.records import StageRecord, record_file
from workbench.runs.stages import Results

LOG = logging.getLogger(__name__)

STATUS_S = 0.5
CONTROL_S = 0.25

T = TypeVar("T")


class TakenOver(Exception):  # noqa: N818 - an event, not a mistake
    """Another driver holds the run now: leave without a trace."""


class Driver:
    """Drives one run to its end.

    Parameters
    ----------
    folder
        The run folder.
    lock
        The hold on it.
    """

    def __init__(self, folder: Path, lock: DriverLock) -> None:
        self.folder = folder
        self.lock = lock
        self.manifest = read_manifest(folder)
        self.report = Report(folder, self.manifest)
        self._retry: dict[str, Any] | None = read_json(folder / "control" / "retry.json")
        self.records: list[StageRecord] = []
        self._journal = Journal(folder / f"tasks.{lock.holder.epoch}.jsonl")
        self._due = {"lock": 0.0, "status": 0.0, "control": 0.0}
        self._stopping = False
        self._distrust = bool((self._retry or {}).get("verify"))
        self._events: SimpleQueue[Event] = SimpleQueue()

    def drive(self) -> str:
        """Run every stage and finish; return the final state."""
        self.report.items_dim = self.recipe.items
        sealed = read_sealed(self.folder, "result.json")
        if sealed is not None and not (self.folder / "stages").exists():
            # The driver before this one died while it tidied up.
            self.report.status["items"] = sealed["items"]
            return self._ended(sealed["items"])
        self._with_room(lambda: self.report.say("starting"))
        # What speaks against the run does so before its clusters are met.
        _ = self.code_hash
        self._refuse_changed_inputs()
        _ = self.parameters
        _ = self.calls
        try:
            for stage in self.recipe.stages:
                if not self._stage(stage):
                    return "stopped"
            return self._finish()
        except Stopped:
            self.calls.forget()
            return "stopped"
        finally:
            self.calls.close()

    @cached_property
    def recipe(self) -> Recipe[Any]:
        """The recipe, loaded where it is first needed: what keeps it from that ends the run."""
        return registry.resolve(self.manifest.recipe)

    @cached_property
    def code_hash(self) -> str:
        """The code that every order names; one that nobody accepted ends the run."""
        return self._accepted_code()

    @cached_property
    def parameters(self) -> Parameters:
        """What the manifest asks for, typed."""
        return self.manifest.load(self.recipe, self.folder)

    @cached_property
    def calls(self) -> Calls:
        """What is sent to the clusters; made once nothing speaks against the run."""
        return Calls(self.links(self._events), self._events)

    @cached_property
    def jobs(self) -> Jobs:
        """What workers do besides batches."""
        return Jobs(self.folder, self.calls, self.beat, self.no_room)

    @cached_property
    def folds(self) -> Folds:
        """What makes few files of many."""
        return Folds(self.folder, self.lock.holder.epoch, self.jobs, self.written)

    def links(self, events: SimpleQueue[Event]) -> list[Link]:
        """Return the clusters of the run, each on its way to be connected."""
        run_id, folder = self.manifest.run_id, str(self.folder)
        return [Link(name, run_id, folder, events) for name in self.manifest.clusters]

    def held(self) -> None:
        """Make sure that this driver still holds the run: before every append."""
        if not self.lock.held():
            raise TakenOver

    def record(self, receipt: Mapping[str, Any]) -> None:
        """Append a receipt; returns once it is on the disk."""
        self.written(lambda: self._journal.append([receipt]))
        self.report.count(receipt)

    def written(self, write: Callable[[], None]) -> None:
        """Write something while this driver holds the run, once the disk has room for it."""

        def act() -> None:
            self.held()
            write()

        self._with_room(act)

    def final(self, state: str, error: WorkbenchError | None = None) -> None:
        """Write the last word; on a full disk of a run that was stopped, if it can be."""
        try:
            self.written(lambda: self.report.final(state, error))
        except Stopped:
            LOG.warning("stopped while the disk was full: the status could not be written")
        items = self.report.status["items"]
        LOG.info("%s: %d of %d items done, %d failed", state.replace("_", " "), items["done"],
                 items["total"], items["failed"])  # fmt: skip

    def beat(self) -> bool:
        """Renew the lock, write the status, read control files; False: stop."""
        clock = time.monotonic()
        if clock >= self._due["lock"]:
            self._due["lock"] = clock + renew_s()
            if not self._with_room(self.lock.renew):
                raise TakenOver
        if clock >= self._due["control"]:
            self._due["control"] = clock + CONTROL_S
            self._stopping = (self.folder / "control" / "stop.json").exists()
        if clock >= self._due["status"]:
            self.held()
            links, stopping = self.calls.links, self._stopping
            self._with_room(lambda: self.report.progress(links, stopping=stopping))
            # Counting a million items takes its time: never more than a fiftieth of the driver's.
            spent = time.monotonic() - clock
            self._due["status"] = clock + max(STATUS_S, 50 * spent)
        return not self._stopping

    def no_room(self, message: str) -> None:
        """Say that the disk is full, and wait until it is not; raise where the run is stopped."""
        text = waits_words(self.folder, message)
        LOG.warning(text)
        while little_room(self.folder):
            self.report.no_room(text)
            time.sleep(1.0)
            if (self.folder / "control" / "stop.json").exists():
                raise Stopped
            if not self._renewed():
                raise TakenOver
        self.report.room()

    def compact(self, progress: Progress, stage: str) -> None:
        """Fold small parts when there are many."""
        self.folds.some(progress, stage)

    def _renewed(self) -> bool:
        try:
            return self.lock.renew()
        except OSError as error:
            if not no_room(error):
                raise
            return self.lock.held()

    def _with_room(self, act: Callable[[], T]) -> T:
        """Do something that writes, as often as it takes for the disk to have room."""
        while True:
            try:
                return act()
            except OSError as error:
                if not no_room(error):
                    raise
                self.no_room(str(error.strerror))

    def _accepted_code(self) -> str:
        """Return the code hash that orders carry; refuse a change that nobody accepted."""
        found = code_hash(registry.find(self.manifest.recipe).point)
        accepted = read_json(self.folder / "control" / "code.json") or {}
        if found not in (self.manifest.code_hash, accepted.get("code_hash")):
            raise RunFailed(
                f"The code of {self.manifest.recipe} has changed since this run was submitted. "
                f"Finished items stay. To go on with the code of today: workbench run resume "
                f"{self.manifest.run_id} --accept-code",
                code="code_changed",
            )
        return found

    def _refuse_changed_inputs(self) -> None:
        """Look at the inputs that were too large to copy: they must be what they were."""
        for name, entry in self.manifest.inputs.items():
            path = Path(entry.path)
            if entry.ends is None:
                continue
            if not path.exists() or ends_hash(path) != entry.ends:
                raise RunFailed(
                    f"{name}: {path} is not what it was when this run was submitted (or is gone). "
                    "Put the file back and resume, or submit the run anew.",
                    code="input_changed",
                )

    def _stage(self, stage: Stage[Any]) -> bool:
        """Run one stage; False when the run was stopped."""
        results = Results(self.folder, self.recipe, self.records)
        plan = plan_of(self.recipe, stage, self.parameters, results)
        check_plan(stage, plan, recipe=self.recipe, earlier=results.plans)
        # A record of this stage from before a retry speaks of parts that may change now.
        self.written(lambda: (self.folder / record_file(stage.name)).unlink(missing_ok=True))
        ref = self._with_room(lambda: save_plan(self.folder, stage.name, plan))
        progress = self._recalled(stage, plan, ref)
        record = StageRecord(stage=stage.name, tasks=len(plan.tasks), plan=ref)
        before = [record.keys_sha256 for record in self.records]
        run = StageRun(self, progress, self._frame(stage, ref))
        self.report.begin(stage.name, run, stage_base(self.manifest, stage.name, 0, plan, before))
        if not run.run():
            return False
        record = replace(record, keys_sha256=self.report.end())
        _refuse_nothing(stage, progress)
        before_names = [record.stage for record in self.records]
        self.records.append(self.folds.complete(stage, plan, progress, record, before_names))
        return True

    def _recalled(self, stage: Stage[Any], plan: Plan, ref: PartRef) -> Progress:
        """Return how far earlier drivers came with the same plan."""
        progress = Progress(plan)
        last = self.lock.holder.epoch - 1
        for line in read_epochs(self.folder, "tasks", last):
            if line["stage"] != stage.name or line.get("plan") != ref.crc32c:
                continue
            if not progress.knows(line):
                # Damaged from outside: its tasks are computed again.
                LOG.warning("a record of tasks that stage %s does not have is left out", stage.name)
                continue
            progress.apply(line)
            self.report.count(line)
        for fold in read_epochs(self.folder, "folds", last):
            if fold["stage"] == stage.name:
                progress.compacted(fold)
        self._drop_damaged(progress)
        progress.skip(self.report.failed_owners(plan))
        progress.prepare(retry=self._to_retry(stage.name))
        return progress

    def _to_retry(self, stage: str) -> bool | Collection[int]:
        """Return the failed items of a stage that were asked for; whether all of them were."""
        if self._retry is None or "items" not in self._retry:
            return self._retry is not None
        chosen: Collection[int] = self._retry["items"].get(stage, ())
        return chosen

    def _drop_damaged(self, progress: Progress) -> None:
        """Have computed again what stands in parts that are lost or not what was written.

        Sizes are always compared; contents when a failed run is resumed.
        """
        refs = {name: PartRef.from_dict(part) for name, part in progress.parts.items()}
        for name, ref in refs.items():
            said = fault(self.folder, ref, content=self._distrust)
            if said is not None and (count := progress.drop(name)):
                LOG.warning("%s: %s; %d tasks are computed again", name, said, count)
        missing = [
            key
            for key, entry in progress.files.items()
            if fault(self.folder, FileRef.from_dict(entry), content=self._distrust) is not None
        ]
        for key in missing:
            progress.lose_file(key)

    def _frame(self, stage: Stage[Any], ref: PartRef) -> dict[str, Any]:
        """Return what every order of a stage carries."""
        return {
            "folder": str(self.folder),
            "stage": stage.name,
            "round": 0,
            "epoch": self.lock.holder.epoch,
            "code_hash": self.code_hash,
            "before": [record.stage for record in self.records],
            "version": str(self.lock.holder.epoch),
            "plan": ref.to_dict(),
        }

    def _finish(self) -> str:
        """Write the result; the record of its completion comes last."""
        common = {"stages": [record.stage for record in self.records]}
        prepared = self.jobs.all([{"kind": "prepare", **common}])[0]
        writes = [{"kind": "write", **common, "job": job} for job in prepared["jobs"]]
        files = [*prepared["files"], *(file for part in self.jobs.all(writes) for file in part)]
        self.held()
        items = self.report.status["items"]
        self.jobs.all([{"kind": "seal", **common, "files": files, "items": items}])
        self.held()
        (self.folder / "control" / "retry.json").unlink(missing_ok=True)
        try:
            notes = self.jobs.all([{"kind": "show", **common}])[0]
        except RunFailed as error:
            # The result is complete: figures that kill their worker do not take it back.
            notes = [error.message]
        self.report.status["notes"] = notes
        return self._ended(items)

    def _ended(self, items: Mapping[str, int]) -> str:
        """Return the state of a run whose result is complete."""
        if items["failed"] or items["not_run"]:
            return "completed_with_failures"
        self.tidy()
        return "completed"

    def tidy(self) -> None:
        """Remove what only an unfinished run needs."""
        self.held()
        # The records go first: without them nobody looks for what they name.
        for name in ("stages", "parts", "plans", "files"):
            shutil.rmtree(self.folder / name, ignore_errors=True)


def _refuse_nothing(stage: Stage[Any], progress: Progress) -> None:
    """End the run where a stage has no result at all: nothing can follow from it."""
    count = progress.count()
    if count["tasks_failed"] and not count["tasks_done"]:
        first = progress.failures[min(progress.failures)]
        raise RunFailed(
            f"Every item of stage {stage.name} failed; the first one: {first['message']}",
            code=first["code"],
        )
