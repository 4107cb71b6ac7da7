"""All clusters of a run in one stage: which of them gets the next batch, and what is left."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence

from workbench.driver.batches import Cutter
from workbench.driver.calls import Calls
from workbench.driver.lane import Lane
from workbench.driver.link import Link
from workbench.driver.share import Standing, wanted_workers, worth_it

SLOWER = 4.0
# What is sooner is now.
MOMENT_S = 0.5


class Lanes:
    """The lanes of one stage, by name of the cluster."""

    def __init__(self, cutter: Cutter, calls: Calls) -> None:
        self._cutter = cutter
        self._calls = calls
        self._lanes: defaultdict[str, Lane] = defaultdict(Lane)

    def __getitem__(self, name: str) -> Lane:
        return self._lanes[name]

    def expected_s(self) -> float | None:
        """Return in how many seconds all will be done; None where that cannot be told.

        That is before the first receipt, without workers, and at the end.
        """
        guess = self._guess()
        rate = 0.0 if guess is None else self._rate(self._calls.usable(), guess)
        left = self._cutter.left() / rate if rate else 0.0
        return left if left >= MOMENT_S else None

    def wanted_workers(self, links: Sequence[Link], within_s: float) -> list[int]:
        """Return how many workers each cluster's share of the rest keeps busy for a while."""
        guess = self._guess()
        if guess is None:
            return [1] * len(links)
        standings = self._standings(links, guess)
        return wanted_workers(standings, self._cutter.left(), within_s)

    def rate(self, link: Link) -> float | None:
        """Return the tasks a second that a cluster's workers compute; None while unknown."""
        pace = self[link.name].pace.s_per_task
        return None if pace is None else link.workers / pace

    def elsewhere(self, link: Link) -> list[Lane]:
        """Return how all other clusters fared."""
        return [lane for name, lane in self._lanes.items() if name != link.name]

    def worth_it(self, link: Link) -> bool:
        """Say whether the end does not come later for giving this cluster the next task."""
        guess, others = self._guess(), self._others(link)
        if not others or guess is None:
            return True
        task = self._cutter.next_cost()
        tasks, cost = self._cutter.waiting()
        at_most_s = self[link.name].at_most_s(task, link.workers, guess)
        if at_most_s <= cost / self._rate(others, guess):
            # Far from the end: it need not be told to the second.
            return True
        mine, *theirs = self._standings([link, *others], guess)
        return worth_it(mine, theirs, task=task, tasks=tasks, cost=cost)

    def left_s(self) -> float:
        """Return in how many seconds all clusters together can have done what waits."""
        guess = self._guess()
        if guess is None:
            return math.inf
        return self._cutter.waiting()[1] / (self._rate(self._calls.usable(), guess) or 1.0)

    def eligible(self, link: Link, tried: str | None) -> bool:
        """Say whether a task may have its second attempt on a cluster.

        Where it failed it goes again only if no other cluster is about as fast: it may have been
        the card's fault.

        Parameters
        ----------
        tried
            Name of the cluster where it failed.
        """
        if tried != link.name:
            return True
        mine = self[link.name].pace.s_per_cost
        theirs = [self[other.name].pace.s_per_cost for other in self._others(link)]
        return not any(mine is None or (t is not None and t < SLOWER * mine) for t in theirs)

    def _others(self, link: Link) -> list[Link]:
        return [other for other in self._calls.usable() if other is not link]

    def _guess(self) -> float | None:
        """Return seconds per cost where a cluster's own are not known: those of the slowest."""
        known = [lane.pace.s_per_cost for lane in self._lanes.values()]
        return max((pace for pace in known if pace is not None), default=None)

    def _rate(self, links: Iterable[Link], guess: float) -> float:
        """Return the cost that some clusters work off in a second."""
        return sum(self[link.name].rate(link.workers, guess) for link in links)

    def _standings(self, links: Iterable[Link], guess: float) -> list[Standing]:
        clock = time.monotonic()
        return [self[link.name].standing(link.workers, clock, guess) for link in links]
