"""The driver's end of one cluster: connects, counts workers, sends, and notices its end.

All waiting happens in a thread of its own and in the Dask client's event loop; the driver's main
loop only takes events from a queue.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from distributed import Client, Future
from distributed.client import FutureCancelledError
from distributed.scheduler import KilledWorker

from workbench import client as clients
from workbench.clusters import handle as clusters
from workbench.clusters.folder import RUNS_METADATA
from workbench.driver.approach import (
    PASSING,
    TRIES,
    Pauses,
    gave_up,
    not_running,
    starting,
    step,
    without_worker,
)
from workbench.driver.share import window
from workbench.errors import NotFound, WorkbenchError

LOG = logging.getLogger(__name__)

POLL_S = 0.5
FIRST_POLL_S, FIRST_S = 0.1, 30.0
NOTE_S = 20.0
RECALL_S = 5.0


@dataclass(frozen=True)
class Event:
    """What happened to one call: exactly one of value, death and error is set."""

    link: Link
    generation: int
    token: Any
    value: Any = None
    death: KilledWorker | None = None
    error: BaseException | None = None

    @property
    def lost(self) -> bool:
        """Whether the call has to be made again, through nobody's fault."""
        return self.value is None and self.death is None and self.error is None


class Link:
    """One cluster as the driver uses it.

    Attributes
    ----------
    workers
        Connected workers, as of half a second ago.
    problem
        Why there is no connection, or no worker, for the status; empty while there is one.
    refused
        Whether there will be no connection before somebody acts.
    barred
        Why nothing is sent there although it is connected; until the next stage, or until the
        cluster has been started again.
    batch_s
        How long a batch takes there, 0 while that is not known: it sets the window.
    seen
        The cluster's status, as of half a second ago; None before the first look.
    generation
        Rises whenever the connection is made anew; calls of an older one are lost.
    """

    refused = False
    barred = ""
    batch_s = 0.0
    seen: Mapping[str, Any] | None = None

    def __init__(self, name: str, run_id: str, folder: str, events: SimpleQueue[Event]) -> None:
        self.name = name
        self.workers = 0
        self.problem = "connecting"
        self.generation = 0
        self.wanted_workers = 0
        self.in_flight: set[Any] = set()
        self._served = {"run_id": run_id, "folder": folder}
        self._events = events
        self._client: Client | None = None
        self._cluster_generation = -1
        self._recycle: set[str] = set()
        self._futures: dict[Any, Future[Any]] = {}
        self._waits: dict[Any, asyncio.Task[None]] = {}
        self._crowded_since: float | None = None
        self._starts, self._connects = Pauses(), Pauses()
        self._refusal = ""
        self._begun = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"link-{name}", daemon=True)
        self._thread.start()

    @property
    def up(self) -> bool:
        """Whether the cluster has workers that can be reached."""
        return self._client is not None and self.workers > 0

    @property
    def usable(self) -> bool:
        """Whether batches may be sent."""
        return self.up and not self.barred

    @property
    def room(self) -> int:
        """How many more calls the window takes."""
        if not self.usable or self._recycle:
            return 0
        return window(self.workers, self.batch_s) - len(self.in_flight)

    def send(
        self,
        function: Callable[..., Any],
        order: Mapping[str, Any],
        token: Any,
        *,
        worker: str | None = None,
    ) -> None:
        """Call `function(order)` on a worker; an :class:`Event` with `token` will follow."""
        self.in_flight.add(token)
        client = self._client
        if client is None:
            self._events.put(Event(self, self.generation, token))
            return
        where: dict[str, Any] = {"workers": [worker], "allow_other_workers": True} if worker else {}
        future = client.submit(function, order, pure=False, **where)
        self._futures[future.key] = future
        self._follow(client, future, token)

    def ask(self, function: Callable[..., Any], argument: str, host: str, token: Any) -> None:
        """Call a small question on any worker of one host, before everything else."""
        self.in_flight.add(token)
        client = self._client
        if client is None:
            self._events.put(Event(self, self.generation, token))
            return
        future = client.submit(function, argument, pure=False, workers=[host], priority=100)
        self._follow(client, future, token, within_s=NOTE_S)

    def recycle(self, worker: str) -> bool:
        """Have one worker's process replaced by a new one; False where that is under way.

        Nothing is sent until it is done.
        """
        if worker in self._recycle:
            return False
        self._recycle.add(worker)
        return True

    def abandon(self) -> None:
        """Replace the worker processes that compute something for this run."""
        client = self._client
        if client is None:
            return
        mine = self._futures.keys()
        busy = [where for where, keys in client.processing().items() if mine & set(keys)]
        if busy:
            client.restart_workers(busy, timeout=30, raise_for_error=False)

    def close(self) -> None:
        """Leave the cluster; it stays."""
        self._stop.set()
        self._thread.join(timeout=1 if self._client is None else 10)
        self._leave()

    def _follow(
        self, client: Client, future: Future[Any], token: Any, within_s: float | None = None
    ) -> None:
        """Have the client's own event loop wait for the answer."""
        loop: Any = client.loop
        loop.add_callback(self._deliver, client, future, token, self.generation, within_s)

    async def _deliver(
        self,
        client: Client,
        future: Future[Any],
        token: Any,
        generation: int,
        within_s: float | None,
    ) -> None:
        waits = asyncio.current_task()
        if waits is not None:
            self._waits[future.key] = waits
        try:
            value = await asyncio.wait_for(self._value(client, future), within_s)
            event = Event(self, generation, token, value=value)
        except KilledWorker as death:
            event = Event(self, generation, token, death=death)
        except (FutureCancelledError, asyncio.CancelledError, TimeoutError, OSError) as error:
            # What the call itself raised is no trouble with the connection.
            raised = error if future.status == "error" else None
            event = Event(self, generation, token, error=raised)
        except Exception as error:
            event = Event(self, generation, token, error=error)
        self._futures.pop(future.key, None)
        self._waits.pop(future.key, None)
        future.release()
        self._events.put(event)

    async def _value(self, client: Client, future: Future[Any]) -> Any:
        """Wait for the end of a call, then fetch its value or raise its error.

        Dask's own waiting, when it is given up, leaves errors behind that nobody takes.
        """
        ended = asyncio.Event()
        loop: Any = client.loop
        future.add_done_callback(lambda _: loop.add_callback(ended.set))
        await ended.wait()
        # From here on it is not taken back.
        self._waits.pop(future.key, None)
        return await client.gather(future, asynchronous=True)

    def _give_up(self, key: Any) -> None:
        """End the wait for a call; in the client's loop."""
        waits = self._waits.pop(key, None)
        if waits is not None:
            waits.cancel()

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                if self._client is None:
                    self._approach()
                else:
                    self._look()
            except WorkbenchError as error:
                self.problem = self._refusal = error.message
                self.refused = error.code not in PASSING
            except Exception as error:
                LOG.exception("cluster %s", self.name)
                self.problem = f"cluster {self.name}: {type(error).__name__}: {error}"
                self._leave()
            self._stop.wait(FIRST_POLL_S if self._awaits_first() else POLL_S)

    def _awaits_first(self) -> bool:
        """Say whether the cluster is still new and has no worker: the run begins with the first."""
        new = time.monotonic() - self._begun < FIRST_S
        return new and self.workers == 0 and not self.refused

    def _approach(self) -> None:
        """Connect once the cluster runs; have it started where it does not, with pauses.

        A cluster that somebody stopped stays so until somebody starts it.
        """
        status, clock = self._status(), time.monotonic()
        what = step(status)
        if what == "connect" and self._connects.due(clock):
            self._connect()
        elif what == "wait":
            # While it is tried again, the reason stands why it could not be.
            self.problem = self._refusal or starting(status)
        elif what == "leave":
            self.refused = True
            self.problem = (
                f"cluster {self.name} was stopped. Start it: workbench cluster start {self.name}"
            )
        elif what == "start":
            self._have_started(status, clock)

    def _have_started(self, status: Mapping[str, Any] | None, clock: float) -> None:
        if status and gave_up(status):
            self._refusal = not_running(status)
            self.refused = True
        if self._starts.due(clock):
            clusters.ensure(self.name)
        elif status:
            self.refused = self.refused or self._starts.count > TRIES
            again = f"{not_running(status)}; it is started again within a minute"
            self.problem = self._refusal or again

    def _status(self) -> dict[str, Any] | None:
        """Return what the cluster says of itself, None where it was never started."""
        try:
            return clusters.get(self.name).status()
        except NotFound:
            return None

    def _connect(self) -> None:
        # Asked in this way, a cluster of another computer alone is refused.
        status = clusters.ensure(self.name).status()
        client = clients.connect(self.name)
        self._cluster_generation = status["generation"]
        self._publish(client)
        self.workers = len(client.nthreads())
        self.problem = self.barred = self._refusal = ""
        self._connects = Pauses()
        for token in list(self.in_flight):
            # Sent while the connection before this one went away.
            self._events.put(Event(self, self.generation, token))
        self._client = client
        LOG.info("connected to cluster %s, generation %d", self.name, self._cluster_generation)

    def _look(self) -> None:
        self.seen = status = clusters.get(self.name).status()
        if status["state"] != "running" or status["generation"] != self._cluster_generation:
            self.problem = not_running(status)
            LOG.warning(self.problem)
            self._leave()
            return
        client = self._client
        if client is None:
            return
        self._starts.lasted(time.monotonic())
        self.workers = len(client.nthreads())
        self.refused = self.refused and not self.workers
        self.problem = "" if self.workers else without_worker(status)
        self._publish(client)
        self._recall(client)
        if self._recycle:
            names = sorted(self._recycle)
            client.restart_workers(names, timeout=60, raise_for_error=False)
            self._recycle.difference_update(names)

    def _recall(self, client: Client) -> None:
        """Take back what waits for workers that are gone, so that it can go elsewhere."""
        clock = time.monotonic()
        excess = len(self._futures) - window(self.workers, 0.0)
        if excess <= 0:
            self._crowded_since = None
            return
        self._crowded_since = self._crowded_since or clock
        if clock - self._crowded_since < RECALL_S:
            return
        at_hand = {key for keys in client.processing().values() for key in keys}
        queued = [
            key
            for key, future in list(self._futures.items())
            if future.status == "pending" and key not in at_hand
        ]
        if not queued:
            return
        LOG.warning("cluster %s lost workers: %d calls are taken back", self.name, excess)
        # Ends the waiting, not the future: one that is cancelled while its answer is being
        # fetched is waited for without end.
        loop: Any = client.loop
        for key in queued[-excess:]:
            loop.add_callback(self._give_up, key)

    def _publish(self, client: Client) -> None:
        entry = {"folder": self._served["folder"], "remaining_workers": self.wanted_workers}
        client.set_metadata([RUNS_METADATA, self._served["run_id"]], entry)

    def _leave(self) -> None:
        """Give up the connection; every call that was under way comes back lost."""
        client, self._client = self._client, None
        if client is None:
            return
        self.workers = 0
        for token in list(self.in_flight):
            self._events.put(Event(self, self.generation, token))
        self.generation += 1
        self._futures.clear()
        self._waits.clear()
        client.close(timeout=2)
