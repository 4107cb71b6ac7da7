"""Calls to workers: a bounded window at each cluster, every call answered once or made again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
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
    """

    function: Callable[..., Any]
    order: Mapping[str, Any]
    done: Callable[[Any, Link], None]
    died: Callable[[Event], None] | None = None
    lost: Callable[[], None] | None = None
    worker: str | None = None
    tries: int = field(default=0)


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

    @property
    def workers(self) -> int:
        """Connected workers of all clusters."""
        return sum(link.workers for link in self.links)

    @property
    def open(self) -> int:
        """Calls that are not answered yet."""
        return len(self._waiting) + sum(len(link.in_flight) for link in self.links)

    def free(self) -> Link | None:
        """Return the cluster with the most room, None where every window is full."""
        best = max(self.links, key=lambda link: link.room / max(1, link.workers))
        return best if best.room > 0 else None

    def send(self, call: Call, link: Link) -> None:
        """Send one call now."""
        call.tries += 1
        link.send(call.function, call.order, call, worker=call.worker)

    def later(self, call: Call) -> None:
        """Send one call as soon as a window has room."""
        self._waiting.append(call)

    def fill(self) -> None:
        """Send waiting calls while there is room."""
        while self._waiting and (link := self.free()) is not None:
            self.send(self._waiting.pop(0), link)

    def take(self, within_s: float) -> bool:
        """Handle what has been answered; wait for the first answer for at most `within_s`."""
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
        if cause is not None and call.tries >= TRIES:
            raise RunFailed(
                f"{call.function.__name__} failed {call.tries} times on cluster "
                f"{event.link.name}: {type(cause).__name__}: {cause}. Look at the cluster's log "
                f"(workbench cluster logs {event.link.name}), then resume the run."
            ) from cause
        if cause is not None:
            LOG.warning("%s: %s; trying again", call.function.__name__, cause)
        self.later(call)
