"""Results of stages: every variable by name, read from plans and part files when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import NotFound, RecipeError
from workbench.recipe import Output, Plan, Recipe
from workbench.runs.groups import groups, needs_combine, owner_ranges
from workbench.runs.parts import Part
from workbench.runs.plans import load_plan
from workbench.runs.ranges import offsets
from workbench.runs.records import StageRecord, read_record, write_record
from workbench.runs.stage_reader import Entries, Units
from workbench.runs.text import STRING
from workbench.runs.variables import EDGE, Variable, variables

__all__ = ["Results", "StageRecord", "read_record", "write_record"]

KEY_ROWS = 2**22


class Results(Mapping[str, NDArray[Any]]):
    """Variables of stages by name; cheap to make, each one read once and kept.

    Arrays are read-only.  Text is numpy's StringDType.  Where nothing was computed, dense
    outputs hold their missing value and rows are absent.

    Parameters
    ----------
    folder
        The run's folder.
    recipe
        Its recipe.
    records
        Records of the stages, in order; of a stage that still runs, what there is so far.
    """

    def __init__(self, folder: Path, recipe: Recipe[Any], records: Sequence[StageRecord]) -> None:
        self.folder = folder
        self.recipe = recipe
        self.records = {record.stage: record for record in records}
        self._kept: dict[str, NDArray[Any]] = {}
        self._units: dict[tuple[str, bool], Units] = {}

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self._kept:
            if name not in self.variables:
                # A Mapping's get() and "in" rely on KeyError.
                raise KeyError(NotFound.named("variable", name, self.variables).message)
            array = self.read(name)
            array.flags.writeable = False
            self._kept[name] = array
        return self._kept[name]

    def __contains__(self, name: object) -> bool:
        return name in self.variables

    def __iter__(self) -> Iterator[str]:
        return iter(self.variables)

    def __len__(self) -> int:
        return len(self.variables)

    @property
    def names(self) -> list[str]:
        """Names of all variables."""
        return list(self.variables)

    @cached_property
    def plans(self) -> dict[str, Plan]:
        """The stages' plans."""
        return {
            stage: load_plan(self.folder, stage, record.plan)
            for stage, record in self.records.items()
        }

    @cached_property
    def variables(self) -> dict[str, Variable]:
        """What is known of each variable without reading it."""
        return variables(self.recipe, self.plans)

    @cached_property
    def _row_dims(self) -> dict[str, tuple[str, Output]]:
        outputs = ((stage, o) for stage in self.plans for o in self.recipe.stage(stage).outputs)
        return {o.dims[1]: (stage, o) for stage, o in outputs if o.kind == "rows"}

    def has_dim(self, dim: str) -> bool:
        """Say whether a dim is one of the stages'."""
        planned = any(dim in plan.sizes for plan in self.plans.values())
        return planned or dim in self._row_dims or dim.endswith(EDGE)

    def size(self, dim: str) -> int:
        """Return the length of a dim; of a row dim, how many rows there are."""
        for plan in self.plans.values():
            if dim in plan.sizes:
                return plan.sizes[dim]
        if dim in self._row_dims:
            stage, output = self._row_dims[dim]
            return self._rows(stage, output.name).total
        return self.size(dim.removesuffix(EDGE)) + 1

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a variable."""
        return tuple(self.size(dim) for dim in self.variables[name].dims)

    def read(self, name: str, start: int = 0, stop: int | None = None) -> NDArray[Any]:
        """Return entries ``start .. stop`` along the first axis, reading no more than these."""
        variable = self.variables[name]
        if variable.kind == "coordinate":
            return self.plans[variable.stage].variables[name][1][start:stop].copy()
        if variable.kind == "row_start":
            return self._row_start(variable)[start:stop].copy()
        shape = self.shape(name)
        if shape:
            end = shape[0] if stop is None else min(stop, shape[0])
            shape = (max(0, end - start), *shape[1:])
        dtype = STRING if variable.dtype == "str" else np.dtype(variable.dtype)
        found = np.full(shape, variable.missing, dtype)
        self._fill(variable, start, found)
        return found

    def _fill(self, variable: Variable, start: int, target: NDArray[Any]) -> None:
        stage, output, name = variable.stage, variable.output, variable.name
        units = self._units_of(stage, grouped=self._grouped(variable))
        if variable.kind == "status":
            self._mark_failed(stage, start, target)
            units.copy(units.items, Part.status, start, target)
            return
        entries = units.items if variable.kind in ("item", "owner") else units.rows(output)
        # A scalar of the whole stage stands in its part as one entry.
        flat = target.reshape(1) if target.ndim == 0 else target
        units.copy(entries, lambda part, a, b: part.read(output, name, a, b), start, flat)

    def _mark_failed(self, stage: str, start: int, target: NDArray[Any]) -> None:
        tasks = self.plans[stage].tasks
        for first, last in self.records[stage].failed_tasks:
            for a, b in zip(tasks.start[first:last], tasks.stop[first:last], strict=True):
                target[max(0, int(a) - start) : max(0, int(b) - start)] = 2

    def _grouped(self, variable: Variable) -> bool:
        if variable.kind in ("status", "item"):
            return False
        return needs_combine(self.recipe.stage(variable.stage), self.plans[variable.stage])

    def _rows(self, stage: str, output: str) -> Entries:
        grouped = needs_combine(self.recipe.stage(stage), self.plans[stage])
        return self._units_of(stage, grouped=grouped).rows(output)

    def _units_of(self, stage: str, *, grouped: bool) -> Units:
        if (stage, grouped) not in self._units:
            plan, record = self.plans[stage], self.records[stage]
            if grouped:
                first, last = owner_ranges(plan)
                numbers, _ = groups(plan)
                length = plan.sizes.get(plan.owner or plan.dim, 0)
                refs = record.combined
            else:
                first, last = plan.tasks.start, plan.tasks.stop
                numbers = np.arange(len(plan.tasks))
                length, refs = plan.sizes[plan.dim], record.parts
            self._units[stage, grouped] = Units(self.folder, numbers, first, last, length, refs)
        return self._units[stage, grouped]

    def _row_start(self, variable: Variable) -> NDArray[np.int64]:
        stage = self.recipe.stage(variable.stage)
        output = next(o for o in stage.outputs if o.name == variable.output)
        owner, row = output.dims
        n = self.size(owner)
        counts = np.zeros(n, np.int64)
        last = 0
        for start in range(0, self.size(row), KEY_ROWS):
            key = self.read(output.key[0], start, start + KEY_ROWS)
            if (np.diff(key) < 0).any() or key[0] < last or key[-1] >= n:
                raise RecipeError(
                    f"The rows of {output.name!r} are not sorted by {output.key[0]!r}, or name an "
                    f"{owner} that does not exist (there are {n})."
                )
            counts += np.bincount(key, minlength=n)
            last = int(key[-1])
        return offsets(counts)
