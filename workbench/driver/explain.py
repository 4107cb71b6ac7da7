"""Whether a worker's death was the scheduler's doing: then it counts against no item.

A job that is cancelled, preempted, requeued, at its time limit or on a node that fails takes its
workers along.  What the worker had in hand is computed again and nobody is suspected; only a
death within a job that goes on, or that ended by what ran in it, makes the item a suspect.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# A process that died inside a living job is replaced by its nanny within this time.
REPLACED_S = 3.0
# The queue is looked at every half minute.
PATIENCE_S = 90.0


def explained(status: Mapping[str, Any], worker: str, since_s: float) -> bool | None:
    """Say whether the death of a worker is explained by the end of its job.

    Parameters
    ----------
    status
        The status of its cluster.
    worker
        Its name.
    since_s
        Seconds since it died.

    Returns
    -------
    bool or None
        None: that is not known yet.
    """
    job = _job_of(status, worker)
    if job is None:
        # Workers of this computer have no job: what they had in hand is all that can be known.
        return False
    if job["state"] in ("gone", "failed"):
        return bool(job["explained"])
    if job["state"] in ("pending", "finishing"):
        return True
    if since_s < REPLACED_S:
        return None
    back = any(process["name"] == worker for process in status["worker_processes"])
    return False if back or since_s > PATIENCE_S else None


def _job_of(status: Mapping[str, Any], worker: str) -> Mapping[str, Any] | None:
    """Return the job that a worker belongs to: workers are named ``<job>-<number>``."""
    name = worker.rpartition("-")[0]
    return next((job for job in status["jobs"] if job["name"] == name), None)
