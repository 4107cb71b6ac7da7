"""Who gets the next batch where several clusters work: pure decisions on measured speed."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

MANY = 2000
AHEAD_S = 2.0


@dataclass(frozen=True)
class Standing:
    """One cluster, as far as the choice needs it.

    Attributes
    ----------
    s_per_cost
        Seconds that one of its workers needs for a unit of cost.
    ends_s
        In how many seconds each of its workers will have done what the cluster has in hand,
        in ascending order, one entry a worker and at least one.
    """

    s_per_cost: float
    ends_s: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Cost a second."""
        return len(self.ends_s) / self.s_per_cost

    def finish_s(self, cost: float) -> float:
        """Return when a batch would be done that it is given now."""
        return self.ends_s[0] + cost * self.s_per_cost


def last_s(clusters: Sequence[Standing], tasks: int, cost: float) -> float:
    """Return when the last of some tasks is done where each goes to who finishes it first.

    Parameters
    ----------
    tasks, cost
        How many, and what they cost together; they are taken for equal.
    """
    if tasks > MANY:
        busy = sum(sum(c.ends_s) / c.s_per_cost for c in clusters)
        return (busy + cost) / sum(c.rate for c in clusters)
    each = cost / max(1, tasks)
    steps = [(end, each * c.s_per_cost) for c in clusters for end in c.ends_s]
    heap = [(end + step, step) for end, step in steps]
    heapq.heapify(heap)
    for _ in range(tasks - 1):
        finish, step = heap[0]
        heapq.heapreplace(heap, (finish + step, step))
    return heap[0][0]


def worth_it(
    mine: Standing, others: Sequence[Standing], *, task: float, tasks: int, cost: float
) -> bool:
    """Say whether a cluster should get the next task.

    It should not where the others would have done that task, and everything else that waits,
    before it has done the one: a run does not end later for its slowest cluster.

    Parameters
    ----------
    task
        Cost of the next task.
    tasks, cost
        How many wait, the next one included, and what they cost together.
    """
    return not others or mine.finish_s(task) <= last_s(others, tasks, cost)


def wanted_workers(clusters: Sequence[Standing], cost: float, within_s: float) -> list[int]:
    """Return for each cluster how many workers its share of the rest keeps busy for a while.

    Parameters
    ----------
    clusters
        Those without a worker count as if they had one: what they could do is known, too.
    within_s
        How long the work should last them.
    """
    rate = sum(c.rate for c in clusters) or 1.0
    shares = [cost * c.rate / rate for c in clusters]
    return [
        max(1, -int(-share * c.s_per_cost // within_s))
        for share, c in zip(shares, clusters, strict=True)
    ]


def window(workers: int, batch_s: float) -> int:
    """Return how many batches a cluster may have in hand.

    One a worker, and as many more as keep them busy for two seconds: a worker that is done shall
    find the next batch there, while what was sent too early would wait for one that is slow.

    Parameters
    ----------
    batch_s
        How long a batch takes there; 0 where that is not known.
    """
    return workers + math.ceil(workers * AHEAD_S / max(batch_s, AHEAD_S))
