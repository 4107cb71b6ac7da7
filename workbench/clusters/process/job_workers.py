"""The workers of a partition: one reconcile loop over batch jobs, which alone changes their number.

Intent is written before a job is submitted.  Whatever answer got lost, the job is found again
by its name; a job of ours that this cluster does not know is an orphan and is cancelled.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from distributed import Scheduler
from distributed.scheduler import WorkerState

from workbench.clusters.jobs import GONE, Job, Ledger, owner_of
from workbench.clusters.process.drain import drain
from workbench.clusters.process.follow import BackOff, End, connects, decide, follow
from workbench.clusters.process.operator import Operator
from workbench.clusters.process.settings import connect_s, drain_s
from workbench.clusters.process.who import WHO, processes
from workbench.home import place_hash
from workbench.pool.seen import QueuedJob, Refusal

LOG = logging.getLogger(__name__)

LOOK_S = 1.0
AGAIN_S = 15.0
UNCLEAR_S = 10.0
HEALTHY_S = 60.0
FIRST_PAUSE_S, MOST_PAUSE_S = 2.0, 300.0
NEVER_TAKEN = "the scheduler never took it"
SILENT = "its node fell silent"
NO_LOG = (
    "It left no log: perhaps its node does not see the cluster's folder. WORKBENCH_HOME has to lie "
    "on a file system that this host and all nodes see."
)


@dataclass
class JobLife:
    """What this process alone knows of a job, by its own clock."""

    since: float
    running: float | None = None
    cancel_sent: float | None = None
    leaving: bool = False
    being_sent: bool = False


@dataclass(frozen=True)
class Count:
    """Workers connected, tasks in hand, and when its time is over, by name of the job."""

    connected: dict[str, int] = field(default_factory=dict)
    busy: dict[str, int] = field(default_factory=dict)
    deadline: dict[str, float] = field(default_factory=dict)


@dataclass
class JobWorkers:
    """Keeps as many jobs as bring the workers that are asked for.

    Parameters
    ----------
    operator
        Submits, cancels and looks.
    """

    folder: Path
    operator: Operator
    scheduler: Scheduler | None = None
    asked: int = 0
    refusal: Refusal | None = None
    _lives: dict[str, JobLife] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.folder)
        self.per_job = self.operator.partition.workers_per_job
        self.back_off = BackOff(FIRST_PAUSE_S, MOST_PAUSE_S, time.monotonic)
        for job in self.ledger.living():
            LOG.info("adopts job %s (%s)", job.name, job.job_id or "no id yet")

    def reconcile(self, asked: int) -> None:
        """Begin whatever brings the number of workers to `asked`; never waits."""
        self.asked = asked
        if not self._tasks:
            self._begin(self._turns())

    def processes(self) -> list[dict[str, Any]]:
        """Return the connected workers as ``worker_processes`` of the status."""
        return processes(self.scheduler) if self.scheduler else []

    def jobs(self) -> list[dict[str, Any]]:
        """Return ``jobs`` of the status."""
        return self.ledger.show()

    def problem(self) -> str:
        """Return why no further jobs are submitted now; empty when they are."""
        if self.refusal is not None:
            return f"{self.refusal.plain} ({self.refusal.words})"
        wait = self.back_off.left_s
        if self.back_off.failures > 1 and wait:
            return f"{self.back_off.failures} jobs failed in a row; the next one in {wait:.0f} s"
        return self.operator.trouble

    def hopeless(self) -> bool:
        """Say whether nothing will come any more: refused for good, and no job lives."""
        refused = self.refusal is not None and self.refusal.permanent
        return refused and not self.ledger.living()

    def try_again(self) -> None:
        """Forget a refusal: somebody asked for another size."""
        self.refusal = None
        self.back_off.worked()

    async def close(self) -> None:
        """Cancel all jobs, and see that they are gone."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for job in self.ledger.living():
            await asyncio.to_thread(self.ledger.cancel, job, "the cluster was stopped")
        left = await self.operator.end(self.ledger.living())
        for job in self.ledger.living():
            if job not in left:
                end = End(GONE, job.cancelled, None, explained=True)
                await asyncio.to_thread(self._note_end, job, end)

    async def _turns(self) -> None:
        looked = 0.0
        while True:
            try:
                await self._turn()
                if time.monotonic() - looked > LOOK_S:
                    looked = time.monotonic()
                    await self._look()
            except OSError as error:
                LOG.warning("the disk does not take the list of jobs: %s", error)
            await asyncio.sleep(0.1)

    async def _turn(self) -> None:
        """Count what is connected, and take the next steps towards the size asked for."""
        count = self._count()
        for job in self.ledger.living():
            if job.name in count.connected and not job.connected_once:
                self.back_off.worked()
            connects(job, count.connected.get(job.name, 0))
            deadline = count.deadline.get(job.name)
            if deadline and time.monotonic() > deadline - drain_s(job.time_limit_s):
                # Its workers finish what they have in hand before the scheduler ends them.
                self._release(job, "its time limit is near")
        decision = decide(self.ledger.living(), self.asked, self.per_job, count.busy)
        for job in decision.release:
            self._release(job, "fewer workers are needed")
        if decision.submit and self.refusal is None and not self.back_off.left_s:
            jobs = await asyncio.to_thread(
                self.ledger.intend,
                decision.submit,
                workers=self.per_job,
                time_limit_s=self.operator.partition.time_limit_s,
            )
            for job in jobs:
                self._begin(self._submit(job))

    def _count(self) -> Count:
        """Count what is connected, by job."""
        count = Count()
        for state, who in self._connected():
            name, job = who["job"], self.ledger.jobs.get(who["job"])
            count.connected[name] = count.connected.get(name, 0) + 1
            count.busy[name] = count.busy.get(name, 0) + len(state.processing)
            if job is not None:
                # How long the job had been running was told when the worker registered.
                seen = state.extra[WHO].setdefault("seen", time.monotonic())
                deadline = seen + job.time_limit_s - who["running_s"]
                count.deadline[name] = min(deadline, count.deadline.get(name, deadline))
        return count

    def _connected(self) -> list[tuple[WorkerState, Mapping[str, Any]]]:
        return [
            (state, state.extra[WHO])
            for state in (self.scheduler.workers.values() if self.scheduler else ())
            if state.extra.get(WHO, {}).get("job")
        ]

    def _life(self, job: Job) -> JobLife:
        return self._lives.setdefault(job.name, JobLife(since=time.monotonic()))

    def _release(self, job: Job, why: str) -> None:
        life = self._life(job)
        if not life.leaving:
            life.leaving = True
            LOG.info("job %s (%s) ends: %s", job.name, job.job_id, why)
            self._begin(self._leave(job, why))

    async def _leave(self, job: Job, why: str) -> None:
        """Let a job's workers finish what they have in hand, then end it."""
        try:
            await asyncio.to_thread(self.ledger.cancel, job, why)
        except OSError:
            # It is as if nobody had asked: the next turn asks again.
            self._life(job).leaving = False
            raise
        addresses = [state.address for state, who in self._connected() if who["job"] == job.name]
        if self.scheduler is not None:
            await drain(self.scheduler, addresses)
        await self._cancel([job])

    async def _submit(self, job: Job) -> None:
        life = self._life(job)
        life.being_sent = True
        answer = await self.operator.submit(job)
        life.being_sent, life.since = False, time.monotonic()
        if isinstance(answer, str):
            await asyncio.to_thread(self.ledger.accepted, job, answer, time.time())
            LOG.info("job %s is %s", job.name, answer)
        elif isinstance(answer, Refusal):
            LOG.error("job %s was refused: %s", job.name, answer.words)
            self.refusal = answer if answer.permanent else self.refusal
            self.back_off.failed()
            end = End("failed", answer.words, None, explained=True)
            await asyncio.to_thread(self._note_end, job, end, answer.plain)
        # No answer: the queue will tell, by the job's name.

    async def _cancel(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self._life(job).cancel_sent = time.monotonic()
        await self.operator.cancel([job.job_id for job in jobs if job.job_id])

    async def _look(self) -> None:
        """Take in what the queue shows, when it shows something new."""
        seen = await self.operator.look()
        if seen is None:
            return
        began, queued = seen
        for job in self.ledger.living():
            await self._look_at(job, queued.get(job.name), began)
        for name, found in queued.items():
            if found.state != "ended" and self._orphan(name):
                LOG.warning("job %s (%s) belongs to nobody: cancelled", name, found.job_id)
                await self.operator.cancel([found.job_id])

    async def _look_at(self, job: Job, found: QueuedJob | None, began: float) -> None:
        life = self._life(job)
        if job.accepted is None:
            unclear_s = 0.0 if life.being_sent else time.monotonic() - life.since
            if found is None and unclear_s > UNCLEAR_S:
                end = End(GONE, NEVER_TAKEN, None, explained=True)
                await asyncio.to_thread(self._note_end, job, end)
            if found is None:
                return
            await asyncio.to_thread(self.ledger.accepted, job, found.job_id, began)
        connected = self._count().connected.get(job.name, 0)
        end_ = follow(job, found, began, connected)
        if end_ is not None:
            await asyncio.to_thread(self._note_end, job, end_)
            return
        await self._explain(job, life)
        sent = life.cancel_sent
        if job.cancelled and (sent is None or time.monotonic() - sent > AGAIN_S):
            if sent is not None or not connected:
                await self._cancel([job])
            else:
                self._release(job, job.cancelled)

    async def _explain(self, job: Job, life: JobLife) -> None:
        """Say in plain words why a job waits, or runs without any worker."""
        if job.state == "starting":
            life.running = life.running or time.monotonic()
            silent = time.monotonic() - life.running
            if silent > connect_s():
                job.plain = (
                    f"It has been running for {silent:.0f} s, but no worker of it has connected. "
                    "Its log says why, or that the node does not reach this host."
                )
                job.log_tail = await asyncio.to_thread(self.operator.log_tail, job.name)
                if job.connected_once:
                    # The scheduler itself may take minutes to find that a node is dead.
                    self._release(job, SILENT)
        else:
            life.running = None
            job.plain = self.operator.plain(job.reason) if job.reason else job.cancelled or None

    def _note_end(self, job: Job, end: End, plain: str = "") -> None:
        """Write down how a job ended; reads its log: not for the event loop."""
        life = self._lives.pop(job.name, JobLife(time.monotonic()))
        tail = "" if job.accepted is None else self.operator.log_tail(job.name)
        said = plain or self.operator.plain(end.reason)
        if job.cancelled:
            said = job.cancelled
        elif not (end.explained or self.operator.has_log(job.name)):
            said = f"{said} {NO_LOG}"
        LOG.info("job %s (%s) is %s: %s", job.name, job.job_id, end.state, end.reason)
        self.ledger.ended(
            job,
            end.state,
            reason=end.reason,
            plain=said,
            exit=end.exit,
            explained=end.explained,
        )
        job.log_tail = tail or None
        young = time.monotonic() - life.since < HEALTHY_S
        if not job.cancelled and (not job.connected_once or (young and not end.explained)):
            self.back_off.failed()

    def _orphan(self, name: str) -> bool:
        """Say whether a job is one of this cluster's that it does not know, or has given up."""
        owner = owner_of(name)
        if owner != (self.folder.name, place_hash(self.folder)):
            return False
        job = self.ledger.jobs.get(name)
        return job is None or not job.living

    def _begin(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Forget work that is done; the next turn, or the queue, makes up for what went wrong."""
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            LOG.error("what was to be done about a job failed", exc_info=error)
