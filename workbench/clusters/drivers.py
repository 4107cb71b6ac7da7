"""Drivers: started in a session of their own, or as small batch jobs where that would die."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from workbench.clusters import small_job
from workbench.clusters.folder import ClusterFolder
from workbench.clusters.spec import LOCAL
from workbench.errors import Refused
from workbench.home import place_hash
from workbench.pool.collect import latest
from workbench.pool.site import load_site
from workbench.process import is_here
from workbench.runs.driver_job import DriverJob, awaited
from workbench.runs.lock import batch_job_id, read_lock
from workbench.runs.manifest import read_manifest
from workbench.runs.spawn import Detached, Started

LOG = logging.getLogger(__name__)

# The cluster's process, which restarts the driver, asks for all of the longest time limit.
SHARE = 0.9


class Drivers:
    """Starts drivers of runs, each in the way that outlives who asks for it."""

    def __init__(self) -> None:
        self._detached = Detached()

    def start(self, folder: Path) -> Started:
        """Start the driver of a run.

        Where the scheduler takes no job for it, it is started in this session all the same; the
        note says so.
        """
        note = ""
        if _way(folder) == "job":
            try:
                return self._submit(folder)
            except Refused as error:
                LOG.warning("no job for the driver of %s: %s", folder.name, error.message)
                note = error.message
        return replace(self._detached.start(folder), note=note)

    def coming(self, folder: Path) -> bool:
        """Say whether a driver that was started may be on its way to the run's lock."""
        job = awaited(folder)
        if job is not None and small_job.alive(load_site(), job.name, job.asked):
            return True
        return self._detached.coming(folder)

    def _submit(self, folder: Path) -> Started:
        site = load_site()
        holder = read_lock(folder)
        epoch = holder.epoch if holder else 0
        name = job_name(folder, epoch + 1)
        command = (site.python or sys.executable, "-P", "-m", "workbench.driver", str(folder))
        scheduler, asked = small_job.request(
            site, latest(site), name=name, command=command, log=folder / "log", share=SHARE
        )
        # Before the scheduler is asked: whatever happens now, others can look for the job.
        job = DriverJob(scheduler, name, None, time.time(), epoch)
        job.write(folder)
        try:
            answer = small_job.submit(scheduler, asked, folder / "driver.sh")
        except Refused:
            (folder / "driver_job.json").unlink(missing_ok=True)
            raise
        job = replace(job, job_id=answer.job_id)
        job.write(folder)
        return Started(job=str(job))


def job_name(folder: Path, number: int) -> str:
    """Return the name of a driver's job: unlike that of every other job of this user."""
    return f"workbench-driver-{place_hash(folder, 12)}-{number}-{os.urandom(3).hex()}"


def _way(folder: Path) -> str:
    in_job = batch_job_id() is not None
    kills = not in_job and load_site().kills_at_logout
    here = (in_job or kills) and _any_here(read_manifest(folder).clusters)
    return small_job.way(in_job=in_job, kills_at_logout=kills, here=here)


def _any_here(clusters: Sequence[str]) -> bool:
    """Say whether a run uses a cluster of this computer, which no other one can reach."""
    for name in clusters:
        status = ClusterFolder.of(name).read_status()
        if status is None or (status["partition"] == LOCAL and is_here(status)):
            return True
    return False
