"""The workers of this computer: one nanny and one single-threaded process each."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import time
from dataclasses import dataclass, field
from typing import Any

from distributed import Nanny, Scheduler
from distributed.core import Status

from workbench.clusters.process.drain import drain
from workbench.clusters.process.nannies import CLOSE_S, Place, WorkerKind, make_nanny
from workbench.clusters.process.who import processes
from workbench.errors import Refused
from workbench.pool.held import HeldCard, hold
from workbench.pool.partition import Accelerator
from workbench.pool.plugins import vendor

LOG = logging.getLogger(__name__)

BACK_OFF_S = 30.0
HEALTHY_S = 60.0


@dataclass(eq=False)
class Slot:
    """A place for one worker; its name stays when the worker is replaced."""

    name: str
    nanny: Nanny | None = None
    card: HeldCard | None = None
    work: asyncio.Task[None] | None = None
    leaving: bool = False
    failures: int = 0
    begun: float = 0.0
    not_before: float = 0.0


@dataclass
class LocalWorkers:
    """Keeps as many workers as are asked for.

    The nanny replaces a worker process that dies; here a nanny that ended, or never came up, is
    replaced, with pauses that grow.

    Parameters
    ----------
    card
        The kind of card that each worker holds; None: no card.

    Attributes
    ----------
    trouble
        Why a card could not be held; empty where all could.
    """

    scheduler: Scheduler
    cluster: str
    kind: WorkerKind
    card: Accelerator | None = None
    slots: dict[int, Slot] = field(default_factory=dict)
    trouble: str = ""

    def reconcile(self, asked: int) -> None:
        """Begin whatever brings the number of workers to `asked`; never waits."""
        for number, slot in list(self.slots.items()):
            self._tidy(number, slot)
        staying = {n: slot for n, slot in self.slots.items() if not slot.leaving}
        for number in self._least_busy(staying)[: max(0, len(staying) - asked)]:
            self._begin(staying[number], self._leave(staying[number]))
            staying[number].leaving = True
        free = (n for n in range(asked + len(self.slots)) if n not in self.slots)
        for _ in range(asked - len(staying)):
            number = next(free)
            staying[number] = self.slots[number] = Slot(f"{self.cluster}-{number}")
        for slot in staying.values():
            if slot.nanny is None and slot.work is None and time.monotonic() >= slot.not_before:
                self._begin(slot, self._start(slot))

    def processes(self) -> list[dict[str, Any]]:
        """Return the connected workers as ``worker_processes`` of the status."""
        return processes(self.scheduler)

    def jobs(self) -> list[dict[str, Any]]:
        """Return ``jobs`` of the status: none here."""
        return []

    def problem(self) -> str:
        """Return why workers are missing, where that is known; the log tells more."""
        return self.trouble

    def hopeless(self) -> bool:
        """Say whether no worker will ever come."""
        return False

    def try_again(self) -> None:
        """Forget pauses: somebody asked for another size."""
        for slot in self.slots.values():
            slot.not_before = 0.0

    async def close(self) -> None:
        """End all workers."""
        for slot in self.slots.values():
            if slot.work is not None:
                slot.work.cancel()
        nannies = [slot.nanny for slot in self.slots.values() if slot.nanny is not None]
        closed = await asyncio.gather(
            *(nanny.close(timeout=CLOSE_S) for nanny in nannies), return_exceptions=True
        )
        for problem in closed:
            if isinstance(problem, BaseException):
                LOG.warning("a worker did not end cleanly: %r", problem)
        for slot in self.slots.values():
            _let_go(slot)
        shutil.rmtree(self.kind.node_dir, ignore_errors=True)

    def _tidy(self, number: int, slot: Slot) -> None:
        if slot.work is not None and slot.work.done():
            slot.work = None
        if slot.work is not None:
            return
        if slot.leaving:
            _let_go(slot)
            del self.slots[number]
        elif slot.nanny is not None and slot.nanny.status in (Status.closed, Status.failed):
            if time.monotonic() - slot.begun > HEALTHY_S:
                slot.failures = 0
            slot.nanny = None
            slot.not_before = time.monotonic() + min(BACK_OFF_S, 0.5 * 2**slot.failures)
            slot.failures += 1
            LOG.warning("worker %s ended: replaced", slot.name)

    def _least_busy(self, slots: dict[int, Slot]) -> list[int]:
        busy = {state.name: len(state.processing) for state in self.scheduler.workers.values()}
        return sorted(slots, key=lambda number: (busy.get(slots[number].name, 0), -number))

    def _begin(self, slot: Slot, work: Any) -> None:
        if slot.work is not None:
            slot.work.cancel()
        slot.work = asyncio.create_task(work)

    async def _start(self, slot: Slot) -> None:
        slot.begun = time.monotonic()
        if self.card is not None and slot.card is None and not await self._hold(slot, self.card):
            return
        shows = slot.card.environment if slot.card else {}
        slot.nanny = make_nanny(self.scheduler.address, self.kind, Place(slot.name, shows))
        try:
            await slot.nanny
        except Exception:
            LOG.exception("worker %s could not be started", slot.name)
            await slot.nanny.close(timeout=CLOSE_S)

    async def _hold(self, slot: Slot, card: Accelerator) -> bool:
        """Hold a card for a slot; say whether that went well."""
        try:
            (slot.card,) = await asyncio.to_thread(
                hold, vendor(card.vendor), 1, environ=os.environ, only=card.model
            )
        except Refused as error:
            if error.message != self.trouble:
                LOG.error(error.message)
            self.trouble = error.message
            slot.not_before = time.monotonic() + BACK_OFF_S
            return False
        self.trouble = ""
        return True

    async def _leave(self, slot: Slot) -> None:
        """Let a worker finish the task in hand, then end it; its data move to others."""
        addresses = [s.address for s in self.scheduler.workers.values() if s.name == slot.name]
        await drain(self.scheduler, addresses)
        await self.scheduler.retire_workers(addresses, close_workers=True, remove=True)
        if slot.nanny is not None:
            await slot.nanny.close(timeout=CLOSE_S)
        _let_go(slot)


def _let_go(slot: Slot) -> None:
    """Let others have a slot's card."""
    if slot.card is not None:
        slot.card.close()
        slot.card = None
