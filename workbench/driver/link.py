"""The driver's end of one cluster: connects, counts workers, sends, and notices its end.

All waiting happens in a thread of its own and in the Dask client's event loop; the driver's main
loop only takes events from a queue.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from distributed import Client, Future
from distributed.client import FutureCancelledError
from distributed.scheduler import KilledWorker

from workbench import client as clients
from workbench.clusters import handle as clusters
from workbench.errors import WorkbenchError

LOG = logging.getLogger(__name__)

POLL_S = 0.5
AHEAD = 2
NOTE_S = 20.0


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
        Why there is no connection, for the status; empty while there is one.
    generation
        Rises whenever the connection is made anew; calls of an older one are lost.
    """

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
        self._futures: set[Future[Any]] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"link-{name}", daemon=True)
        self._thread.start()

    @property
    def up(self) -> bool:
        """Whether batches can be sent."""
        return self._client is not None and self.workers > 0

    @property
    def room(self) -> int:
        """How many more calls the window takes."""
        if not self.up or self._recycle:
            return 0
        return AHEAD * self.workers - len(self.in_flight)

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
        self._futures.add(future)
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
        mine = {future.key for future in self._futures}
        busy = [where for where, keys in client.processing().items() if mine & set(keys)]
        if busy:
            client.restart_workers(busy, timeout=30, raise_for_error=False)

    def close(self) -> None:
        """Leave the cluster; it stays."""
        self._stop.set()
        self._thread.join(timeout=10)
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
        try:
            gathered = client.gather(future, asynchronous=True)
            value = await asyncio.wait_for(gathered, within_s)
            event = Event(self, generation, token, value=value)
        except KilledWorker as death:
            event = Event(self, generation, token, death=death)
        except (FutureCancelledError, asyncio.CancelledError, TimeoutError, OSError) as error:
            # What the call itself raised is no trouble with the connection.
            raised = error if future.status == "error" else None
            event = Event(self, generation, token, error=raised)
        except Exception as error:
            event = Event(self, generation, token, error=error)
        self._futures.discard(future)
        future.release()
        self._events.put(event)

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                if self._client is None:
                    self._connect()
                else:
                    self._look()
            except WorkbenchError as error:
                self.problem = error.message
            except Exception as error:
                LOG.exception("cluster %s", self.name)
                self.problem = f"cluster {self.name}: {type(error).__name__}: {error}"
                self._leave()
            self._stop.wait(POLL_S)

    def _connect(self) -> None:
        cluster = clusters.ensure(self.name)
        cluster.wait_running(timeout_s=60)
        self._cluster_generation = cluster.status()["generation"]
        client = clients.connect(self.name)
        self._publish(client)
        self.workers = len(client.nthreads())
        self.problem = ""
        for token in list(self.in_flight):
            # Sent while the connection before this one went away.
            self._events.put(Event(self, self.generation, token))
        self._client = client
        LOG.info("connected to cluster %s, generation %d", self.name, self._cluster_generation)

    def _look(self) -> None:
        status = clusters.get(self.name).status()
        if status["state"] != "running" or status["generation"] != self._cluster_generation:
            LOG.warning("cluster %s is %s: starting it again", self.name, status["state"])
            self.problem = f"cluster {self.name} is being started again"
            self._leave()
            return
        client = self._client
        if client is None:
            return
        self.workers = len(client.nthreads())
        self.problem = "" if self.workers else f"cluster {self.name} has no worker yet"
        self._publish(client)
        if self._recycle:
            names = sorted(self._recycle)
            client.restart_workers(names, timeout=60, raise_for_error=False)
            self._recycle.difference_update(names)

    def _publish(self, client: Client) -> None:
        entry = {"folder": self._served["folder"], "remaining_workers": self.wanted_workers}
        client.set_metadata(["workbench-runs", self._served["run_id"]], entry)

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
        client.close(timeout=2)
