"""The jobs of one cluster: what was asked of the scheduler, and what became of it.

``jobs.jsonl`` is written by the cluster's process alone, each line before what it speaks of is
done: a job is intended before it is submitted, so that whatever happens to the process, its
successor looks for every job that may exist, and adopts it.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.home import place_hash
from workbench.runs.files import replace_bytes
from workbench.runs.journal import Journal, read_lines

SUBMITTED, PENDING, STARTING, CONNECTED = "submitted", "pending", "starting", "connected"
FINISHING, FAILED, GONE = "finishing", "failed", "gone"
COMING = (SUBMITTED, PENDING, STARTING, CONNECTED)
LIVING = (*COMING, FINISHING)
JOB_STATES = (*LIVING, FAILED, GONE)
MOST_ENDED = 20

NAME = re.compile(r"wb-([a-z0-9][a-z0-9-]*)-([0-9a-f]{8})-([0-9]+)")


def job_name(folder: Path, number: int) -> str:
    """Return the name of a cluster's job: unlike that of every other job of this user."""
    return f"wb-{folder.name}-{place_hash(folder)}-{number}"


def owner_of(name: str) -> tuple[str, str] | None:
    """Return cluster and folder hash out of a job's name; None for a job that is not ours."""
    match = NAME.fullmatch(name)
    return (match[1], match[2]) if match else None


def living_jobs(folder: Path) -> list[str]:
    """Return the names of a cluster's jobs that may still be there; writes nothing."""
    jobs: dict[str, Job] = {}
    for line in read_lines(folder / "jobs.jsonl"):
        _apply(jobs, line)
    return [job.name for job in jobs.values() if job.living]


@dataclass(eq=False)
class Job:
    """One job.

    Attributes
    ----------
    workers
        Workers that it brings.
    time_limit_s
        What it asks for.
    reason
        In the scheduler's words: why it waits, or how it ended.
    plain
        The same for people, with what to do.
    start
        When it started, or is expected to (RFC 3339, UTC).
    exit
        Exit status, or the negative number of the signal.
    cancelled
        Why this cluster asked for its end; empty while it did not.
    explained
        Whether its end was the scheduler's or our doing, not that of what ran in it; None
        while it has not ended.
    accepted
        Seconds since the epoch when the scheduler had taken it.
    ending
        Seconds since the epoch when it was first seen to be ending, though nobody here asked.
    may_return
        Whether it may be on its way back into the queue: requeued and preempted jobs are first
        seen to be ending.
    """

    name: str
    number: int
    workers: int
    time_limit_s: float
    state: str = SUBMITTED
    job_id: str | None = None
    reason: str | None = None
    plain: str | None = None
    start: str | None = None
    exit: int | None = None
    log_tail: str | None = None
    cancelled: str = ""
    explained: bool | None = None
    accepted: float | None = None
    connected_once: bool = False
    ending: float | None = None
    may_return: bool = False

    @property
    def living(self) -> bool:
        """Whether it may still run or begin to."""
        return self.state in LIVING

    @property
    def coming(self) -> bool:
        """Whether its workers count towards the size of the cluster."""
        return (self.state in COMING or self.may_return) and not self.cancelled

    def to_json(self) -> dict[str, Any]:
        """Return the entry of ``jobs`` in the cluster's status."""
        shown = FINISHING if self.cancelled and self.living else self.state
        return {
            "name": self.name,
            "job_id": self.job_id,
            "state": shown,
            "reason": self.reason,
            "plain": self.plain,
            "start": self.start,
            "exit": self.exit,
            "log_tail": self.log_tail,
            "explained": self.explained,
        }


