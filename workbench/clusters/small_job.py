"""Small batch jobs of one process, for drivers and clusters that must not die with who asks.

Inside a batch job everything ends with that job, and some sites end at logout what users leave
behind; there a job of its own keeps such a process alive.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from workbench.errors import Refused, last_line
from workbench.pool import plugins
from workbench.pool.collect import latest
from workbench.pool.explain import explained
from workbench.pool.scheduler import JobRequest
from workbench.pool.seen import Limits
from workbench.pool.site import Site
from workbench.pool.snapshot import Snapshot, mine
from workbench.runs.lock import batch_job_id

CPUS = 1
WEEK_S = 7 * 86400
TIMEOUT_S = 120.0
SETTLE_S = 5.0


def way(*, in_job: bool, kills_at_logout: bool, here: bool) -> Literal["detached", "job"]:
    """Say how a process is to be started that must outlive who asks for it.

    Parameters
    ----------
    in_job
        Whether we are in a batch job.
    kills_at_logout
        Whether the site ends what users leave behind.
    here
        Whether what it works with lives on this computer alone: then it dies with that anyway.
    """
    return "job" if (in_job or kills_at_logout) and not here else "detached"


@dataclass(frozen=True)
class Submitted:
    """A small job that a scheduler took, or may have taken.

    Attributes
    ----------
    job_id
        None when the scheduler gave no answer.
    """

    scheduler: str
    job_id: str | None


def request(
    site: Site,
    snapshot: Snapshot,
    *,
    name: str,
    command: tuple[str, ...],
    log: Path,
    share: float = 1.0,
) -> tuple[str, JobRequest]:
    """Return the scheduler for a small job, and what is asked of it.

    The partition is the site file's, else that of the job we are in, else the default one.

    Parameters
    ----------
    share
        How much of the longest time limit to ask for: processes that restart each other should
        not end together.

    Raises
    ------
    Refused
        When there is no such partition, or none at all.
    """
    scheduler, limits = _partition(site, snapshot)
    longest = site.batch.time_limit_s or limits.time_limit_s or WEEK_S
    asked = site.request(
        plugins.scheduler(scheduler),
        limits.name,
        cpus=CPUS,
        memory_bytes=site.batch.memory_bytes,
        name=name,
        command=command,
        time_limit_s=max(60, int(share * longest)),
        log=log,
    )
    return scheduler, asked


def submit(scheduler: str, asked: JobRequest, script: Path) -> Submitted:
    """Hand a small job to its scheduler.

    Raises
    ------
    Refused
        In the scheduler's words and in plain ones.
    """
    document = {"scheduler": scheduler, "request": asdict(asked), "script": str(script)}
    command = [sys.executable, "-P", "-m", "workbench.clusters.process.submit"]
    text = json.dumps(document, default=str)
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return Submitted(scheduler, None)
    if done.returncode:
        raise Refused(
            f"No job could be submitted: {last_line(done.stderr)}. "
            "workbench doctor checks the installation.",
            code="submit",
        )
    answer = json.loads(done.stdout)
    if "refused" in answer:
        refusal = explained(plugins.scheduler(scheduler), answer["refused"], asked)
        raise Refused(f"{refusal.plain} ({refusal.words})", code="refused")
    return Submitted(scheduler, answer.get("job_id"))


def alive(site: Site, name: str, asked: float) -> bool:
    """Say whether a small job may still wait or run, by what the scheduler last showed.

    Parameters
    ----------
    asked
        When it was submitted, in seconds since 1970: an older list cannot show it.
    """
    snapshot = latest(site, wait=False)
    found = next((job for job in mine(snapshot) if job.name == name), None)
    if found is not None:
        return found.state != "ended"
    return snapshot.stale or snapshot.collected <= asked + SETTLE_S


def caller_ends(site: Site) -> str | None:
    """Return when the job ends that we are in (RFC 3339, UTC); None where nobody says."""
    return _caller_job(latest(site), "end") if batch_job_id() else None


def _caller_job(snapshot: Snapshot, field: str) -> str | None:
    """Return what the scheduler shows of the job that we are in."""
    mine_id = batch_job_id()
    found = next((job for job in snapshot.jobs if job.job_id == mine_id), None)
    return getattr(found, field) if found else None


def _partition(site: Site, snapshot: Snapshot) -> tuple[str, Limits]:
    known: Mapping[str, tuple[str, Limits]] = {
        limits.name: (scheduler, limits)
        for scheduler, shown in snapshot.by_scheduler.items()
        for limits in shown.limits
        if limits.up
    }
    named = site.batch.partition
    if named is not None and named not in known:
        raise Refused(
            f"The site file {site.file} names partition {named!r} for small jobs ([batch]), and "
            f"there is none. There are: {', '.join(known) or 'none at all'}."
        )
    default = [name for name, (_, limits) in known.items() if limits.default]
    wanted = [named, _caller_job(snapshot, "partition"), *default, *known]
    found = next((name for name in wanted if name in known), None)
    if found is None:
        raise Refused(
            "This host sees no scheduler that could take a job. Call this where sbatch (qsub, "
            "bsub) works, or name [batch] partition in the site file; workbench doctor tells what "
            "is seen."
        )
    return known[found]
