"""The workers of this computer: one nanny and one single-threaded process each."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from distributed import Nanny, Scheduler
from distributed.core import Status
from distributed.security import Security

from workbench.clusters.process.config import PRELOAD

LOG = logging.getLogger(__name__)

DRAIN_S = 120.0
CLOSE_S = 2.0
BACK_OFF_S = 30.0
HEALTHY_S = 60.0


@dataclass(frozen=True)
class Kind:
    """What all workers of a cluster have in common."""

    cluster: str
    memory_bytes: int
    node_dir: Path
    http_prefix: str
    security: Security


@dataclass(eq=False)
class Slot:
    """A place for one worker; its name stays when the worker is replaced."""

    name: str
    nanny: Nanny | None = None
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
    """

    scheduler: Scheduler
    kind: Kind
    slots: dict[int, Slot] = field(default_factory=dict)

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
            staying[number] = self.slots[number] = Slot(f"{self.kind.cluster}-{number}")
        for slot in staying.values():
            if slot.nanny is None and slot.work is None and time.monotonic() >= slot.not_before:
                self._begin(slot, self._start(slot))

    def processes(self) -> list[dict[str, Any]]:
        """Return the connected workers as ``worker_processes`` of the status."""
        connected = {state.name for state in self.scheduler.workers.values()}
        return [
            {
                "name": slot.name,
                "host": socket.gethostname(),
                "pid": slot.nanny.process.pid,
                "job_id": None,
                "card": None,
            }
            for _, slot in sorted(self.slots.items())
            if slot.name in connected and slot.nanny is not None and slot.nanny.process is not None
        ]

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

    def _tidy(self, number: int, slot: Slot) -> None:
        if slot.work is not None and slot.work.done():
            slot.work = None
        if slot.work is not None or slot.nanny is None:
            return
        if slot.leaving:
            del self.slots[number]
        elif slot.nanny.status in (Status.closed, Status.failed):
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
        kind = self.kind
        slot.nanny = Nanny(
            self.scheduler.address,
            name=slot.name,
            nthreads=1,
            host="127.0.0.1",
            security=kind.security,
            memory_limit=kind.memory_bytes,
            local_directory=str(kind.node_dir),
            preload=list(PRELOAD),
            dashboard_address="127.0.0.1:0",
            dashboard=False,
            http_prefix=kind.http_prefix,
            env={
                "WORKBENCH_WORKER_NAME": slot.name,
                "WORKBENCH_NODE_DIR": str(kind.node_dir),
                "WORKBENCH_MEMORY_LIMIT": str(kind.memory_bytes),
            },
        )
        try:
            await slot.nanny
        except Exception:
            LOG.exception("worker %s could not be started", slot.name)
            await slot.nanny.close(timeout=CLOSE_S)

    async def _leave(self, slot: Slot) -> None:
        """Let a worker finish the task in hand, then end it; its data move to others."""
        state = next((w for w in self.scheduler.workers.values() if w.name == slot.name), None)
        if state is not None:
            at_hand = set(state.processing)
            await self.scheduler.retire_workers([state.address], close_workers=False, remove=False)
            deadline = time.monotonic() + DRAIN_S
            # One thread: as soon as one of its tasks has left, it works on none.
            while at_hand and at_hand <= set(state.processing) and time.monotonic() < deadline:
                await asyncio.sleep(0.05)
            await self.scheduler.retire_workers([state.address], close_workers=True, remove=True)
        if slot.nanny is not None:
            await slot.nanny.close(timeout=CLOSE_S)
