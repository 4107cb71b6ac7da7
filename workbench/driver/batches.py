"""How many tasks go together: measured, and without any effect on a value."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from workbench.driver.progress import Progress, Range
from workbench.errors import ParameterError

TARGET_S = 2.0
SHORTEST_S = 0.1
GROWTH = 16.0
BUDGET_FACTOR = 3.0
MAX_TASKS = 100_000
AHEAD = 3.0


def batch_s() -> float:
    """Return how long a batch should take: ``$WORKBENCH_BATCH_S`` seconds, 2 unless that is set.

    Shorter batches lose less when a worker dies, longer ones cost less; 0 sends every task alone.

    Raises
    ------
    ParameterError
        When the setting is no such number.
    """
    given = os.environ.get("WORKBENCH_BATCH_S") or str(TARGET_S)
    try:
        seconds = float(given)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise ParameterError(f"WORKBENCH_BATCH_S is {given!r}; it takes a number of seconds.")
    return seconds


@dataclass
class Pace:
    """Seconds per unit of cost, learned from receipts.

    Attributes
    ----------
    s_per_cost
        Smoothed; None before the first receipt.
    largest
        Largest cost of one batch so far: a batch grows by at most a factor of 16.
    """

    s_per_cost: float | None = None
    largest: float = 0.0

    def learn(self, cost: float, wall_s: float) -> None:
        """Take in a finished batch."""
        if cost <= 0:
            return
        found = max(wall_s, 1e-7) / cost
        self.largest = max(self.largest, cost)
        if self.s_per_cost is None:
            self.s_per_cost = found
        else:
            self.s_per_cost += 0.3 * (found - self.s_per_cost)


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

    def __init__(self, progress: Progress, *, target_s: float | None = None) -> None:
        self.progress = progress
        self.target_s = batch_s() if target_s is None else target_s
        self.pace = Pace()
        costs = progress.plan.tasks.cost
        self._sum: NDArray[np.float64] = np.zeros(len(costs) + 1)
        np.cumsum(costs, out=self._sum[1:])
        self._uniform = float(costs[0]) if len(costs) else 1.0
        self._numbers = itertools.count()

    def cost(self, tasks: list[Range]) -> float:
        """Return the declared cost of some ranges."""
        return float(sum(self._sum[b] - self._sum[a] for a, b in tasks))

    def budget_s(self) -> float:
        """Return after how many seconds a worker may come back with the rest undone."""
        return self.target_s * BUDGET_FACTOR

    def next(self, workers: int) -> Batch | None:
        """Return the next batch for one of `workers` workers, None when nothing waits."""
        progress = self.progress
        if progress.todo:
            return self._batch(self._take(self._wanted(workers)), attempt=1)
        if progress.again:
            return self._batch(self._take_again(), attempt=2)
        if progress.alone:
            task = progress.alone.popleft()
            return self._batch([(task, task + 1)], attempt=2)
        return None

    def first(self) -> Batch | None:
        """Return one task alone: it finds what only a worker can find, and measures cost."""
        return self._batch(self._take(0.0), attempt=1) if self.progress.todo else self.next(1)

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

    def _wanted(self, workers: int) -> float:
        """Cost that the next batch should have."""
        pace = self.pace
        if pace.s_per_cost is None:
            return self._uniform
        left = self.cost(list(self.progress.todo)) * pace.s_per_cost if self._few() else np.inf
        shortest = min(SHORTEST_S, self.target_s)
        seconds = max(shortest, min(self.target_s, left / (AHEAD * max(1, workers))))
        return float(min(seconds / pace.s_per_cost, GROWTH * max(pace.largest, self._uniform)))

    def _take_again(self) -> list[Range]:
        """Tasks that failed once; each is still one kernel call."""
        again = self.progress.again
        taken = [again.popleft()]
        room = self._wanted(1) - self._uniform
        while again and room > 0:
            taken.append(again.popleft())
            room -= float(self._sum[taken[-1] + 1] - self._sum[taken[-1]])
        return [(task, task + 1) for task in sorted(taken)]

    def _few(self) -> bool:
        """Say whether the ranges are few enough to sum them up."""
        return len(self.progress.todo) < 10_000

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
