"""What the driver says of its run: ``status.json``, twice a second and without bulk data."""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.driver.link import Link
from workbench.driver.progress import Progress
from workbench.driver.stage import StageRun
from workbench.errors import WorkbenchError
from workbench.recipe import Plan
from workbench.runs.folder import folder_bytes
from workbench.runs.keys import keys_digest
from workbench.runs.lock import now
from workbench.runs.manifest import Manifest
from workbench.runs.status import empty_status, write_status

RESERVE_BYTES = 256 * 2**10
BYTES_S = 10.0
LEFT_S = 10.0


class Report:
    """Keeps the status of one run on disk.

    A small reserve file is given up when the disk is full, so that this can still be said.
    """

    def __init__(self, folder: Path, manifest: Manifest, items_dim: str = "") -> None:
        self.folder = folder
        self.status = empty_status(manifest.items)
        self.items_dim = items_dim
        self.failed: dict[str, NDArray[np.bool_]] = {}
        self._stage: StageRun | None = None
        self._keys: Thread | None = None
        self._bytes_due = 0.0
        self._written = ""
        self._done: Counter[str] = Counter()
        self._make_reserve()

    def say(self, state: str, message: str = "") -> None:
        """Write a state."""
        self.status["state"] = state
        self.status["message"] = message
        self._write()

    def begin(self, name: str, stage: StageRun, base: bytes) -> None:
        """Begin a stage; its task keys are hashed beside the work."""
        entry = {"name": name, "round": 0, **stage.progress.count(), "keys_sha256": ""}
        self.status["stages"].append(entry)
        self._stage = stage
        self.items_dim = self.items_dim or stage.progress.plan.dim
        plan = stage.progress.plan
        self._keys = Thread(target=lambda: entry.update(keys_sha256=keys_digest(base, plan)))
        self._keys.start()
        self._try_to_write()

    def end(self) -> str:
        """Return the digest of the task keys of the stage that ended."""
        stage, keys = self._stage, self._keys
        if stage is None or keys is None:
            raise RuntimeError("no stage has begun")
        keys.join()
        entry = self.status["stages"][-1]
        entry.update(stage.progress.count())
        for dim, failed in self._failures(stage.progress).items():
            known = self.failed.get(dim, np.zeros(len(failed), bool))
            self.failed[dim] = known | failed if len(known) == len(failed) else failed
        self._count_items(stage.progress)
        self._stage = None
        self._try_to_write()
        return str(entry["keys_sha256"])

    def failed_owners(self, plan: Plan) -> NDArray[np.bool_]:
        """Return which owners of a plan failed in an earlier stage, shape (owners,)."""
        dim = plan.owner or plan.dim
        n = self._length(plan, dim)
        failed = self.failed.get(dim)
        return failed if failed is not None and len(failed) == n else np.zeros(n, bool)

    def _length(self, plan: Plan, dim: str) -> int:
        """Return how long a dim is: as the plan says, or as an earlier stage's did."""
        if dim in plan.sizes:
            return plan.sizes[dim]
        needed = int(plan.owners.max(initial=-1)) + 1
        return max(needed, len(self.failed.get(dim, ())))

    def count(self, receipt: Mapping[str, Any]) -> None:
        """Count what a cluster has done."""
        done = sum(b - a for a, b in receipt["tasks"]) - len(receipt["failed"])
        self._done[receipt["cluster"]] += done

    def progress(self, links: Sequence[Link], *, stopping: bool) -> None:
        """Write how far the run is."""
        self.status["state"] = "stopping" if stopping else self._state(links)
        problems = [trouble(link, several=len(links) > 1) for link in links]
        self.status["message"] = "; ".join(filter(None, problems))
        stage = self._stage
        if stage is not None:
            self.status["stages"][-1].update(stage.progress.count())
            self._count_items(stage.progress)
            self.status["left_s"] = stage.lanes.expected_s()
            for link, wanted in zip(links, stage.lanes.wanted_workers(links, LEFT_S), strict=True):
                link.wanted_workers = wanted
        self.status["workers"] = sum(link.workers for link in links)
        self.status["per_cluster"] = [
            {
                "name": link.name,
                "workers": link.workers,
                "tasks_done": self._done[link.name],
                "rate": stage.lanes.rate(link) if stage is not None else None,
                "problem": link.barred or link.problem,
            }
            for link in links
        ]
        self._write()

    def _state(self, links: Sequence[Link]) -> str:
        """Return the state of a run that goes on."""
        if any(link.usable for link in links):
            return "running"
        begun = any(stage["tasks_done"] for stage in self.status["stages"])
        hopeless = all(link.refused or link.barred for link in links)
        return "waiting" if begun or hopeless else "starting"

    def no_room(self, message: str) -> None:
        """Say that the disk is full, with the room of the reserve."""
        (self.folder / ".reserve").unlink(missing_ok=True)
        self.status["error"] = {"code": "no_space", "message": message}
        self.status.update(state="waiting", message=message)
        self._try_to_write()

    def room(self) -> None:
        """There is room again."""
        self.status["error"] = None
        self._make_reserve()
        self.status.update(state="running", message="")
        self._try_to_write()

    def final(self, state: str, error: WorkbenchError | None = None) -> None:
        """Write the last word."""
        self.status["ended"] = now()
        self.status["left_s"] = None
        for cluster in self.status["per_cluster"]:
            cluster.update(workers=0, rate=None, tasks_done=self._done[cluster["name"]])
        if error is not None:
            self.status["error"] = {"code": error.code, "message": error.message}
        (self.folder / ".reserve").unlink(missing_ok=True)
        self._bytes_due = 0.0
        self.say(state, error.message if error else "")

    def _count_items(self, progress: Progress) -> None:
        """Count what users count: items of the first owner dim, failed once if at all."""
        plan = progress.plan
        if self.items_dim not in (plan.dim, plan.owner):
            return
        total = self._length(plan, self.items_dim)
        failed = np.zeros(total, bool)
        earlier = self.failed.get(self.items_dim)
        if earlier is not None and len(earlier) == total:
            failed |= earlier
        status = progress.item_status()
        owners = plan.owners if plan.owner == self.items_dim else np.arange(total)
        unfinished = np.zeros(total, bool)
        unfinished[owners[status == 0]] = True
        failed[owners[status == 2]] = True
        counts = int(failed.sum()), int((unfinished & ~failed).sum())
        self.status["items"] = {
            "total": total,
            "done": total - counts[0] - counts[1],
            "failed": counts[0],
            "not_run": counts[1],
        }

    def _failures(self, progress: Progress) -> dict[str, NDArray[np.bool_]]:
        """Return which items, and which of their owners, failed or could not be run."""
        plan = progress.plan
        status = progress.item_status()
        found = {plan.dim: status != 1}
        if plan.owner is not None:
            owners = np.zeros(self._length(plan, plan.owner), bool)
            owners[plan.owners[status != 1]] = True
            found[plan.owner] = owners
        return found

    def _make_reserve(self) -> None:
        try:
            (self.folder / ".reserve").write_bytes(os.urandom(RESERVE_BYTES))
        except OSError:
            (self.folder / ".reserve").unlink(missing_ok=True)

    def _try_to_write(self) -> None:
        """Write the status, or leave that to the next time on a full disk."""
        with contextlib.suppress(OSError):
            self._write()

    def _write(self) -> None:
        clock = time.monotonic()
        if clock >= self._bytes_due:
            self._bytes_due = clock + BYTES_S
            self.status["bytes"] = folder_bytes(self.folder)
        text = repr(self.status)
        if text != self._written:
            write_status(self.folder, self.status)
            self._written = text


def trouble(link: Link, *, several: bool) -> str:
    """Return why a cluster cannot be used, with its name where there are several."""
    if link.barred:
        return f"{link.name} is left out: {link.barred}"
    named = not several or link.name in link.problem
    return link.problem if named or not link.problem else f"{link.name}: {link.problem}"
