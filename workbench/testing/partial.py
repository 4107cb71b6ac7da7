"""Runs that are not complete: what front ends ask for while they go on, and once they stopped."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from workbench.runs.handle import Run
from workbench.runs.items import items_page
from workbench.runs.records import record_file
from workbench.runs.shards import RESULT
from workbench.runs.table import ResultTable
from workbench.testing.suite import Suite


class PartialTests(Suite):
    """Whoever looks at a run on its way sees what is there, and no error."""

    def test_it_is_shown_at_every_stage(self, kept: Path, tmp_path: Path) -> None:
        """Figures, table and items of a run that has come so far and no further."""
        folder = shutil.copytree(kept, tmp_path / kept.name)
        for state in stopped(folder, [stage.name for stage in self.recipe.stages]):
            try:
                run = Run(folder)
                with run.open(partial=True) as found:
                    for chart in run.charts(found).values():
                        chart.to_dict()
                    ResultTable(self.recipe, found).page()
                    items_page(self.recipe, found, run.failures())
            except Exception as error:
                raise AssertionError(f"A run that has {state} cannot be shown: {error}") from error


def stopped(folder: Path, stages: list[str]) -> Iterator[str]:
    """Take a finished run back step by step, to before its first plan.

    Yields
    ------
    str
        What the run has now.
    """
    (folder / "result.json").unlink()
    shutil.rmtree(folder / RESULT)
    shutil.rmtree(folder / "figures", ignore_errors=True)
    yield "all of its stages"
    for number in range(len(stages) - 1, -1, -1):
        name = stages[number]
        (folder / record_file(name)).unlink()
        yield f"every task of stage {name}, but no record of it"
        _forget(folder, name, 0.5)
        yield f"half of the tasks of stage {name}"
        _forget(folder, name, 0.0)
        yield f"the plan of stage {name}, and no task of it"
        (folder / "plans" / f"{name}.npz").unlink()
        yield f"its stages before {name}"


def _forget(folder: Path, stage: str, share: float) -> None:
    """Keep a share of a stage's receipts, the first ones; a fold of what has none counts not."""
    for journal in folder.glob("tasks.*.jsonl"):
        lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
        mine = [line for line in lines if json.loads(line).get("stage") == stage]
        lost = set(mine[int(share * len(mine)) :])
        journal.write_text("".join(line for line in lines if line not in lost), encoding="utf-8")
