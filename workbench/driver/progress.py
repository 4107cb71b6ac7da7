"""How far a stage is: one byte a task, ranges still to do, failures by task."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.recipe import Plan

NOT_RUN, DONE, FAILED, SKIPPED = 0, 1, 2, 3
ATTEMPTS = 2

Range = tuple[int, int]


class Progress:
    """State of the tasks of one stage, changed only by receipts.

    Attributes
    ----------
    state
        int8, shape (tasks,): not run, done, failed, or skipped because an earlier stage failed.
    failures
        The latest failure of each failed task, as it stands in its receipt.
    parts
        Part files in the order they were written, with the task ranges that they hold.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.state: NDArray[np.int8] = np.zeros(len(plan.tasks), np.int8)
        self.failures: dict[int, dict[str, Any]] = {}
        self.parts: dict[str, dict[str, Any]] = {}
        self.files: dict[tuple[str, int], dict[str, Any]] = {}
        self.todo: deque[Range] = deque()
        self.again: deque[int] = deque()
        self.alone: deque[int] = deque()

    def skip(self, owners_failed: NDArray[np.bool_]) -> None:
        """Leave out the tasks all of whose owners failed in an earlier stage."""
        if not owners_failed.any():
            return
        bad = np.concatenate([[0], np.cumsum(owners_failed[self.plan.owners])])
        columns = self.plan.tasks
        failed = bad[columns.stop] - bad[columns.start]
        skipped = (failed == columns.stop - columns.start) & (self.state == NOT_RUN)
        self.state[skipped] = SKIPPED

    def knows(self, receipt: Mapping[str, Any]) -> bool:
        """Say whether every task and item of a receipt stands in the plan."""
        tasks, items = len(self.state), self.plan.sizes[self.plan.dim]
        return all(stop <= tasks for _, stop in receipt["tasks"]) and all(
            entry["task"] < tasks and all(item < items for item in entry["items"])
            for entry in receipt["failed"]
        )

    def apply(self, receipt: Mapping[str, Any]) -> None:
        """Take in one receipt: done beats failed, the later failure beats the earlier."""
        failed = {e["task"]: e for e in receipt["failed"] if self.state[e["task"]] != DONE}
        if self.failures:
            self._supersede(receipt["tasks"])
        for start, stop in receipt["tasks"]:
            self.state[start:stop] = DONE
        for task, entry in failed.items():
            self.state[task] = FAILED
            self.failures[task] = entry
        if receipt["part"] is not None:
            part = {**receipt["part"], "tasks": [(a, b) for a, b in receipt["tasks"]]}
            self.parts[part["file"]] = part
        for entry in receipt.get("files", ()):
            self.files[(entry["output"], entry["item"])] = entry

    def _supersede(self, tasks: Iterable[Range]) -> None:
        """Tasks that had failed were computed again: older parts no longer speak for them."""
        again = sorted(t for a, b in tasks for t in range(a, b) if t in self.failures)
        if not again:
            return
        for task in again:
            del self.failures[task]
        for part in self.parts.values():
            part["tasks"] = [pair for a, b in part["tasks"] for pair in _without(a, b, again)]

    def compacted(self, fold: Mapping[str, Any]) -> None:
        """Take in a compaction: one part in the place of several.

        One of parts that are unknown here belongs to an earlier plan of the stage.
        """
        if not any(name in self.parts for name in fold["sources"]):
            return
        for name in fold["sources"]:
            self.parts.pop(name, None)
        self.parts[fold["part"]["file"]] = {**fold["part"], "tasks": fold["tasks"]}

    def drop(self, name: str) -> int:
        """Forget a part that is lost or damaged; return how many tasks are to be done again."""
        lost = np.zeros(len(self.state), bool)
        for start, stop in self.parts.pop(name)["tasks"]:
            lost[start:stop] = True
        for part in self.parts.values():
            for start, stop in part["tasks"]:
                lost[start:stop] = False
        self.state[lost] = NOT_RUN
        for task in [task for task in self.failures if lost[task]]:
            del self.failures[task]
        return int(lost.sum())

    def lose_file(self, key: tuple[str, int]) -> None:
        """Have the task computed again that wrote a file which is lost or damaged."""
        del self.files[key]
        columns = self.plan.tasks
        task = int(np.searchsorted(columns.start, key[1], side="right")) - 1
        self.state[task] = NOT_RUN

    def prepare(self, *, retry: bool | Collection[int]) -> None:
        """Work out what is still to do, after the receipts of earlier drivers.

        Parameters
        ----------
        retry
            Whether failed tasks are computed again, or the failed items whose tasks are.
        """
        if retry is True:
            self.state[self.state == FAILED] = NOT_RUN
        elif retry:
            wanted = set(retry)
            chosen = [t for t, entry in self.failures.items() if wanted & set(entry["items"])]
            self.state[[t for t in chosen if self.state[t] == FAILED]] = NOT_RUN
        for task, entry in self.failures.items():
            if self.state[task] == FAILED and entry["attempts"] < ATTEMPTS:
                self.again.append(task)
        self.todo = deque(runs_of(self.state == NOT_RUN))

    def missed(self, tasks: Iterable[Range]) -> None:
        """Put ranges back in front: they came back undone."""
        for start, stop in reversed(list(tasks)):
            if stop > start:
                self.todo.appendleft((start, stop))

    @property
    def waiting(self) -> bool:
        """Whether something can be sent now."""
        return bool(self.todo or self.again or self.alone)

    def count(self) -> dict[str, int]:
        """Return ``{tasks, tasks_done, tasks_failed}``."""
        counts = np.bincount(self.state, minlength=4)
        return {
            "tasks": len(self.state),
            "tasks_done": int(counts[DONE]),
            "tasks_failed": int(counts[FAILED]),
        }

    def item_status(self) -> NDArray[np.int8]:
        """Return 0 not run, 1 done, 2 failed for every item, shape (items,)."""
        found = np.zeros(self.plan.sizes[self.plan.dim], np.int8)
        columns = self.plan.tasks
        lengths = columns.stop - columns.start
        per_item = np.repeat(np.where(self.state == SKIPPED, NOT_RUN, self.state), lengths)
        offsets = np.repeat(columns.start - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
        found[np.arange(len(per_item)) + offsets] = per_item
        for task, entry in self.failures.items():
            if self.state[task] == FAILED:
                found[columns.start[task] : columns.stop[task]] = DONE
                found[np.asarray(entry["items"], np.int64)] = FAILED
        return found


def _without(start: int, stop: int, tasks: Sequence[int]) -> list[Range]:
    """Return a range without some tasks, which are given in ascending order."""
    low, high = bisect_left(tasks, start), bisect_left(tasks, stop)
    edges = [start, *(edge for task in tasks[low:high] for edge in (task, task + 1)), stop]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]


def runs_of(mask: NDArray[np.bool_]) -> list[Range]:
    """Return the half-open ranges where `mask` is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
