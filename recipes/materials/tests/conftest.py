"""A run in one process, without driver, workers or disk: for the recipe's own arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench import KernelContext, Parameters, Plan, Recipe, Stage, Task
from workbench.worker.outputs import Checked, Declared


class Context(KernelContext):
    device = "cpu"
    state = None
    seed = 0

    def __init__(self, results: dict[str, Any], scratch: Path) -> None:
        self._results = results
        self._scratch = scratch
        self._kept: dict[str, Any] = {}

    @property
    def results(self) -> Mapping[str, Any]:
        return self._results

    @property
    def scratch(self) -> Path:
        return self._scratch

    def file(self, output: str, index: int) -> Path:
        raise AssertionError("materials.elastic writes no files")

    def cache(self, key: str, build: Callable[[], Any], share: str = "process") -> Any:
        if key not in self._kept:
            self._kept[key] = build()
        return self._kept[key]


class Outcome:
    """What a run left: ``results``, and ``failed``: {(stage, item): what was raised}."""

    def __init__(self, recipe: Recipe[Any], parameters: Parameters, scratch: Path) -> None:
        self.results: dict[str, Any] = {}
        self.failed: dict[tuple[str, int], Exception] = {}
        self.context = Context(self.results, scratch)
        for stage in recipe.stages:
            self._run(stage, parameters)

    def __getitem__(self, name: str) -> Any:
        return self.results[name]

    def _run(self, stage: Stage[Any], parameters: Parameters) -> None:
        plan = stage.plan(parameters, self.results)
        self.results.update({name: values for name, (_, values) in plan.variables.items()})
        declared = Declared(stage, plan)
        status = np.zeros(plan.sizes[plan.dim], np.int8)
        found: dict[int, Checked] = {}
        for number, start in enumerate(plan.tasks.start.tolist()):
            task = _task(plan, number)
            try:
                kept = declared.check(task, stage.kernel(task, parameters, self.context))
            except Exception as error:
                self.failed[stage.name, start] = error
                status[task.start : task.stop] = 2
            else:
                status[task.start : task.stop] = 1
                found[start] = kept
        self.results[f"{stage.name}_status"] = status
        self._keep(stage, plan, found)

    def _keep(self, stage: Stage[Any], plan: Plan, found: dict[int, Checked]) -> None:
        n = plan.sizes[plan.dim]
        for output in stage.outputs:
            if output.kind == "rows":
                for column in output.columns:
                    parts = [kept.rows[output.name][column.name] for kept in found.values()]
                    self.results[column.name] = np.concatenate([np.empty(0, column.dtype), *parts])
                owners = self.results[output.key[0]]
                start = np.searchsorted(owners, np.arange(n + 1))
                self.results[f"{output.name}_row_start"] = start
                continue
            shape = (n, *(plan.sizes[dim] for dim in output.dims[1:]))
            text = output.dtype == "str"
            array = np.full(
                shape, output.missing, np.dtypes.StringDType() if text else output.dtype
            )
            for start, kept in found.items():
                values = kept.arrays[output.name]
                array[start : start + len(values)] = values
            self.results[output.name] = array


def _task(plan: Plan, number: int) -> Task:
    start, stop = int(plan.tasks.start[number]), int(plan.tasks.stop[number])
    return Task(
        number=number,
        start=start,
        stop=stop,
        group=int(plan.tasks.group[number]),
        owners=(start, stop),
        variables=plan.variables,
        dim=plan.dim,
    )


@pytest.fixture
def run_here(tmp_path: Path) -> Callable[[Recipe[Any], Parameters], Outcome]:
    """Run every stage of a recipe in this process."""
    return lambda recipe, parameters: Outcome(recipe, parameters, tmp_path)
