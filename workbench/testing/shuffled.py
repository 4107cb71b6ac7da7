"""``python -m workbench.testing.shuffled RECIPE VALUES SEED``: a run in a random order.

The driver is the real one, and so is what a worker does; in between stands, in place of a
cluster, a window of calls that are answered in an order drawn by a seed.  Plans and parts stay in
the run's folder, for tests to look at.
"""

from __future__ import annotations

import json
import random
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from workbench import service
from workbench.driver.link import Event, Link
from workbench.driver.run import Driver
from workbench.errors import WorkbenchError
from workbench.runs.lock import DriverLock

WINDOW = 8
SETTLED_S = 0.01


class ShuffledLink(Link):
    """Calls answered one after the other by this process, in an order drawn by a seed."""

    def __init__(self, seed: int, events: SimpleQueue[Event]) -> None:
        self.name = "shuffled"
        self.workers = WINDOW // 2
        self.problem = ""
        self.generation = 0
        self.wanted_workers = 0
        self.in_flight: set[Any] = set()
        self._events = events
        self._random = random.Random(seed)
        self._waiting: list[tuple[Callable[..., Any], Any, Any]] = []
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._answer, name="shuffled", daemon=True)
        self._thread.start()

    @property
    def up(self) -> bool:
        """Always."""
        return True

    @property
    def room(self) -> int:
        """How many more calls the window takes."""
        return WINDOW - len(self.in_flight)

    def send(
        self,
        function: Callable[..., Any],
        order: Mapping[str, Any],
        token: Any,
        *,
        worker: str | None = None,
    ) -> None:
        """Put a call into the window."""
        self.in_flight.add(token)
        with self._changed:
            self._waiting.append((function, order, token))
            self._changed.notify()

    def close(self) -> None:
        """Nothing stays."""

    def _answer(self) -> None:
        while True:
            function, order, token = self._drawn()
            try:
                event = Event(self, 0, token, value=function(order))
            except Exception as error:
                event = Event(self, 0, token, error=error)
            self._events.put(event)

    def _drawn(self) -> tuple[Callable[..., Any], Any, Any]:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting)
            # More calls may be on their way: draw from a window that has settled.
            while len(self._waiting) < WINDOW and self._changed.wait(SETTLED_S):
                continue
            return self._waiting.pop(self._random.randrange(len(self._waiting)))


class ShuffledDriver(Driver):
    """The driver of a run in a random order."""

    def __init__(self, folder: Path, lock: DriverLock, seed: int) -> None:
        super().__init__(folder, lock)
        self._seed = seed

    def links(self, events: SimpleQueue[Event]) -> list[Link]:
        """Return the window that stands for a cluster."""
        return [ShuffledLink(self._seed, events)]

    def tidy(self) -> None:
        """Keep everything."""


def main(recipe: str, values: str, seed: int) -> dict[str, Any]:
    """Make a run, drive it to its end, and return what ``run show`` would."""
    run = service.prepare(recipe, json.loads(Path(values).read_text(encoding="utf-8")))
    driver = ShuffledDriver(run.folder, DriverLock.acquire(run.folder, run.id), seed)
    try:
        driver.report.final(driver.drive())
    except WorkbenchError as error:
        driver.report.final("failed", error)
    return run.describe()


if __name__ == "__main__":
    try:
        document = main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    except WorkbenchError as error:
        document = {"error": error.to_json()}
    sys.stdout.write(json.dumps(document))
