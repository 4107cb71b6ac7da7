"""The energy that this process's card has used, where the card counts it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import lru_cache

from workbench.worker.device import held_card, told


class Meter:
    """Joules since it was made.

    They are the whole card's: what the batch took, and what a card takes that does nothing.
    """

    def __init__(self) -> None:
        self._begun = _reading()

    def joules(self) -> float | None:
        """Return joules; None where nothing counts them: two readings of power are no energy."""
        now = _reading()
        # A counter begins anew when the driver does.
        if self._begun is None or now is None or now < self._begun:
            return None
        return round(now - self._begun, 3)


def _reading() -> float | None:
    counter = _counter()
    try:
        return counter() if counter is not None else None
    except OSError:
        return None


@lru_cache(maxsize=1)
def _counter() -> Callable[[], float] | None:
    card, where = held_card(), told().get("energy_counter")
    if card is None or not where:
        return None
    module, _, function = where.partition(":")
    try:
        found: Callable[[], float] = getattr(importlib.import_module(module), function)(card)
    except OSError:
        return None
    return found
