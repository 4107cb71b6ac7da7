"""Runs from end to end: a labelled result, and one that went through two deaths."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from workbench.runs.files import read_json
from workbench.runs.handle import Run
from workbench.runs.journal import read_lines
from workbench.testing.equality import EqualityTests, same
from workbench.testing.home import Home, completed

FIRST_RECEIPT_S = 60.0
TRIES = 3


class RunTests(EqualityTests):
    """A run leaves what the recipe declares, also when it was killed on the way."""

    def test_the_result_is_labelled(self, home: Home, unbroken: Path) -> None:
        """Every declared variable is there with its dims and unit, and every byte is sound."""
        shown = home.call("run", "show", unbroken.name, "--verify")
        assert shown["verify"]["sound"], shown["verify"]["problems"]
        outputs = [o for stage in self.recipe.stages for o in stage.outputs]
        outputs += self.recipe.summary
        with Run(unbroken).open() as result:
            for output in outputs:
                for column in output.columns or ((output,) if output.kind == "dense" else ()):
                    dims = output.dims[1:] if output.columns else output.dims
                    found = result.variables[column.name]
                    assert found.dims == dims, f"{column.name} has dims {found.dims}, not {dims}"
                    assert found.attrs.get("units") == column.unit, f"{column.name} lost its unit"

    def test_a_killed_run_is_resumed_to_equal_arrays(self, home: Home, unbroken: Path) -> None:
        """Driver and one worker are killed; what was finished stays, and the rest follows."""
        folder = _killed(home)
        finished = set(_finished(folder, 1))
        completed(home.call("run", "resume", folder.name, "--wait", WORKBENCH_BATCH_S="0"))
        again = finished & set(_finished(folder, 2))
        assert not again, f"computed twice, although finished (stage, task): {sorted(again)}"
        same(unbroken, folder)


def _killed(home: Home) -> Path:
    """Start a run, kill its driver and a worker on the way, and return its folder."""
    for _ in range(TRIES):
        worker = home.call("cluster", "show", home.cluster("three"))["worker_processes"][0]
        folder = home.start("three", WORKBENCH_BATCH_S="0")
        _wait_for_a_receipt(folder)
        os.kill(read_json(folder / "driver.lock")["pid"], signal.SIGKILL)
        os.kill(worker["pid"], signal.SIGKILL)
        if not (folder / "result.json").exists():
            return folder
    raise AssertionError(f"over before it could be killed, {TRIES} times: give `tiny` more tasks")


def _wait_for_a_receipt(folder: Path) -> None:
    journal = folder / "tasks.1.jsonl"
    deadline = time.monotonic() + FIRST_RECEIPT_S
    while not journal.exists() or journal.stat().st_size == 0:
        assert time.monotonic() < deadline, f"no batch came back; see {folder / 'log'}"
        time.sleep(0.005)


def _finished(folder: Path, epoch: int) -> Iterator[tuple[str, int]]:
    """Tasks that stand in the journal of one driver as done, by stage."""
    for line in read_lines(folder / f"tasks.{epoch}.jsonl"):
        failed = {entry["task"] for entry in line["failed"]}
        for start, stop in line["tasks"]:
            yield from ((line["stage"], t) for t in range(start, stop) if t not in failed)
