"""How many tasks go together: measured, and without any effect on a value."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from workbench.driver.progress import Progress, Range
from workbench.environ import BATCH_S, seconds

TARGET_S = 2.0
# What one driver writes down is the limit of many workers: half of the records a second that it
# was seen to keep beside 1,000 of them (docs/scale.md).
RECORDS_PER_S = 50.0
SHORTEST_S = 0.1
GROWTH = 16.0
BUDGET_FACTOR = 3.0
MAX_TASKS = 100_000
AHEAD = 3.0
MANY_RANGES = 10_000
LOOK = 1000


def batch_s(workers: int) -> float:
    """Return how long a batch should take: ``$WORKBENCH_BATCH_S`` seconds where that is set.

    Else 2 seconds, and longer for more than 100 workers, so that their records do not queue at
    the driver.  Shorter batches lose less when a worker dies, longer ones cost less; 0 sends
    every task alone.

    Parameters
    ----------
    workers
        Of all clusters together.

    Raises
    ------
    ParameterError
        When the setting is no such number.
    """
    return seconds(BATCH_S, max(TARGET_S, workers / RECORDS_PER_S))


@dataclass
class Pace:
    """Seconds per unit of cost on one cluster, learned from receipts.

    Attributes
    ----------
    s_per_cost, s_per_task
        Smoothed; None before the first receipt.
    largest
        Largest cost of one batch so far: a batch grows by at most a factor of 16.
    """

    s_per_cost: float | None = None
    s_per_task: float | None = None
    largest: float = 0.0

    def learn(self, cost: float, tasks: int, wall_s: float) -> None:
        """Take in a finished batch."""
        if cost <= 0 or tasks <= 0:
            return
        spent = max(wall_s, 1e-7)
        self.largest = max(self.largest, cost)
        self.s_per_cost = _smoothed(self.s_per_cost, spent / cost)
        self.s_per_task = _smoothed(self.s_per_task, spent / tasks)


def _smoothed(known: float | None, found: float) -> float:
    """Return the new mean; it falls faster than it rises, since first batches set things up."""
    if known is None:
        return found
    return known + (0.3 if found > known else 0.6) * (found - known)


@dataclass
class Batch:
    """Tasks sent together."""

    name: str
    tasks: list[Range]
    attempt: int
    last: bool
    cost: float
    affinity: int = -1
    sent: float = field(default=0.0, compare=False)


class Cutter:
    """Cuts the next batch from what is still to do.

    Parameters
    ----------
    target_s
        How long a batch should take, see :func:`batch_s`; shorter towards the end, so that all
        workers finish together.
    """

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.target_s = batch_s(1)
        costs = progress.plan.tasks.cost
        self._sum: NDArray[np.float64] = np.zeros(len(costs) + 1)
        np.cumsum(costs, out=self._sum[1:])
        self._uniform = float(costs[0]) if len(costs) else 1.0
        self._numbers = itertools.count()

    def serve(self, workers: int) -> None:
        """Take in how many workers there are; see :func:`batch_s`."""
        self.target_s = batch_s(workers)

    def cost(self, tasks: Iterable[Range]) -> float:
        """Return the declared cost of some ranges."""
        return float(sum(self._sum[b] - self._sum[a] for a, b in tasks))

    def waiting(self) -> tuple[int, float]:
        """Return how many tasks wait to be sent, and what they cost together.

        Where they are many ranges, the cost is infinite: that is far from the end.
        """
        progress = self.progress
        second = len(progress.again) + len(progress.alone)
        if len(progress.todo) >= MANY_RANGES:
            return len(progress.todo) + second, math.inf
        count = sum(b - a for a, b in progress.todo)
        return count + second, self.left()

    def left(self) -> float:
        """Return what waits to be sent costs, however many ranges that is."""
        second = len(self.progress.again) + len(self.progress.alone)
        return self.cost(self.progress.todo) + second * self.mean_cost()

    def next_cost(self) -> float:
        """Return the cost of the next task."""
        if not self.progress.todo:
            return self.mean_cost()
        first = self.progress.todo[0][0]
        return self.cost([(first, first + 1)])

    def mean_cost(self) -> float:
        """Return the cost of a task on average."""
        return float(self._sum[-1]) / max(1, len(self._sum) - 1)

    def budget_s(self) -> float:
        """Return after how many seconds a worker may come back with the rest undone."""
        return self.target_s * BUDGET_FACTOR

    def next(
        self,
        pace: Pace,
        left_s: float,
        eligible: Callable[[int], bool] = lambda _: True,
    ) -> Batch | None:
        """Return the next batch for a worker of a cluster, None when nothing waits for it.

        Parameters
        ----------
        pace
            How fast that cluster is.
        left_s
            Seconds until the end, as far as is known.
        eligible
            Whether a task that failed, or took its worker along, may be computed again there.
        """
        if self.progress.todo:
            return self._batch(self._take(self._wanted(pace, left_s)), attempt=1)
        return self._second(pace, eligible)

    def first(self, pace: Pace, eligible: Callable[[int], bool] = lambda _: True) -> Batch | None:
        """Return one task alone: it finds what only a worker can find, and measures cost."""
        if self.progress.todo:
            return self._batch(self._take(0.0), attempt=1)
        return self._second(pace, eligible)

    def _second(self, pace: Pace, eligible: Callable[[int], bool]) -> Batch | None:
        """Return a batch of what failed once, or one task that took its worker along, alone."""
        again = self._take_again(pace, eligible)
        if again:
            return self._batch(again, attempt=2)
        suspect = next(filter(eligible, self.progress.alone), None)
        if suspect is None:
            return None
        self.progress.alone.remove(suspect)
        return self._batch([(suspect, suspect + 1)], attempt=2)

    def _batch(self, tasks: list[Range], *, attempt: int) -> Batch:
        first = tasks[0][0]
        return Batch(
            name=f"{next(self._numbers):07d}",
            tasks=tasks,
            attempt=attempt,
            last=attempt > 1,
            cost=self.cost(tasks),
            affinity=int(self.progress.plan.tasks.affinity[first]),
        )

    def _wanted(self, pace: Pace, left_s: float) -> float:
        """Cost that the next batch should have."""
        if pace.s_per_cost is None:
            return self._uniform
        shortest = min(SHORTEST_S, self.target_s)
        seconds = max(shortest, min(self.target_s, left_s / AHEAD))
        return float(min(seconds / pace.s_per_cost, GROWTH * max(pace.largest, self._uniform)))

    def _take_again(self, pace: Pace, eligible: Callable[[int], bool]) -> list[Range]:
        """Tasks that failed once; each is still one kernel call."""
        again = self.progress.again
        taken: list[int] = []
        room = self._wanted(pace, 0.0)
        for task in list(itertools.islice(again, LOOK)):
            if taken and room <= 0:
                break
            if eligible(task):
                taken.append(task)
                room -= self.cost([(task, task + 1)])
        for task in taken:
            again.remove(task)
        return [(task, task + 1) for task in sorted(taken)]

    def _take(self, cost: float) -> list[Range]:
        todo = self.progress.todo
        taken: list[Range] = []
        room, count = cost, 0
        while todo and (not taken or room > 0) and count < MAX_TASKS:
            start, stop = todo.popleft()
            limit = min(stop, start + MAX_TASKS - count)
            end = int(np.searchsorted(self._sum, self._sum[start] + room, side="right")) - 1
            end = max(min(end, limit), start if taken else start + 1)
            if end > start:
                taken.append((start, end))
                room -= self.cost([(start, end)])
                count += end - start
            if end < stop:
                todo.appendleft((end, stop))
                break
        return taken
