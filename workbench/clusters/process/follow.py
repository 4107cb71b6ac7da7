"""What one look at the queue says of a job, and how many jobs to have: pure decisions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from workbench.clusters.jobs import (
    CONNECTED,
    FAILED,
    FINISHING,
    GONE,
    PENDING,
    STARTING,
    SUBMITTED,
    Job,
)
from workbench.pool.seen import QueuedJob

# A query that began this soon after a job was taken may not know it yet.
NEW_S = 5.0
# A job that is put back in line needs a moment to end before it waits again.
RETURN_S = 20.0
VANISHED = "it is not in the queue any more"
BEGUN = "It has begun, and its workers are on their way."
LOST = "Its workers are not connected any more; it is waited for them."


@dataclass(frozen=True)
class End:
    """How a job ended."""

    state: str
    reason: str
    exit: int | None
    explained: bool


def follow(job: Job, queued: QueuedJob | None, began: float, connected: int) -> End | None:
    """Bring a living job up to date with a look at the queue; return how it ended, if it did.

    Parameters
    ----------
    queued
        The job in the queue, None when it was not there.
    began
        When the query began, seconds since the epoch.
    connected
        How many of its workers are connected now.
    """
    if queued is None:
        if connected or job.accepted is None or began < job.accepted + NEW_S:
            return None
        state = GONE if job.cancelled or job.connected_once else FAILED
        return End(state, VANISHED, None, explained=True)
    job.job_id = queued.job_id
    if queued.state == "ended":
        return None if connected else _end(job, queued)
    job.reason = queued.reason or None
    job.start = queued.start
    job.ending = (job.ending or began) if queued.state == "finishing" else None
    job.may_return = job.ending is not None and began - job.ending < RETURN_S
    if queued.state == "pending":
        job.state, job.connected_once = PENDING, False
    elif queued.state == "finishing":
        job.state = FINISHING
    else:
        if not connected and job.state != STARTING:
            # Why it waited says nothing any more.
            job.plain = BEGUN
        job.state = CONNECTED if connected else STARTING
        job.reason = None
    return None


def _end(job: Job, queued: QueuedJob) -> End:
    outside = bool(queued.outside) or bool(job.cancelled)
    failed = bool(queued.exit) and not outside
    never = not job.connected_once and not job.cancelled
    state = FAILED if failed or never else GONE
    return End(state, queued.reason, queued.exit, explained=outside or not queued.exit)


def connects(job: Job, connected: int) -> None:
    """Take in how many workers of a job are connected, which is known at once."""
    if connected:
        job.connected_once = True
        job.state, job.reason, job.plain, job.log_tail = CONNECTED, None, None, None
    elif job.state == CONNECTED:
        job.state, job.plain = STARTING, LOST


@dataclass(frozen=True)
class Decision:
    """What brings a cluster to its size.

    Attributes
    ----------
    submit
        How many jobs to submit.
    release
        The jobs to end.
    """

    submit: int = 0
    release: tuple[Job, ...] = ()


def decide(
    jobs: Sequence[Job], asked: int, workers_per_job: int, busy: Mapping[str, int]
) -> Decision:
    """Compare the jobs that are there or coming with the size that is asked for.

    Parameters
    ----------
    asked
        Workers.
    busy
        Tasks in hand, by job name: jobs that have the fewest are ended first, and those that
        have not begun before any other.
    """
    wanted = -(-asked // workers_per_job)
    coming = [job for job in jobs if job.coming]
    if len(coming) <= wanted:
        return Decision(submit=wanted - len(coming))
    order = (SUBMITTED, PENDING, FINISHING, STARTING, CONNECTED)
    ranked = sorted(
        coming, key=lambda job: (order.index(job.state), busy.get(job.name, 0), -job.number)
    )
    return Decision(release=tuple(ranked[: len(coming) - wanted]))


class BackOff:
    """Pauses that double while jobs fail one after another.

    Parameters
    ----------
    first_s, most_s
        The shortest and the longest pause.
    """

    def __init__(self, first_s: float, most_s: float, clock: Callable[[], float]) -> None:
        self.failures = 0
        self._first_s, self._most_s = first_s, most_s
        self._clock = clock
        self._until = 0.0

    @property
    def left_s(self) -> float:
        """Seconds until the next job may be submitted."""
        return max(0.0, self._until - self._clock())

    def failed(self) -> None:
        """Take in a job that failed."""
        self._until = self._clock() + min(self._most_s, self._first_s * 2.0**self.failures)
        self.failures += 1

    def worked(self) -> None:
        """Take in a job whose workers connected: the next failure is the first again."""
        self.failures = 0
        self._until = 0.0
