"""One stage: batches out, receipts in, until every task is done, failed or skipped."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from workbench.driver.batches import Batch, Cutter
from workbench.driver.calls import Call, Calls
from workbench.driver.explain import PATIENCE_S, explained
from workbench.driver.lane import TRIALS, proven
from workbench.driver.lanes import Lanes
from workbench.driver.link import Event, Link
from workbench.driver.progress import ATTEMPTS, Progress
from workbench.errors import RunFailed
from workbench.runs.lock import now
from workbench.worker.execute import run_batch
from workbench.worker.note import note_name, read_note

LOG = logging.getLogger(__name__)

GRACE_S = 15.0
REFUSALS = 2
DEATHS = 2
MYSTERIES = 20


class Desk(Protocol):
    """What a stage needs of the run: where receipts go, and the beat between answers."""

    @property
    def calls(self) -> Calls:
        """What is sent to the clusters."""

    def record(self, receipt: Mapping[str, Any]) -> None:
        """Append a receipt to the journal; returns once it is on the disk."""

    def beat(self) -> bool:
        """Do what is due (lock, status, control files); False when the run shall stop."""

    def no_room(self, message: str) -> None:
        """Say that the disk is full and wait until it is not."""

    def compact(self, progress: Progress, stage: str) -> None:
        """Fold small parts when there are many."""


@dataclass(frozen=True)
class Death:
    """A batch whose worker died, and when that was heard of (monotonic, s)."""

    batch: Batch
    order: Mapping[str, Any]
    event: Event
    worker: str
    at: float


class StageRun:
    """Drives the tasks of one stage to their end.

    Parameters
    ----------
    frame
        What every order of the stage carries: folder, stage, round, epoch, code hash, plan...
    """

    def __init__(self, desk: Desk, progress: Progress, frame: Mapping[str, Any]) -> None:
        self.desk = desk
        self.progress = progress
        self.frame = dict(frame)
        self.cutter = Cutter(progress)
        self.lanes = Lanes(self.cutter, desk.calls)
        self._open: dict[str, str] = {}
        self._stopped: float | None = None
        self._refused: dict[str, int] = {}
        self._deaths: dict[int, int] = {}
        self._mourned: list[Death] = []
        self._tried: dict[int, str] = {}
        self._homes: dict[tuple[str, int], str] = {}

    def run(self) -> bool:
        """Return True when the stage is at its end, False when the run was stopped before."""
        self.desk.calls.admit()
        try:
            return self._driven()
        finally:
            self._expect_batches(0.0)

    def _expect_batches(self, seconds: float) -> None:
        """Say how long batches take, for the windows; jobs that follow a stage are short."""
        for link in self.desk.calls.links:
            link.batch_s = seconds

    def _driven(self) -> bool:
        self._expect_batches(math.inf)
        while self.progress.waiting or self._open:
            going_on = self.desk.beat()
            if not going_on and self._left():
                return False
            if going_on:
                self._fill()
                self.desk.compact(self.progress, self.frame["stage"])
            self._look_into_deaths()
            self.desk.calls.take(within_s=0.2)
        return True

    def _left(self) -> bool:
        """Let batches under way finish for a while, then give them up."""
        clock = time.monotonic()
        self._stopped = self._stopped or clock
        if self._open and clock - self._stopped < GRACE_S:
            return False
        if self._open:
            LOG.info(
                "stopped: %d batches take longer than %.0f s; they are given up, and the worker "
                "processes that are busy with them are replaced",
                len(self._open),
                GRACE_S,
            )
            self.desk.calls.abandon()
        return True

    def _fill(self) -> None:
        """Send batches while a cluster has room for one that it should get."""
        self.cutter.serve(sum(link.workers for link in self.desk.calls.usable()))
        sending = True
        while sending:
            # Whoever has the most room comes first, anew after every batch.
            sending = any(self._offer(link) for link in self.desk.calls.roomy())

    def _offer(self, link: Link) -> bool:
        """Send a cluster its next batch, if it should have one; say whether it got one."""
        lane, elsewhere = self.lanes[link.name], self.lanes.elsewhere(link)
        if not self.progress.waiting or lane.waits(time.monotonic(), elsewhere):
            return False
        if self.progress.todo and not self.lanes.worth_it(link):
            return False

        def eligible(task: int) -> bool:
            return self.lanes.eligible(link, self._tried.get(task))

        if lane.alone(elsewhere):
            batch = self.cutter.first(lane.pace, eligible)
        else:
            batch = self.cutter.next(lane.pace, self.lanes.left_s(), eligible)
        if batch is not None:
            self._send(batch, link)
        return batch is not None

    def _send(self, batch: Batch, link: Link) -> None:
        order = {
            **self.frame,
            "batch": batch.name,
            "tasks": [list(pair) for pair in batch.tasks],
            "attempt": batch.attempt,
            "last": batch.last,
            "budget_s": self.cutter.budget_s(),
        }
        home = self._homes.get((link.name, batch.affinity)) if batch.affinity >= 0 else None
        call = Call(
            function=run_batch,
            order=order,
            done=lambda value, link: self._answer(batch, value, link),
            died=lambda event: self._died(batch, order, event),
            lost=lambda: self._lost(batch),
            sent=lambda link: self._sent(batch, link),
            worker=home,
        )
        self.desk.calls.send(call, link)

    def _sent(self, batch: Batch, link: Link) -> None:
        """Note where a batch is; it may be sent again, elsewhere."""
        self._close(batch)
        self._open[batch.name] = link.name
        self.lanes[link.name].take(batch, link.workers, time.monotonic())

    def _close(self, batch: Batch) -> None:
        """Note that nobody has a batch in hand any more."""
        name = self._open.pop(batch.name, None)
        if name is not None:
            workers = sum(link.workers for link in self.desk.calls.links if link.name == name)
            self.lanes[name].give_back(batch.name, workers, time.monotonic())

    def _lost(self, batch: Batch) -> None:
        self._close(batch)
        self._requeue(batch, batch.tasks)

    def _requeue(self, batch: Batch, tasks: list[tuple[int, int]]) -> None:
        if batch.attempt == 1:
            self.progress.missed(tasks)
        elif len(tasks) == 1 and tasks[0][1] - tasks[0][0] == 1 and tasks[0][0] in self._deaths:
            self.progress.alone.append(tasks[0][0])
        else:
            self.progress.again.extend(t for a, b in tasks for t in range(a, b))

    def _answer(self, batch: Batch, value: Mapping[str, Any], link: Link) -> None:
        self._close(batch)
        if "fatal" in value:
            self._requeue(batch, batch.tasks)
            fatal = value["fatal"]
            self.desk.calls.bar(link, RunFailed(fatal["message"], code=fatal["code"]))
            return
        if "no_room" in value:
            self._requeue(batch, batch.tasks)
            self.desk.no_room(value["no_room"])
            return
        if "refused" in value:
            self._other_code(batch, value["worker"], link)
            return
        receipt = value["receipt"]
        self.desk.record(receipt)
        self.progress.apply(receipt)
        self._requeue(batch, [(a, b) for a, b in value["left"]])
        if batch.affinity >= 0:
            self._homes[(link.name, batch.affinity)] = receipt["worker"]
        if batch.attempt < ATTEMPTS:
            failed = [entry["task"] for entry in receipt["failed"]]
            self._tried.update(dict.fromkeys(failed, link.name))
            self.progress.again.extend(failed)
        self._learn(receipt, link)

    def _learn(self, receipt: Mapping[str, Any], link: Link) -> None:
        """Take the speed of a cluster from a receipt, and whether it can compute at all."""
        lane = self.lanes[link.name]
        ranges = [(a, b) for a, b in receipt["tasks"]]
        failed = len(receipt["failed"])
        done = sum(b - a for a, b in ranges) - failed
        lane.learn(self.cutter.cost(ranges), done, failed, receipt["wall_s"])
        link.batch_s = max(
            self.cutter.target_s, (lane.pace.s_per_cost or 0.0) * self.cutter.mean_cost()
        )
        if lane.on_trial and lane.failed >= TRIALS and proven(self.lanes.elsewhere(link)):
            first = receipt["failed"][0]["message"]
            message = (
                f"The first {lane.failed} items that cluster {link.name} computed all failed, "
                f"while other clusters computed theirs; the last one: {first}"
            )
            self.desk.calls.bar(link, RunFailed(message, code=receipt["failed"][0]["code"]))

    def _other_code(self, batch: Batch, worker: str, link: Link) -> None:
        self._requeue(batch, batch.tasks)
        if link.recycle(worker):
            self._refused[worker] = self._refused.get(worker, 0) + 1
        if self._refused[worker] > REFUSALS:
            error = RunFailed(
                f"The workers of cluster {link.name} hold other code for the recipe "
                "than this run was submitted with, also after a restart. Install the same "
                "version there, or submit the run anew.",
                code="code_changed",
            )
            self.desk.calls.bar(link, error)

    def _died(self, batch: Batch, order: Mapping[str, Any], event: Event) -> None:
        """Note a death; the batch stays open until it is known whose doing that was."""
        worker = str(event.death.last_worker.name) if event.death else ""
        LOG.warning("worker %s died with batch %s", worker, batch.name)
        self._mourned.append(Death(batch, order, event, worker, time.monotonic()))

    def _look_into_deaths(self) -> None:
        """Suspect the task that a dead process had in hand, unless its job ended from outside."""
        mourned, self._mourned = self._mourned, []
        for death in mourned:
            link = death.event.link
            if link.generation != death.event.generation:
                # The cluster itself is gone: nobody there knows whose doing it was.
                self._lost(death.batch)
                continue
            status = link.seen
            since_s = time.monotonic() - death.at
            verdict = explained(status, death.worker, since_s) if status else None
            if verdict is None and since_s < PATIENCE_S:
                self._mourned.append(death)
            elif verdict:
                LOG.info("the job of %s ended: %s is sent again", death.worker, death.batch.name)
                self._lost(death.batch)
            else:
                self._ask_whom(death)

    def _ask_whom(self, death: Death) -> None:
        """Ask the node which task the dead process had in hand."""
        batch, event, worker = death.batch, death.event, death.worker
        host = event.death.last_worker.host if event.death else ""
        link = event.link
        call = Call(
            function=read_note,
            order={},
            done=lambda said, link: self._suspect(batch, {**said, "worker": worker}, link),
            died=lambda _: self._unexplained(batch, host, link),
            lost=lambda: self._unexplained(batch, host, link),
        )
        link.ask(read_note, note_name(death.order), host, call)

    def _unexplained(self, batch: Batch, host: str, link: Link) -> None:
        """Send a batch elsewhere whose worker died before it began, or who knows why."""
        self._lost(batch)
        lane = self.lanes[link.name]
        lane.unexplained += 1
        lane.widest = max(lane.widest, link.workers)
        if lane.unexplained > MYSTERIES * lane.widest:
            where = f", last on {host}" if host else ""
            error = RunFailed(
                f"Workers of cluster {link.name} died {lane.unexplained} times in a row{where}, "
                "before they had begun to compute anything. Look at the cluster's log: workbench "
                f"cluster logs {link.name}"
            )
            self.desk.calls.bar(link, error)

    def _suspect(self, batch: Batch, said: Mapping[str, Any], link: Link) -> None:
        self._close(batch)
        task = said.get("task")
        if task is None:
            self._unexplained(batch, str(said.get("host", "")), link)
            return
        self._deaths[task] = self._deaths.get(task, 0) + 1
        self._tried[task] = link.name
        rest = [(a, min(b, task)) for a, b in batch.tasks if a < task]
        rest += [(max(a, task + 1), b) for a, b in batch.tasks if b > task + 1]
        self._requeue(batch, [(a, b) for a, b in rest if b > a])
        if self._deaths[task] < DEATHS:
            self.progress.alone.append(task)
            return
        receipt = died_receipt(self.frame, batch.name, self._entry(task), link.name, said)
        self.desk.record(receipt)
        self.progress.apply(receipt)

    def _entry(self, task: int) -> dict[str, Any]:
        """Return what stands in the receipt of a task whose worker died twice."""
        columns = self.progress.plan.tasks
        return {
            "task": task,
            "items": list(range(int(columns.start[task]), int(columns.stop[task]))),
            "code": "died",
            "message": f"the worker process ended while it computed this item, {DEATHS} times",
            "attempts": ATTEMPTS,
        }


def died_receipt(
    frame: Mapping[str, Any],
    batch: str,
    entry: Mapping[str, Any],
    cluster: str,
    said: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the receipt that a dead worker cannot write: it quarantines the task it died of."""
    return {
        "v": 1,
        "epoch": frame["epoch"],
        "stage": frame["stage"],
        "round": frame["round"],
        "batch": batch,
        "tasks": [[entry["task"], entry["task"] + 1]],
        "part": None,
        "failed": [entry],
        "cluster": cluster,
        "worker": str(said.get("worker", "")),
        "host": str(said.get("host", "")),
        "job_id": None,
        "card": None,
        "code_hash": frame["code_hash"],
        "started": now(),
        "wall_s": 0.0,
        "energy_j": None,
        "files": [],
        "plan": frame["plan"]["crc32c"],
    }
