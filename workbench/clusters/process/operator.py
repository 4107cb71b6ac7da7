"""Operator: submits, cancels and looks on behalf of one cluster; all waiting for a scheduler."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

from workbench.clusters.folder import ClusterFolder
from workbench.clusters.jobs import Job
from workbench.clusters.place import JobPartition
from workbench.clusters.process import batch_job
from workbench.clusters.process.batch_job import CommandFailed, Unanswered
from workbench.pool import collect, pace
from workbench.pool.explain import explained
from workbench.pool.seen import QueuedJob, Refusal

LOG = logging.getLogger(__name__)

AT_ONCE = 4
SURE_S = 600.0
TAIL_LINES = 15


class Operator:
    """One cluster's way to its scheduler.

    Parameters
    ----------
    folder
        The cluster's folder.
    partition
        Where, and what each job asks for.

    Attributes
    ----------
    trouble
        What went wrong with the scheduler's last answer; empty when it was well.
    """

    def __init__(self, folder: ClusterFolder, partition: JobPartition) -> None:
        self.folder = folder
        self.partition = partition
        self.trouble = ""
        self._scheduler = partition.scheduler
        self._room = asyncio.Semaphore(AT_ONCE)
        self._seen = 0

    async def submit(self, job: Job) -> str | Refusal | None:
        """Submit a job.

        Returns
        -------
        str, Refusal or None
            Its id; why it was refused; None when nobody knows.
        """
        request = self.partition.request(job.name)
        async with self._room:
            await pace.async_slot()
            try:
                built = batch_job.build(self._scheduler, request)
                script = self.folder.path / "jobs" / f"{job.name}.sh"
                job_id = await batch_job.submit(self._scheduler, built, script)
            except CommandFailed as error:
                return await asyncio.to_thread(explained, self._scheduler, error.err, request)
            except Unanswered as error:
                self._complain(str(error))
                return None
        self.trouble = ""
        return job_id

    async def cancel(self, job_ids: Sequence[str]) -> bool:
        """Cancel jobs; say whether the scheduler agreed."""
        if not job_ids:
            return True
        async with self._room:
            await pace.async_slot()
            try:
                await batch_job.cancel(self._scheduler, job_ids)
            except CommandFailed as error:
                if not self._scheduler.gone(error.err):
                    self._complain(f"jobs {', '.join(job_ids)} were not cancelled: {error.err}")
                    return False
            except Unanswered as error:
                self._complain(str(error))
                return False
        return True

    async def look(self) -> tuple[float, dict[str, QueuedJob]] | None:
        """Return when the queue was asked, and my jobs by name; None where nothing is new."""
        site = self.partition.site
        snapshot = await asyncio.to_thread(collect.latest, site)
        if snapshot.problems:
            self._complain("; ".join(snapshot.problems))
        elif self.trouble:
            self.trouble = ""
        if snapshot.stale or snapshot.number <= self._seen:
            return None
        self._seen = snapshot.number
        return snapshot.collected, {job.name: job for job in collect.mine(snapshot)}

    async def end(self, jobs: Sequence[Job]) -> list[Job]:
        """Cancel jobs until they are gone; return those of which that is not sure.

        A scheduler that does not answer is asked again for ten minutes: no cancel is lost.
        """
        left = list(jobs)
        pause, deadline = 1.0, time.monotonic() + SURE_S
        while left and time.monotonic() < deadline:
            if await self.cancel([job.job_id for job in left if job.job_id]):
                left = await self._still_there(left)
            if left:
                await asyncio.sleep(pause)
                pause = min(30.0, 2 * pause)
        for job in left:
            LOG.error("job %s (%s) may still be there: %s", job.name, job.job_id, self.trouble)
        return left

    async def _still_there(self, jobs: Sequence[Job]) -> list[Job]:
        command = self._scheduler.find_command([job.name for job in jobs])
        try:
            text = await batch_job.ask(self._scheduler, command)
        except (CommandFailed, Unanswered) as error:
            self._complain(str(error))
            return list(jobs)
        found = {job.name: job for job in self._scheduler.parse_jobs(text) if job.state != "ended"}
        for job in jobs:
            if job.name in found:
                job.job_id = found[job.name].job_id
        return [job for job in jobs if job.name in found and found[job.name].state != "finishing"]

    def plain(self, reason: str) -> str:
        """Say in plain words why a job waits, or how it ended."""
        return self._scheduler.plain_reason(reason)

    def has_log(self, name: str) -> bool:
        """Say whether a job got so far that its output was opened."""
        return self.folder.job_log(name).exists()

    def log_tail(self, name: str) -> str:
        """Return the last lines of a job's log."""
        return self.folder.tail(TAIL_LINES, self.folder.job_log(name))

    def _complain(self, trouble: str) -> None:
        if trouble != self.trouble:
            LOG.warning(trouble)
        self.trouble = trouble
