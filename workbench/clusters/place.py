"""JobPartition: what a request means in a partition of the pool, and why it cannot be.

Here a request, the site file and what the scheduler shows become the terms of each job.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.clusters.environment import worker_environment
from workbench.clusters.spec import LOCAL, ClusterSpec
from workbench.errors import Problem, Refused, did_you_mean, quoted
from workbench.home import HOME
from workbench.pool import allowed, plugins, units
from workbench.pool.collect import latest
from workbench.pool.count import partitions_of
from workbench.pool.local import this_computer
from workbench.pool.partition import Accelerator, Partition
from workbench.pool.scheduler import JobRequest, Scheduler
from workbench.pool.site import Site, load_site
from workbench.pool.snapshot import user_name
from workbench.pool.terms import USUAL_TIME_S, job_bytes, usual

SHORTEST_S = 60.0


@dataclass(frozen=True, kw_only=True)
class JobPartition:
    """Where the jobs of a cluster run, and what each asks for.

    Attributes
    ----------
    spec
        The request, with numbers for everything that was left out.
    workers_per_job
        One, or as many as a node has cards where the site wants whole nodes.
    cpus
        Of one job.
    accelerator
        The kind of card that each worker holds.
    """

    spec: ClusterSpec
    folder: Path
    site: Site
    scheduler: Scheduler
    workers_per_job: int
    cpus: int
    accelerator: Accelerator | None

    @classmethod
    def of(cls, spec: ClusterSpec, folder: Path) -> JobPartition:
        """Look a request up in the pool.

        Raises
        ------
        Refused
            With everything that speaks against it at once: what could never run is refused
            before anything is sent.
        """
        site = load_site()
        known, trouble = _partitions(site)
        partition = known.get(spec.partition)
        if partition is None:
            raise _never([_no_partition(spec.partition, list(known), trouble)])
        accelerator = partition.accelerators.get(spec.accelerator or "")
        problems = [
            *_wrong_card(spec, partition, accelerator),
            *_wrong_size(spec, site, partition, accelerator),
            *_wrong_time(spec, partition),
            *_wrong_folder(folder),
        ]
        if problems:
            raise _never(problems)
        terms = usual(site, partition, accelerator)
        return cls(
            spec=spec.resolved_to(
                memory_bytes=spec.memory_bytes or terms.memory_bytes,
                time_limit_s=spec.time_limit_s or terms.time_limit_s,
            ),
            folder=folder,
            site=site,
            scheduler=plugins.scheduler(partition.scheduler),
            workers_per_job=terms.workers,
            cpus=terms.cpus,
            accelerator=accelerator,
        )

    @property
    def time_limit_s(self) -> float:
        """Time limit of each job."""
        return self.spec.time_limit_s or USUAL_TIME_S

    def request(self, name: str) -> JobRequest:
        """Return what is asked for with one job."""
        partition, cards = self.spec.partition, self.workers_per_job if self.accelerator else 0
        python = self.site.python or sys.executable
        return self.site.request(
            self.scheduler,
            partition,
            cpus=self.cpus,
            memory_bytes=job_bytes(self.workers_per_job, self.spec.memory_bytes or 0),
            kind=self.accelerator.name if self.accelerator else None,
            cards=cards,
            name=name,
            command=(python, "-P", "-m", "workbench.worker", str(self.folder), name),
            time_limit_s=math.ceil(self.time_limit_s),
            log=self.folder / "jobs" / f"{name}.log",
        )

    def settings(self, http_prefix: str) -> dict[str, Any]:
        """Return what ``scheduler.json`` tells the launchers of the jobs."""
        card = self.accelerator
        return {
            "workers_per_job": self.workers_per_job,
            "memory_bytes": self.spec.memory_bytes,
            "vendor": card.vendor if card else None,
            "model": card.model if card else None,
            "per_node": (card.per_node or None) if card else None,
            "interface": self.site.interface,
            "scratch": self.site.scratch,
            "http_prefix": http_prefix,
            "environment": worker_environment(os.environ),
        }


def check_place(spec: ClusterSpec, folder: Path) -> None:
    """Raise :class:`Refused` where a request cannot be."""
    if not spec.local:
        JobPartition.of(spec, folder)
    elif spec.accelerator is not None:
        local_card(spec)


def local_card(spec: ClusterSpec) -> Accelerator:
    """Return the kind of card that the workers of a cluster of this computer hold.

    Raises
    ------
    Refused
        When it has no such card, or not so many.
    """
    here = this_computer()
    card = here.partition.accelerators.get(spec.accelerator or "")
    problems = [
        *_wrong_card(spec, here.partition, card),
        *_wrong_size(spec, load_site(), here.partition, card),
    ]
    if card is None or problems:
        raise _never(problems)
    return card


def _partitions(site: Site) -> tuple[dict[str, Partition], list[str]]:
    """Return what the schedulers show, and what went wrong."""
    snapshot = latest(site)
    found: dict[str, Partition] = {}
    for name, shown in snapshot.by_scheduler.items():
        found |= partitions_of(name, shown, site, user_name())
    return found, snapshot.problems


def _never(problems: Sequence[Problem]) -> Refused:
    """Return the error that tells every problem of a request that could never run."""
    message = "\n".join(f"{problem.parameter}: {problem.message}" for problem in problems)
    return Refused(message, code="never_runs", fields=problems)


def _no_partition(name: str, there: list[str], trouble: list[str]) -> Problem:
    known = [LOCAL, *there]
    said = f"There is no partition named {quoted(name)}.{did_you_mean(name, known)}"
    if there:
        said += f" There are: {', '.join(known)}. See: workbench pool show"
    else:
        said += " This host sees no scheduler: clusters can be started on this computer only."
    return Problem("partition", f"{said} ({'; '.join(trouble)})" if trouble else said)


def _wrong_card(
    spec: ClusterSpec, partition: Partition, accelerator: Accelerator | None
) -> Iterator[Problem]:
    if spec.accelerator is None or accelerator is not None:
        return
    known = list(partition.accelerators)
    there = f"It has: {', '.join(known)}." if known else "It has no cards: leave --accelerator out."
    yield Problem(
        "accelerator",
        f"Partition {partition.name} has no card named {quoted(spec.accelerator)}."
        f"{did_you_mean(spec.accelerator, known)} {there}",
    )


def _wrong_size(
    spec: ClusterSpec, site: Site, partition: Partition, accelerator: Accelerator | None
) -> Iterator[Problem]:
    most = spec.maximum or 1
    # Where the site file alone tells of cards, the total is 0: unknown.
    if accelerator is not None and 0 < accelerator.cards.total < most:
        yield Problem(
            "workers",
            f"{most} workers need {most} cards; partition {partition.name} has "
            f"{accelerator.cards.total} of {accelerator.name} in all.",
        )
    if site.limits.workers is not None and most > site.limits.workers:
        yield Problem(
            "workers",
            f"{most} were asked; the site file {site.file} allows {site.limits.workers} a cluster.",
        )
    jobs = -(-most // usual(site, partition, accelerator).workers)
    if site.limits.jobs is not None and jobs > site.limits.jobs and not spec.local:
        yield Problem(
            "workers",
            f"{most} workers need {jobs} jobs; the site file {site.file} allows "
            f"{site.limits.jobs} a cluster.",
        )


def _wrong_time(spec: ClusterSpec, partition: Partition) -> Iterator[Problem]:
    most = partition.time_limit_s
    if spec.time_limit_s is not None and spec.time_limit_s < SHORTEST_S:
        yield Problem(
            "time",
            f"{spec.time_limit_s:g} s was asked. A worker needs some seconds to start, and "
            f"schedulers count in minutes: {units.hms(SHORTEST_S)} is the shortest.",
        )
    if spec.time_limit_s is not None and most is not None and spec.time_limit_s > most:
        yield Problem(
            "time",
            f"Partition {partition.name} allows {units.hms(most)}, "
            f"{units.hms(spec.time_limit_s)} was asked. Lower --time: jobs are replaced when "
            "theirs is over, and the run goes on.",
        )


def _wrong_folder(folder: Path) -> Iterator[Problem]:
    try:
        allowed.path(str(folder))
    except ValueError as error:
        yield Problem(HOME, f"{error}. Choose another folder with WORKBENCH_HOME.")