class Ledger:
    """All jobs of a cluster, on disk before they are anywhere else.

    Notes may be taken in several threads at once, since the disk may be slow; who reads meanwhile
    sees the jobs as they were, since `jobs` is replaced, never changed.

    Parameters
    ----------
    folder
        The cluster's folder.

    Attributes
    ----------
    jobs
        Those that live, and the latest that ended, by name.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "jobs.jsonl"
        self.jobs: dict[str, Job] = {}
        self._last = 0
        self._noting = threading.Lock()
        for line in read_lines(self.file):
            self._last = max(self._last, line.get("number", 0))
            _apply(self.jobs, line)
        self._forget_the_ended()
        self._journal = Journal(self.file)

    def __iter__(self) -> Iterator[Job]:
        return iter(self.jobs.values())

    def living(self) -> list[Job]:
        """Return the jobs that may still run or begin to."""
        return [job for job in self.jobs.values() if job.living]

    def intend(self, count: int, *, workers: int, time_limit_s: float) -> list[Job]:
        """Note that jobs are about to be submitted; return them."""
        with self._noting:
            numbers = range(self._last + 1, self._last + count + 1)
            jobs = [Job(job_name(self.folder, n), n, workers, time_limit_s) for n in numbers]
            self._write(*(_story(job)[0] for job in jobs))
            return [self.jobs[job.name] for job in jobs]

    def accepted(self, job: Job, job_id: str, clock: float) -> None:
        """Note the id that the scheduler gave to a job."""
        with self._noting:
            self._write({"event": "accepted", "job": job.name, "job_id": job_id, "at": clock})

    def cancel(self, job: Job, why: str) -> None:
        """Note that a job's end is about to be asked for."""
        with self._noting:
            self._write({"event": "cancelled", "job": job.name, "why": why})

    def ended(
        self, job: Job, state: str, *, reason: str, plain: str, exit: int | None, explained: bool
    ) -> None:
        """Note the end of a job, or that there is none of its name."""
        line = {
            "event": "ended",
            "job": job.name,
            "state": state,
            "reason": reason,
            "plain": plain,
            "exit": exit,
            "explained": explained,
        }
        with self._noting:
            self._write(line)

    def show(self) -> list[dict[str, Any]]:
        """Return the jobs for the status."""
        return [job.to_json() for job in self.jobs.values()]

    def _write(self, *lines: Mapping[str, Any]) -> None:
        """Write lines, then take them in."""
        self._journal.append([{"v": 1, **line} for line in lines])
        jobs = dict(self.jobs)
        for line in lines:
            self._last = max(self._last, line.get("number", 0))
            _apply(jobs, line)
        ended = [name for name, job in jobs.items() if not job.living]
        for name in ended[: max(0, len(ended) - MOST_ENDED)]:
            del jobs[name]
        self.jobs = jobs

    def _forget_the_ended(self) -> None:
        """Begin the file anew with the jobs that live, so that it does not grow for ever."""
        self.jobs = {job.name: job for job in self.living()}
        lines: list[Mapping[str, Any]] = [{"event": "last", "job": "", "number": self._last}]
        for job in self.jobs.values():
            lines += _story(job)
        text = "".join(json.dumps({"v": 1, **line}) + "\n" for line in lines)
        replace_bytes(self.file, text.encode())


def _apply(jobs: dict[str, Job], line: Mapping[str, Any]) -> None:
    """Take in one line."""
    event, name = line["event"], line["job"]
    if event == "intended":
        jobs[name] = Job(name, line["number"], line["workers"], line["time_limit_s"])
    job = jobs.get(name)
    if job is None:
        return
    if event == "accepted":
        job.job_id, job.accepted = line["job_id"], line["at"]
    elif event == "cancelled":
        job.cancelled = line["why"]
    elif event == "ended":
        job.state, job.exit, job.explained = line["state"], line["exit"], line["explained"]
        job.reason, job.plain = line["reason"] or None, line["plain"] or None


def _story(job: Job) -> list[Mapping[str, Any]]:
    """Return the lines that lead to a living job."""
    lines: list[Mapping[str, Any]] = [
        {
            "event": "intended",
            "job": job.name,
            "number": job.number,
            "workers": job.workers,
            "time_limit_s": job.time_limit_s,
        }
    ]
    if job.job_id is not None:
        lines.append(
            {"event": "accepted", "job": job.name, "job_id": job.job_id, "at": job.accepted}
        )
    if job.cancelled:
        lines.append({"event": "cancelled", "job": job.name, "why": job.cancelled})
    return lines
