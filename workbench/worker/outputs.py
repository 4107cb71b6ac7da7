"""What a kernel returned, held against what its stage declared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import RecipeError
from workbench.recipe import Output, Plan, Stage, Task
from workbench.runs.combine import sort_rows
from workbench.runs.pieces import check_owners
from workbench.runs.typed import typed

DONE = 1
FAILED = 2


class Declared:
    """The outputs of one stage under one plan, with their shapes worked out."""

    def __init__(self, stage: Stage[Any], plan: Plan) -> None:
        self.stage = stage
        self.plan = plan
        self.names = {output.name for output in stage.outputs}
        self.dense = [o for o in stage.outputs if o.kind == "dense"]
        self.rows = [o for o in stage.outputs if o.kind == "rows"]
        self.files = [o for o in stage.outputs if o.kind == "file"]
        self.trailing = {
            o.name: tuple(plan.sizes[dim] for dim in (o.dims if _fixed(o, plan) else o.dims[1:]))
            for o in self.dense
        }
        self.owned = {o.name for o in self.dense if not _fixed(o, plan) and o.dims[0] != plan.dim}
        self.fixed = {o.name for o in self.dense if _fixed(o, plan)}

    def check(self, task: Task, given: Any) -> Checked:
        """Return host arrays of the declared types, and which items hold NaN.

        Raises
        ------
        RecipeError
            When names, shapes or types are not as declared.
        """
        if not isinstance(given, Mapping):
            raise RecipeError(f"the kernel returned {type(given).__name__}, not {{output: array}}")
        if set(given) != self.names:
            raise RecipeError(_names_differ(self.names, set(given)))
        arrays = {o.name: self._dense(o, task, given[o.name]) for o in self.dense}
        rows = {o.name: _rows(o, given[o.name]) for o in self.rows}
        files = {o.name: _files(o, task, given[o.name]) for o in self.files}
        for output in self.rows:
            check_owners(output, rows[output.name], task.owners)
        bad = np.zeros(len(task), bool)
        for output in self.dense:
            if not output.allow_nan and arrays[output.name].dtype.kind in "fc":
                bad |= self._nan_items(output, arrays[output.name], len(task))
        return Checked(arrays, rows, files, bad)

    def blanked(self, task: Task, checked: Checked) -> Checked:
        """Put missing values where items hold NaN, and leave out their rows.

        What has an owner is blanked by the combination, which knows of all its items.
        """
        arrays = dict(checked.arrays)
        for output in self.dense:
            if output.name not in self.owned | self.fixed:
                arrays[output.name] = arrays[output.name].copy()
                arrays[output.name][checked.bad] = output.missing
        rows = checked.rows
        if self.plan.owner is None:
            lost = np.flatnonzero(checked.bad) + task.start
            rows = {o.name: sort_rows(o, rows[o.name], without=lost) for o in self.rows}
        return Checked(arrays, rows, checked.files, checked.bad)

    def _dense(self, output: Output, task: Task, value: Any) -> NDArray[Any]:
        array = to_host(value)
        shape = self.trailing[output.name]
        if output.name in self.owned:
            shape = (task.owners[1] - task.owners[0], *shape)
        elif output.name not in self.fixed:
            shape = (len(task), *shape)
        if array.shape != shape:
            raise RecipeError(
                f"output {output.name!r} has shape {array.shape}, but dims {output.dims} mean "
                f"{shape} for this task"
            )
        return typed(output, array, casting=False)

    def _nan_items(self, output: Output, array: NDArray[Any], n: int) -> NDArray[np.bool_]:
        missing = np.isnan(array)
        if output.name in self.owned or output.name in self.fixed:
            return np.full(n, bool(missing.any()))
        found: NDArray[np.bool_] = missing.reshape(n, -1).any(axis=1)
        return found


class Checked:
    """Arrays, rows and files of one task, checked."""

    def __init__(
        self,
        arrays: dict[str, NDArray[Any]],
        rows: dict[str, dict[str, NDArray[Any]]],
        files: dict[str, list[Path]],
        bad: NDArray[np.bool_],
    ) -> None:
        self.arrays = arrays
        self.rows = rows
        self.files = files
        self.bad = bad

    def joined(self, other: Checked) -> Checked:
        """Return this half of a task and the next one as a whole."""
        arrays = {k: np.concatenate([v, other.arrays[k]]) for k, v in self.arrays.items()}
        rows = {
            o: {c: np.concatenate([v, other.rows[o][c]]) for c, v in columns.items()}
            for o, columns in self.rows.items()
        }
        files = {k: v + other.files[k] for k, v in self.files.items()}
        return Checked(arrays, rows, files, np.concatenate([self.bad, other.bad]))


def to_host(value: Any) -> NDArray[Any]:
    """Return a numpy array of any Array API object, from its device if need be."""
    if isinstance(value, np.ndarray):
        return value
    if hasattr(value, "resolve_conj"):
        # torch, on whatever device; numpy has no type for its shortest floats.
        value = value.float() if str(value.dtype) == "torch.bfloat16" else value
        return np.asarray(value.numpy(force=True))
    if hasattr(value, "__cuda_array_interface__"):
        return np.asarray(value.get())
    try:
        return np.asarray(value)
    except RuntimeError:
        # On a device that numpy does not reach by itself.
        if not hasattr(value, "__dlpack__"):
            raise
        return np.from_dlpack(value, device="cpu")


def _fixed(output: Output, plan: Plan) -> bool:
    """Say whether the output has neither the task dim nor the owner dim in front."""
    return not output.dims or output.dims[0] not in (plan.dim, plan.owner)


def _rows(output: Output, given: Any) -> dict[str, NDArray[Any]]:
    names = {column.name for column in output.columns}
    if not isinstance(given, Mapping):
        said = type(given).__name__
        raise RecipeError(f"rows {output.name!r}: {said} was returned, not {{column: values}}")
    if set(given) != names:
        raise RecipeError(f"rows {output.name!r}: {_names_differ(names, set(given))}")
    columns = {c.name: typed(c, to_host(given[c.name]), casting=False) for c in output.columns}
    lengths = {name: array.shape for name, array in columns.items()}
    if len(set(lengths.values())) > 1 or any(len(shape) != 1 for shape in lengths.values()):
        raise RecipeError(f"rows {output.name!r}: columns differ in length: {lengths}")
    for column in output.columns:
        values = columns[column.name]
        if values.dtype.kind == "f" and not column.allow_nan and np.isnan(values).any():
            raise RecipeError(f"rows {output.name!r}: column {column.name!r} holds NaN")
    return sort_rows(output, columns)


def _files(output: Output, task: Task, given: Any) -> list[Path]:
    paths = [Path(path) for path in given]
    if len(paths) != len(task):
        raise RecipeError(f"file output {output.name!r}: {len(paths)} paths for {len(task)} items")
    return paths


def _names_differ(declared: set[str], given: set[str]) -> str:
    parts = []
    if declared - given:
        parts.append(f"not returned: {', '.join(sorted(declared - given))}")
    if given - declared:
        parts.append(f"not declared: {', '.join(sorted(given - declared))}")
    return "; ".join(parts)
