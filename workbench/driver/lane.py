"""What one cluster has in hand of a stage, and how fast it turned out to be there."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from workbench.driver.batches import Batch, Pace
from workbench.driver.share import Standing

ALONE_S = 5.0
SETTLE_S = 2.0
TRIALS = 3


@dataclass
class Hand:
    """A batch that is not answered yet.

    Attributes
    ----------
    began
        When a worker took it, as far as the order of answers tells; None while it queues.
    """

    cost: float
    began: float | None = None


@dataclass
class Lane:
    """One cluster in one stage.  Times are seconds of a clock that never goes back.

    Attributes
    ----------
    sent
        Batches sent so far.
    done, failed
        Tasks that its receipts name.
    unexplained
        Deaths of workers in a row before they had begun to compute.
    widest
        The most workers that it had meanwhile.
    in_hand
        Cost of the batches that are not answered yet.
    """

    pace: Pace = field(default_factory=Pace)
    sent: int = 0
    done: int = 0
    failed: int = 0
    unexplained: int = 0
    widest: int = 1
    in_hand: float = 0.0
    _first: float = 0.0
    _busy: int = 0
    _hands: dict[str, Hand] = field(default_factory=dict)
    _queue: deque[str] = field(default_factory=deque)

    def take(self, batch: Batch, workers: int, clock: float) -> None:
        """Note a batch that was sent."""
        self._first = self._first if self.sent else clock
        self.sent += 1
        self._hands[batch.name] = Hand(batch.cost)
        self._queue.append(batch.name)
        self.in_hand += batch.cost
        self._begin(workers, clock)

    def give_back(self, name: str, workers: int, clock: float) -> None:
        """Note that a batch was answered or is lost."""
        hand = self._hands.pop(name, None)
        if hand is None:
            return
        self.in_hand = self.in_hand - hand.cost if self._hands else 0.0
        if hand.began is not None:
            self._busy -= 1
        self._begin(workers, clock)

    def learn(self, cost: float, done: int, failed: int, wall_s: float) -> None:
        """Take in the receipt of a batch."""
        self.pace.learn(cost, done + failed, wall_s)
        self.done += done
        self.failed += failed
        self.unexplained = 0

    @property
    def on_trial(self) -> bool:
        """Whether this cluster has computed nothing so far."""
        return self.done == 0

    def waits(self, clock: float, others: Sequence[Lane]) -> bool:
        """Say whether nothing more should be sent until something has been answered.

        The first batch goes alone for some seconds: it finds what only a card can find.  Where it
        failed while other clusters compute, it fails through this cluster: one task at a time
        goes there until one is done.
        """
        if not self.on_trial:
            return False
        if self.failed and any(lane.is_first_out(clock) for lane in others):
            return True
        if not self._hands or (self.sent > 1 and not proven(others)):
            return False
        return self.failed > 0 or self.is_first_out(clock)

    def is_first_out(self, clock: float) -> bool:
        """Say whether it has just been given its first batch, and has not answered."""
        answered = self.done or self.failed
        return bool(self._hands) and not answered and clock - self._first < ALONE_S

    def alone(self, others: Sequence[Lane]) -> bool:
        """Say whether the next batch should be one task."""
        return self.sent == 0 or (self.on_trial and proven(others))

    def rate(self, workers: int, guess: float) -> float:
        """Return the cost that it works off in a second; `guess` as in :meth:`standing`."""
        return workers / (self.pace.s_per_cost or guess)

    def at_most_s(self, task: float, workers: int, guess: float) -> float:
        """Return a number of seconds within which a task would be done that is sent now."""
        settle = SETTLE_S if self.pace.s_per_cost is None else 0.0
        queue_s = self.in_hand / self.rate(max(1, workers), guess)
        return settle + queue_s + task * (self.pace.s_per_cost or guess)

    def standing(self, workers: int, clock: float, guess: float) -> Standing:
        """Return how the cluster stands, for the choice of who gets the next batch.

        Parameters
        ----------
        guess
            Seconds per cost where nothing is known yet; it will also have to set things up.
        """
        pace = self._pace(guess, clock)
        settle = SETTLE_S if self.pace.s_per_cost is None else 0.0
        workers = max(1, workers)
        hands = list(self._hands.values())
        # What takes longer than expected is taken to need that much longer once more.
        ends = [abs(h.cost * pace - (clock - h.began)) for h in hands if h.began is not None]
        ends = ends[:workers] + [settle] * (workers - len(ends))
        heapq.heapify(ends)
        for hand in hands:
            if hand.began is None:
                heapq.heapreplace(ends, ends[0] + hand.cost * pace)
        return Standing(s_per_cost=pace, ends_s=tuple(sorted(ends)))

    def _pace(self, guess: float, clock: float) -> float:
        """Return seconds per cost: measured, or as far as the first batch tells by being out."""
        if self.pace.s_per_cost is not None:
            return self.pace.s_per_cost
        first = next(iter(self._hands.values()), None)
        if first is None or first.began is None or not first.cost:
            return guess
        # What has taken so long is taken to need as long once more.
        return max(guess, 2 * (clock - first.began) / first.cost)

    def _begin(self, workers: int, clock: float) -> None:
        """Have idle workers take what queues, the oldest first."""
        while self._queue and self._busy < workers:
            hand = self._hands.get(self._queue.popleft())
            if hand is not None:
                hand.began = clock
                self._busy += 1


def proven(lanes: Iterable[Lane]) -> bool:
    """Say whether some cluster has computed something."""
    return any(lane.done for lane in lanes)
