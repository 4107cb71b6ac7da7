"""Results that are open: read once, asked many times, read anew when the run has gone on."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from workbench import registry, service
from workbench.recipe import Recipe
from workbench.runs.handle import Run
from workbench.runs.table import ResultTable

MOST = 4
FRESH_S = 5.0


@dataclass(eq=False)
class Opened:
    """One result, as it was when it was opened."""

    run: Run
    recipe: Recipe[Any]
    dataset: Any
    stamp: int
    lock: threading.Lock = field(default_factory=threading.Lock)
    made: dict[str, Any] = field(default_factory=dict)

    def table(self) -> ResultTable:
        """Return its table, made once."""
        if "table" not in self.made:
            self.made["table"] = ResultTable(self.recipe, self.dataset)
        found: ResultTable = self.made["table"]
        return found

    def charts(self) -> dict[str, Any]:
        """Return the figures that its recipe draws of it, as Vega-Lite, made once."""
        if "charts" not in self.made:
            self.made["charts"] = {
                name: chart.to_dict() for name, chart in self.run.charts(self.dataset).items()
            }
        found: dict[str, Any] = self.made["charts"]
        return found


class Results:
    """The results that were asked for last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: OrderedDict[str, Opened] = OrderedDict()

    def of(self, run_id: str) -> Opened:
        """Return the opened result of a run, or of what it has so far."""
        run = service.open_run(run_id)
        stamp = _stamp(run)
        with self._lock:
            found = self._open.get(run_id)
            if found is None or found.stamp != stamp:
                recipe = registry.resolve(run.manifest.recipe)
                found = Opened(run, recipe, run.open(partial=True), stamp)
            self._open[run_id] = found
            self._open.move_to_end(run_id)
            while len(self._open) > MOST:
                self._open.popitem(last=False)
            return found


def _stamp(run: Run) -> int:
    """Return a number that changes with the result; of a live run at most every five seconds."""
    status = run.folder / "status.json"
    try:
        changed = status.stat().st_mtime
    except FileNotFoundError:
        return 0
    complete = (run.folder / "result.json").exists()
    return int(changed * 1e6) if complete else -int(changed // FRESH_S)
