"""Calls to workers: a bounded window at each cluster, every call answered once or made again."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

from workbench.driver.link import Event, Link
from workbench.errors import RunFailed

LOG = logging.getLogger(__name__)

TRIES = 5


@dataclass(eq=False)
class Call:
    """One call, until it is answered.

    Attributes
    ----------
    done
        Called with the value.
    died
        Called with the event when the worker died; made again where it is left out.
    lost
        Called when the answer will never come; made again where it is left out.
    sent
        Called with the cluster whenever the call is sent to one.
    tries
        How often it was sent, by cluster.
    """

    function: Callable[..., Any]
    order: Mapping[str, Any]
    done: Callable[[Any, Link], None]
    died: Callable[[Event], None] | None = None
    lost: Callable[[], None] | None = None
    sent: Callable[[Link], None] | None = None
    worker: str | None = None
    tries: Counter[str] = field(default_factory=Counter)


class Calls:
    """Sends calls to the clusters of a run and hands back the answers.

    Parameters
    ----------
    links
        The clusters.
    events
        The queue that the links answer to.
    """

    def __init__(self, links: Sequence[Link], events: SimpleQueue[Event]) -> None:
        self.links = links
        self._events = events
        self._waiting: list[Call] = []
        self._errors: dict[str, RunFailed] = {}

    @property
    def workers(self) -> int:
        """Connected workers of all clusters."""
        return sum(link.workers for link in self.links)

    def usable(self) -> list[Link]:
        """Return the clusters that batches may be sent to."""
        return [link for link in self.links if link.usable]

    def roomy(self) -> list[Link]:
        """Return the clusters whose windows have room, the emptiest first."""
        found = [link for link in self.links if link.room > 0]
        return sorted(found, key=lambda link: -link.room / max(1, link.workers))

    def bar(self, link: Link, error: RunFailed) -> None:
        """Send a cluster nothing more in this stage; raise where no other one may come."""
        if not link.barred:
            LOG.warning("cluster %s is left out: %s", link.name, error.message)
        link.barred = error.message
        self._errors[link.name] = error
        self._refuse_none()

    def admit(self) -> None:
        """Give every cluster another chance."""
        for link in self.links:
            link.barred = ""

    def _refuse_none(self) -> None:
        """Raise where a cluster is barred and no other one is left that could do the work."""
        barred = [link for link in self.links if link.barred]
        if not barred or any(not link.barred and not link.refused for link in self.links):
            return
        error = self._errors[barred[-1].name]
        if len(self.links) == 1:
            raise error
        said = "\n".join(f"{link.name}: {link.barred or link.problem}" for link in self.links)
        raise RunFailed(f"No cluster of this run can do its work:\n{said}", code=error.code)

    def send(self, call: Call, link: Link) -> None:
        """Send one call now."""
        call.tries[link.name] += 1
        if call.sent is not None:
            call.sent(link)
        link.send(call.function, {**call.order, "cluster": link.name}, call, worker=call.worker)

    def later(self, call: Call) -> None:
        """Send one call as soon as a window has room."""
        self._waiting.append(call)

    def fill(self) -> None:
        """Send waiting calls while there is room."""
        while self._waiting and (links := self.roomy()):
            self.send(self._waiting.pop(0), links[0])

    def take(self, within_s: float) -> bool:
        """Handle what has been answered; wait for the first answer for at most `within_s`.

        Raises
        ------
        RunFailed
            When no cluster is left that could do the work.
        """
        self._refuse_none()
        self.fill()
        try:
            event = self._events.get(timeout=within_s)
        except Empty:
            return False
        while True:
            self._handle(event)
            try:
                event = self._events.get_nowait()
            except Empty:
                return True

    def abandon(self) -> None:
        """Give up every call, and replace the worker processes that are busy with one."""
        for link in self.links:
            link.abandon()
        self.forget()

    def close(self) -> None:
        """Leave the clusters, all at the same time."""
        with ThreadPoolExecutor(max(1, len(self.links))) as pool:
            for closed in [pool.submit(link.close) for link in self.links]:
                closed.result()

    def forget(self) -> None:
        """Drop every call; late answers find nobody."""
        self._waiting.clear()
        for link in self.links:
            link.in_flight.clear()

    def _handle(self, event: Event) -> None:
        call: Call = event.token
        if call not in event.link.in_flight:
            return
        event.link.in_flight.discard(call)
        if event.value is not None:
            call.done(event.value, event.link)
        elif event.death is not None and call.died is not None:
            call.died(event)
        elif event.lost and call.lost is not None:
            call.lost()
        else:
            self._again(call, event)

    def _again(self, call: Call, event: Event) -> None:
        cause = event.death or event.error
        link = event.link
        if cause is not None and call.tries[link.name] >= TRIES:
            error = RunFailed(
                f"{call.function.__name__} failed {TRIES} times on cluster {link.name}: "
                f"{type(cause).__name__}: {cause}. Look at the cluster's log "
                f"(workbench cluster logs {link.name}), then resume the run."
            )
            error.__cause__ = cause
            self.bar(link, error)
        elif cause is not None:
            LOG.warning("%s: %s; trying again", call.function.__name__, cause)
        self.later(call)
