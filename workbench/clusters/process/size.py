"""How many workers a cluster should have: a pure decision."""

from __future__ import annotations


class Size:
    """The size between two numbers that fits the work.

    It grows at once, and shrinks after a time in which fewer workers would have done.

    Parameters
    ----------
    minimum, maximum
        The size lies between them.
    shrink_after_s
        Seconds for which fewer must be enough.
    """

    def __init__(self, minimum: int, maximum: int, shrink_after_s: float) -> None:
        self.minimum = minimum
        self.maximum = maximum
        self.asked = minimum
        self.shrink_after_s = shrink_after_s
        self._enough_since: float | None = None

    def bound(self, minimum: int, maximum: int) -> None:
        """Set other bounds; the next :meth:`follow` keeps to them at once."""
        self.minimum, self.maximum = minimum, maximum
        self.asked = min(max(self.asked, minimum), maximum)

    def follow(self, work: int, clock: float) -> int:
        """Return how many workers to have.

        Parameters
        ----------
        work
            How many workers the remaining work could keep busy.
        clock
            Now, in seconds of a clock that never goes back.
        """
        fits = min(max(work, self.minimum), self.maximum)
        if fits >= self.asked:
            self.asked = fits
            self._enough_since = None
        elif self._enough_since is None:
            self._enough_since = clock
        elif clock - self._enough_since >= self.shrink_after_s:
            self.asked = fits
            self._enough_since = None
        return self.asked
