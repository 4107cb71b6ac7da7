"""One stage: batches out, receipts in, until every task is done, failed or skipped."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any, Protocol

from workbench.driver.batches import Batch, Cutter
from workbench.driver.calls import Call, Calls
from workbench.driver.link import Event, Link
from workbench.driver.progress import ATTEMPTS, Progress
from workbench.errors import RunFailed
from workbench.runs.lock import now
from workbench.worker.execute import run_batch
from workbench.worker.note import note_name, read_note

LOG = logging.getLogger(__name__)

ALONE_S = 5.0
GRACE_S = 15.0
REFUSALS = 2
DEATHS = 2
MYSTERIES = 20


class Desk(Protocol):
    """What a stage needs of the run: where receipts go, and the beat between answers."""

    calls: Calls

    def record(self, receipt: Mapping[str, Any]) -> None:
        """Append a receipt to the journal; returns once it is on the disk."""

    def beat(self) -> bool:
        """Do what is due (lock, status, control files); False when the run shall stop."""

    def no_room(self, message: str) -> None:
        """Say that the disk is full and wait until it is not."""

    def compact(self, progress: Progress, stage: str) -> None:
        """Fold small parts when there are many."""


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
        self.sent = 0
        self._alone_since: float | None = None
        self._open: set[str] = set()
        self._stopped: float | None = None
        self._refused: dict[str, int] = {}
        self._mysteries = 0
        self._widest = 1
        self._deaths: dict[int, int] = {}
        self._homes: dict[int, str] = {}

    def run(self) -> bool:
        """Return True when the stage is at its end, False when the run was stopped before."""
        while self.progress.waiting or self._open:
            going_on = self.desk.beat()
            if not going_on and self._left():
                return False
            if going_on:
                self._fill()
                self.desk.compact(self.progress, self.frame["stage"])
            self.desk.calls.take(within_s=0.2)
        return True

    def _left(self) -> bool:
        """Let batches under way finish for a while, then give them up."""
        clock = time.monotonic()
        self._stopped = self._stopped or clock
        if self._open and clock - self._stopped < GRACE_S:
            return False
        if self._open:
            self.desk.calls.abandon()
        return True

    def left_cost_s(self) -> float | None:
        """Return the seconds of work left, over all workers; None before the first receipt."""
        pace = self.cutter.pace.s_per_cost
        return None if pace is None else self.cutter.cost(list(self.progress.todo)) * pace

    def _fill(self) -> None:
        calls = self.desk.calls
        while (link := calls.free()) is not None:
            if self._first_is_out():
                return
            first = self.sent == 0
            batch = self.cutter.first() if first else self.cutter.next(calls.workers)
            if batch is None:
                return
            self._send(batch, link)

    def _first_is_out(self) -> bool:
        """Say whether the first batch is still alone, to find out whether it works."""
        if self.sent != 1 or self._alone_since is None:
            return False
        return bool(self._open) and time.monotonic() - self._alone_since < ALONE_S

    def _send(self, batch: Batch, link: Link) -> None:
        order = {
            **self.frame,
            "batch": batch.name,
            "tasks": [list(pair) for pair in batch.tasks],
            "attempt": batch.attempt,
            "last": batch.last,
            "budget_s": self.cutter.budget_s(),
            "cluster": link.name,
        }
        call = Call(
            function=run_batch,
            order=order,
            done=lambda value, link: self._answer(batch, value, link),
            died=lambda event: self._died(batch, order, event),
            lost=lambda: self._lost(batch),
            worker=self._homes.get(batch.affinity) if batch.affinity >= 0 else None,
        )
        self.sent += 1
        self._alone_since = self._alone_since or time.monotonic()
        self._open.add(batch.name)
        self.desk.calls.send(call, link)

    def _lost(self, batch: Batch) -> None:
        self._open.discard(batch.name)
        self._requeue(batch, batch.tasks)

    def _requeue(self, batch: Batch, tasks: list[tuple[int, int]]) -> None:
        if batch.attempt == 1:
            self.progress.missed(tasks)
        elif len(tasks) == 1 and tasks[0][1] - tasks[0][0] == 1 and tasks[0][0] in self._deaths:
            self.progress.alone.append(tasks[0][0])
        else:
            self.progress.again.extend(t for a, b in tasks for t in range(a, b))

    def _answer(self, batch: Batch, value: Mapping[str, Any], link: Link) -> None:
        self._open.discard(batch.name)
        if "fatal" in value:
            raise RunFailed(value["fatal"]["message"], code=value["fatal"]["code"])
        if "no_room" in value:
            self._requeue(batch, batch.tasks)
            self.desk.no_room(value["no_room"])
            return
        if "refused" in value:
            self._other_code(batch, value["worker"], link)
            return
        receipt = value["receipt"]
        self._mysteries = 0
        self.desk.record(receipt)
        self.progress.apply(receipt)
        self._requeue(batch, [(a, b) for a, b in value["left"]])
        ranges = [(a, b) for a, b in receipt["tasks"]]
        self.cutter.pace.learn(self.cutter.cost(ranges), receipt["wall_s"])
        if batch.affinity >= 0:
            self._homes[batch.affinity] = receipt["worker"]
        if batch.attempt < ATTEMPTS:
            self.progress.again.extend(entry["task"] for entry in receipt["failed"])

    def _other_code(self, batch: Batch, worker: str, link: Link) -> None:
        self._requeue(batch, batch.tasks)
        if link.recycle(worker):
            self._refused[worker] = self._refused.get(worker, 0) + 1
        if self._refused[worker] > REFUSALS:
            raise RunFailed(
                f"The workers of cluster {link.name} hold other code for the recipe "
                "than this run was submitted with, also after a restart. Install the same "
                "version there, or submit the run anew.",
                code="code_changed",
            )

    def _died(self, batch: Batch, order: Mapping[str, Any], event: Event) -> None:
        """Ask the node which task the dead process had in hand; the batch stays open."""
        host = event.death.last_worker.host if event.death else ""
        LOG.warning("worker on %s died with batch %s", host, batch.name)
        call = Call(
            function=read_note,
            order={},
            done=lambda suspect, link: self._suspect(batch, suspect, link),
            died=lambda _: self._unexplained(batch, host),
            lost=lambda: self._unexplained(batch, host),
        )
        event.link.ask(read_note, note_name(order), host, call)

    def _unexplained(self, batch: Batch, host: str) -> None:
        """Send a batch elsewhere whose worker died before it began, or who knows why."""
        self._lost(batch)
        self._mysteries += 1
        self._widest = max(self._widest, self.desk.calls.workers)
        if self._mysteries > MYSTERIES * self._widest:
            where = f", last on {host}" if host else ""
            raise RunFailed(
                f"Workers died {self._mysteries} times in a row{where}, before they had begun to "
                "compute anything. Look at the cluster's log: workbench cluster logs NAME"
            )

    def _suspect(self, batch: Batch, said: Mapping[str, Any], link: Link) -> None:
        self._open.discard(batch.name)
        task = said.get("task")
        if task is None:
            self._unexplained(batch, str(said.get("host", "")))
            return
        self._deaths[task] = self._deaths.get(task, 0) + 1
        rest = [(a, min(b, task)) for a, b in batch.tasks if a < task]
        rest += [(max(a, task + 1), b) for a, b in batch.tasks if b > task + 1]
        self._requeue(batch, [(a, b) for a, b in rest if b > a])
        if self._deaths[task] < DEATHS:
            self.progress.alone.append(task)
        else:
            self._give_up(task, batch, link, said)

    def _give_up(self, task: int, batch: Batch, link: Link, said: Mapping[str, Any]) -> None:
        """Quarantine a task whose worker died twice: the receipt that the worker cannot write."""
        columns = self.progress.plan.tasks
        items = list(range(int(columns.start[task]), int(columns.stop[task])))
        message = f"the worker process ended while it computed this item, {DEATHS} times"
        entry = {
            "task": task,
            "items": items,
            "code": "died",
            "message": f"{message}{said.get('how', '')}",
            "attempts": ATTEMPTS,
        }
        receipt = {
            "v": 1,
            "epoch": self.frame["epoch"],
            "stage": self.frame["stage"],
            "round": self.frame["round"],
            "batch": batch.name,
            "tasks": [[task, task + 1]],
            "part": None,
            "failed": [entry],
            "cluster": link.name,
            "worker": str(said.get("worker", "")),
            "host": str(said.get("host", "")),
            "job_id": None,
            "card": None,
            "code_hash": self.frame["code_hash"],
            "started": now(),
            "wall_s": 0.0,
            "energy_j": None,
            "files": [],
            "plan": self.frame["plan"]["crc32c"],
        }
        self.desk.record(receipt)
        self.progress.apply(receipt)
