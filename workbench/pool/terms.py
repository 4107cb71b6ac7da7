"""Terms: what a job of workers asks for where nobody said otherwise.

One place, so that what is asked about beforehand is what is submitted.
"""

from __future__ import annotations

from dataclasses import dataclass

from workbench.pool.partition import Accelerator, Partition
from workbench.pool.site import Site

USUAL_TIME_S = 3600
USUAL_BYTES = 2 * 2**30
# What a job asks for beyond its workers' limits: launcher, nannies and the libraries they share.
LAUNCHER_BYTES = 256 * 2**20


@dataclass(frozen=True)
class Terms:
    """What one job asks for.

    Attributes
    ----------
    workers
        One, or as many as a node has cards where the site gives whole nodes only.
    cpus
        Of the job.
    memory_bytes
        Of one worker.
    """

    workers: int
    cpus: int
    memory_bytes: int
    time_limit_s: int


def usual(site: Site, partition: Partition, accelerator: Accelerator | None = None) -> Terms:
    """Return the terms of a job in a partition, of workers that hold such a card each or none."""
    own = site.partition(partition.name)
    # Of cards that the site file alone tells of nobody knows how many a node has.
    workers = max(1, accelerator.per_node) if own.whole_node and accelerator else 1
    time_s = partition.default_time_s or USUAL_TIME_S
    return Terms(
        workers=workers,
        cpus=workers * (own.cpus_per_card or 1),
        memory_bytes=own.memory_per_card_bytes or USUAL_BYTES,
        time_limit_s=min(time_s, partition.time_limit_s or time_s),
    )


def job_bytes(workers: int, memory_bytes: int) -> int:
    """Return the memory of a job of so many workers with so much each."""
    return workers * memory_bytes + LAUNCHER_BYTES
