"""Run: the handle of one run, by its folder; it holds nothing that the disk does not."""

from __future__ import annotations

import contextlib
import importlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import registry
from workbench.errors import Refused
from workbench.process import start_ticks
from workbench.runs.driver_job import awaited
from workbench.runs.files import read_json, replace_json
from workbench.runs.journal import read_epochs, standing_failures
from workbench.runs.lock import Holder, held, lost, now, read_lock
from workbench.runs.manifest import Manifest, read_manifest
from workbench.runs.spawn import Detached, Guard, Started, Starter
from workbench.runs.status import FINAL, describe, read_status, write_status

if TYPE_CHECKING:
    import xarray

POLL_S = 0.25
BORN_S = 10.0


class Run:
    """One run.

    Parameters
    ----------
    folder
        The run folder.
    starter
        Who starts its drivers; in a session of their own on this host when left out.

    Attributes
    ----------
    started
        How its driver was started, where that was done by this handle.
    """

    def __init__(self, folder: Path, starter: Starter | None = None) -> None:
        self.folder = folder
        self.id = folder.name
        self.started: Started | None = None
        self._starter: Starter = starter or Detached()

    def __repr__(self) -> str:
        return f"<Run {self.id}: {self.state}>"

    @property
    def manifest(self) -> Manifest:
        """What the run was asked to do."""
        return read_manifest(self.folder)

    @property
    def state(self) -> str:
        """One word: queued, running, completed, ... (see ``docs/run-folder.md``)."""
        return str(self.describe()["state"])

    @property
    def driven(self) -> bool:
        """Whether a driver holds the run, as far as can be told from here."""
        holder = read_lock(self.folder)
        # Whether its driver lives does not hang on what the run was asked to do.
        if holder is None or lost(self.folder, holder):
            return False
        return self.state not in FINAL

    def describe(self) -> dict[str, Any]:
        """Return the document that ``workbench run show --json`` prints."""
        return describe(self.folder)

    def wait(
        self,
        timeout_s: float | None = None,
        on_change: Callable[[dict[str, Any]], None] | None = None,
    ) -> dict[str, Any]:
        """Wait for the end of the run, restarting its driver when that dies.

        Parameters
        ----------
        timeout_s
            Give up waiting (not the run) after so many seconds.
        on_change
            Called with :meth:`describe` a few times a second.

        Raises
        ------
        TimeoutError
            When the time is over first.
        """
        guard = Guard(self.folder, self._starter)
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            found = self.describe()
            if on_change is not None:
                on_change(found)
            if found["state"] in FINAL or guard.exhausted:
                return found
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError(f"Run {self.id} is still {found['state']} after {timeout_s} s.")
            guard.look()
            time.sleep(POLL_S)

    def stop(self) -> None:
        """Ask the driver to stop; batches under way are finished first."""
        state = self.state
        if state in FINAL:
            raise Refused(f"Run {self.id} is {state} already: there is nothing to stop.")
        replace_json(self.folder / "control" / "stop.json", {"asked": now()})
        if state == "interrupted" or (state == "queued" and awaited(self.folder)):
            # A moment's work: no job is needed for it.
            Detached().start(self.folder)

    def resume(self) -> None:
        """Start a driver for a run that was stopped, interrupted or failed.

        Raises
        ------
        Refused
            When a driver holds the run, also one that was started at the same moment; or when
            the run is complete.
        """
        holder = read_lock(self.folder)
        state = self.state
        if holder is not None and self.driven:
            raise held(holder)
        job = awaited(self.folder)
        if job is not None and self._starter.coming(self.folder):
            raise Refused(
                f"Run {self.id} goes on as soon as its driver starts: {job}. Nothing is to be "
                f"done; to stop the run: workbench run stop {self.id}",
                code="held",
            )
        if state in ("completed", "completed_with_failures"):
            hint = f" Compute its failed items again: workbench run retry {self.id}"
            raise Refused(
                f"Run {self.id} is complete: there is nothing to resume."
                f"{hint if state != 'completed' else ''}"
            )
        if state == "failed":
            again = {"asked": now(), "verify": True}
            replace_json(self.folder / "control" / "retry.json", again)
        self._start()

    def retry(self, items: Mapping[str, Sequence[int]] | None = None) -> None:
        """Compute failed items once more.

        Parameters
        ----------
        items
            Which of them, by stage; all when left out.  What failed together with one of them,
            in one task, is computed with it.

        Raises
        ------
        Refused
            When nothing failed, the run is not at its end, or an item of `items` is no failed
            one.
        """
        found = self.describe()
        if found["state"] not in FINAL:
            raise Refused(f"Run {self.id} is {found['state']}: wait for its end, then retry.")
        if found["state"] == "completed":
            raise Refused(f"Run {self.id} is complete and nothing failed: nothing to retry.")
        asked: dict[str, Any] = {"asked": now()}
        if items is not None:
            asked["items"] = self._failed(items)
        replace_json(self.folder / "control" / "retry.json", asked)
        self._start()

    def _failed(self, items: Mapping[str, Sequence[int]]) -> dict[str, list[int]]:
        """Return the items, each of which has to be a failed one."""
        failed = {(entry["stage"], item) for entry in self.failures() for item in entry["items"]}
        wanted = [(stage, item) for stage, chosen in items.items() for item in chosen]
        wrong = [f"{stage} {item}" for stage, item in wanted if (stage, item) not in failed]
        if wrong or not wanted:
            told = f"{', '.join(wrong[:5])} did not fail" if wrong else "no item is named"
            raise Refused(
                f"Run {self.id} has {len(failed)} failed items, but {told}: name some of those, "
                "or none to compute all of them again."
            )
        return {stage: sorted(set(chosen)) for stage, chosen in items.items()}

    def accepted_code(self) -> tuple[str, ...]:
        """Return the code hashes under which this run may go on."""
        later = read_json(self.folder / "control" / "code.json") or {}
        return (self.manifest.code_hash, *later.values())

    def failures(self) -> list[dict[str, Any]]:
        """Return the failed items: ``{stage, task, items, code, message, attempts, ...}``."""
        holder = read_lock(self.folder)
        receipts = read_epochs(self.folder, "tasks", holder.epoch if holder else 0)
        where = ("stage", "cluster", "worker", "host")
        return [
            {**{name: line[name] for name in where}, **entry}
            for line, entry in standing_failures(receipts).values()
        ]

    def open(self, *, partial: bool = False) -> xarray.Dataset:
        """Return the result as a labelled xarray Dataset, read lazily.

        Parameters
        ----------
        partial
            Take what is there, of a run that goes on or has ended early; the ``*_status``
            variables say what that is.

        Raises
        ------
        DamagedResult
            When the result is not complete, or a piece of it is missing or altered.
        """
        reader = importlib.import_module("workbench.runs.reader")
        found: xarray.Dataset = (reader.open_partial if partial else reader.open_result)(
            self.folder
        )
        return found

    def charts(self, dataset: xarray.Dataset | None = None) -> dict[str, Any]:
        """Return the figures that the recipe draws, as altair charts by name.

        Of a part of a result there are none as long as a declared variable is not there: a
        stage that has no plan yet has no dims.

        Parameters
        ----------
        dataset
            The result, or a part of it; opened when left out.
        """
        recipe = registry.resolve(self.manifest.recipe)
        draw = recipe.figures
        if draw is None:
            return {}
        parameters = self.manifest.load(recipe, self.folder)
        found = self.open() if dataset is None else dataset
        if found.attrs.get("partial") and not recipe.declared <= set(found.variables):
            return {}
        return dict(registry.asked(f"Drawing {recipe.id}", lambda: draw(found, parameters)))

    def verify(self) -> dict[str, Any]:
        """Read every byte of the result and compare: ``{sound, problems: [{file, message}]}``."""
        reader = importlib.import_module("workbench.runs.reader")
        problems = reader.verify(self.folder)
        return {"sound": not problems, "problems": problems}

    def log(self, lines: int = 200) -> Iterator[str]:
        """Yield the last lines of the run's log."""
        try:
            text = (self.folder / "log").read_text(errors="replace")
        except FileNotFoundError:
            return
        yield from text.splitlines()[-lines:]

    def _start(self) -> None:
        (self.folder / "control" / "stop.json").unlink(missing_ok=True)
        holder = read_lock(self.folder)
        status = read_status(self.folder)
        status.update(state="queued", error=None, message="", ended=None, stages=[])
        status["after_epoch"] = holder.epoch if holder else 0
        write_status(self.folder, status)
        self.start()
        if self.started is not None and self.started.pid is not None:
            self._born(self.started.pid, holder)

    def start(self) -> None:
        """Start a driver."""
        # From now on it has its time to begin.
        with contextlib.suppress(OSError):
            os.utime(self.folder / "status.json")
        self.started = self._starter.start(self.folder)

    def _born(self, pid: int, last: Holder | None) -> None:
        """Wait until the driver that was started holds the run, or tell who does instead."""
        ticks = start_ticks(pid)
        deadline = time.monotonic() + BORN_S
        while True:
            running = ticks is not None and start_ticks(pid) == ticks
            holder = read_lock(self.folder)
            taken = holder is not None and (last is None or holder.epoch > last.epoch)
            if taken or not running or time.monotonic() > deadline:
                break
            time.sleep(POLL_S / 10)
        if holder is not None and taken and holder.pid != pid and not lost(self.folder, holder):
            raise held(holder)
