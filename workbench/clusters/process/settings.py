"""Waits of a cluster over jobs; each can be set in the environment, for sites and for tests."""

from __future__ import annotations

from workbench.environ import seconds

CONNECT_S = 60.0
# Here a worker is back in a second; a card that was given back has to be waited for again.
LOCAL_SHRINK_AFTER_S = 60.0
SHRINK_AFTER_S = 300.0
DRAIN_S = 60.0


def connect_s() -> float:
    """Return how long a job may run without a worker before that is told as a fault."""
    return seconds("WORKBENCH_CONNECT_S", CONNECT_S)


def shrink_after_s() -> float:
    """Return how long a card may be idle before it is released."""
    return seconds("WORKBENCH_SHRINK_AFTER_S", SHRINK_AFTER_S)


def drain_s(time_limit_s: float) -> float:
    """Return how long before its time limit a job gets no more work.

    Batches take seconds; a quarter of a short job at most.
    """
    return min(seconds("WORKBENCH_DRAIN_S", DRAIN_S), time_limit_s / 4)
