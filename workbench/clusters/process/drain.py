"""Letting workers finish what they have in hand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from distributed import Scheduler

LONGEST_S = 120.0


async def drain(scheduler: Scheduler, addresses: Sequence[str]) -> None:
    """Give workers no more tasks, move what they hold, and wait for the task in hand of each."""
    states = [scheduler.workers[address] for address in addresses if address in scheduler.workers]
    if not states:
        return
    at_hand = {state.address: set(state.processing) for state in states}
    await scheduler.retire_workers(list(at_hand), close_workers=False, remove=False)
    deadline = time.monotonic() + LONGEST_S
    # One thread each: as soon as one of its tasks has left, a worker works on none.
    while time.monotonic() < deadline:
        states = [state for state in states if state.address in scheduler.workers]
        busy = [s for s in states if at_hand[s.address] and at_hand[s.address] <= set(s.processing)]
        if not busy:
            return
        await asyncio.sleep(0.05)
