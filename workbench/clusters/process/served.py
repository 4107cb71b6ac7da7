"""The runs that a cluster serves: whose drivers it restarts, and how much work they announce."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.clusters.drivers import Drivers
from workbench.clusters.folder import ClusterFolder
from workbench.errors import DamagedResult, Refused
from workbench.runs.spawn import Guard
from workbench.runs.status import FINAL, read_status

LOG = logging.getLogger(__name__)


@dataclass
class ServedRuns:
    """Runs that drivers registered in the Dask scheduler's metadata, or submitters announced.

    An entry is ``{run_id: {"folder": str, "remaining_workers": int}}``, the latter being how many
    workers the rest of the run could keep busy.

    Parameters
    ----------
    folder, generation
        Where runs are announced, and to whom.
    """

    folder: ClusterFolder
    generation: int
    guards: dict[str, Guard] = field(default_factory=dict)
    drivers: Drivers = field(default_factory=Drivers)

    def look(self, entries: Mapping[str, Any]) -> list[str]:
        """Restart drivers that are due; return the runs that are still alive.

        Reads files: not for an event loop.
        """
        announced = self.folder.announced(self.generation)
        living = []
        for run_id, entry in {**announced, **entries}.items():
            guard = self.guards.setdefault(run_id, Guard(Path(entry["folder"]), self.drivers))
            try:
                if self._look(run_id, guard):
                    living.append(run_id)
            except DamagedResult as error:
                # Deleted just now, or beyond what another driver could do.
                LOG.warning("run %s is not watched: %s", run_id, error)
            except (OSError, ValueError, Refused) as error:
                # A file system that is full or away, no room for a process: not the run's end.
                LOG.warning("run %s cannot be looked at: %s", run_id, error)
                living.append(run_id)
        for run_id in announced.keys() - living:
            self.folder.forget_run(run_id)
        self.guards = {run_id: self.guards[run_id] for run_id in (*announced, *entries)}
        return living

    def _look(self, run_id: str, guard: Guard) -> bool:
        if not guard.folder.exists() or read_status(guard.folder)["state"] in FINAL:
            return False
        if guard.look():
            LOG.warning("driver of run %s is gone: restarted, time %d", run_id, guard.restarts)
        if guard.exhausted:
            LOG.error(
                "driver of run %s died %d times: not restarted again. workbench run resume %s",
                run_id,
                guard.restarts + 1,
                run_id,
            )
            return False
        return True


def remaining_workers(entries: Mapping[str, Any]) -> int:
    """Return how many workers all runs together could keep busy."""
    return sum(max(0, int(entry.get("remaining_workers") or 0)) for entry in entries.values())
