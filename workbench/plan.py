"""Plan, Tasks, Task, Piece: one planned fan-out, from the whole to what one call gets and gives.

What plans, kernels and combines handle; the declarations stand in :mod:`workbench.recipe`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray


def _same(n: int, value: float) -> NDArray[Any]:
    """Return `n` times one value, in the memory of one."""
    return np.broadcast_to(np.array(value), n)


@dataclass(frozen=True, eq=False)
class Tasks:
    """The tasks of a stage, as columns; one element per task.

    Parameters
    ----------
    start, stop
        Half-open ranges of items, ascending and disjoint.  An item outside every range is
        not run.
    cost
        Relative expected duration; only ratios matter.
    affinity
        Tasks with one number like to run on one worker (they share cached data); -1: none.
    group
        Tasks with one number are combined with each other, never with others; ascending.
    """

    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    cost: NDArray[np.float64]
    affinity: NDArray[np.int64]
    group: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.start)


def tasks(
    start: Any, stop: Any, *, cost: Any = None, affinity: Any = None, group: Any = None
) -> Tasks:
    """Build :class:`Tasks` from array-likes; left out columns get their neutral value."""
    first = np.asarray(start, np.int64)
    n = len(first)
    return Tasks(
        first,
        np.asarray(stop, np.int64),
        _same(n, 1.0) if cost is None else np.asarray(cost, np.float64),
        _same(n, -1) if affinity is None else np.asarray(affinity, np.int64),
        np.asarray(np.arange(n) if group is None else group, np.int64),
    )


def tile(n_items: int, size: int = 1, **columns: Any) -> Tasks:
    """Cut items ``0 .. n_items`` into tasks of `size` items each (the last may be smaller)."""
    start = np.arange(0, n_items, size)
    return tasks(start, np.minimum(start + size, n_items), **columns)


@dataclass(frozen=True, eq=False, kw_only=True)
class Plan:
    """One planned fan-out: coordinates and tasks.

    Parameters
    ----------
    dim
        The task dimension: its entries are the items.
    coords
        ``{name: values}`` for the coordinate of the dim `name`, ``{name: (dim, values)}``
        for any other variable along a dim.  Every dim of the stage's outputs needs one.
        Text is a list of str.
    tasks
        Which items each task holds.
    owner
        For products (query x shard, structure x strain): the dim of the things that users
        count.  ``coords["<dim>_<owner>"]`` then holds the owner's index of each item, and
        the tasks of one group own a range of it that no other group touches.
    units
        Unit of each coordinate that has one, by name (UDUNITS text).
    attrs
        Numbers and texts for the attributes of the result.
    """

    dim: str
    coords: Mapping[str, Any]
    tasks: Tasks
    owner: str | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    attrs: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def variables(self) -> dict[str, tuple[str, NDArray[Any]]]:
        """``{name: (dim, values)}`` of every coordinate; text as numpy StringDType."""
        found = {}
        for name, given in self.coords.items():
            dim, values = given if isinstance(given, tuple) else (name, given)
            found[name] = (dim, as_column(values))
        return found

    @cached_property
    def sizes(self) -> dict[str, int]:
        """``{dim: length}``."""
        return {dim: len(values) for dim, values in self.variables.values()}

    @cached_property
    def owners(self) -> NDArray[np.int64]:
        """Owner index of each item, shape (items,); the item itself without an owner dim."""
        if self.owner is None:
            return np.arange(self.sizes[self.dim])
        return np.asarray(self.variables[f"{self.dim}_{self.owner}"][1], np.int64)

    @cached_property
    def group_owners(self) -> dict[int, tuple[int, int]]:
        """``{group: (first owner, last owner + 1)}`` over the items of its tasks."""
        found: dict[int, tuple[int, int]] = {}
        columns = (self.tasks.start, self.tasks.stop, self.tasks.group)
        for start, stop, group in zip(*(c.tolist() for c in columns), strict=True):
            mine = self.owners[start:stop]
            low, high = int(mine.min()), int(mine.max()) + 1
            known = found.get(group, (low, high))
            found[group] = (min(low, known[0]), max(high, known[1]))
        return found


def as_column(values: Any) -> NDArray[Any]:
    """Return a numpy array without objects; text becomes numpy's StringDType."""
    array = np.asarray(values)
    if array.dtype.kind in "OUT":
        return np.asarray(values, dtype=np.dtypes.StringDType())
    return array


@dataclass(frozen=True, eq=False)
class Task:
    """A slice of items = exactly one kernel call.

    Attributes
    ----------
    number
        Number of the task in its stage.
    start, stop
        Its items, half-open.
    group
        Its group, see :class:`Tasks`.
    owners
        Half-open range of owner indices of its whole group.
    inputs
        The coordinates along the task dim, cut to its items (built when asked for).
    """

    number: int
    start: int
    stop: int
    group: int
    owners: tuple[int, int]
    variables: Mapping[str, tuple[str, NDArray[Any]]]
    dim: str

    def __len__(self) -> int:
        return self.stop - self.start

    @cached_property
    def inputs(self) -> Mapping[str, NDArray[Any]]:
        """``{name: values}`` along the task dim, shape (items of this task,)."""
        return {
            name: values[self.start : self.stop]
            for name, (dim, values) in self.variables.items()
            if dim == self.dim
        }


@dataclass(frozen=True, eq=False)
class Piece:
    """What one task, or several combined ones of a group, have to say.

    Attributes
    ----------
    owners
        Half-open range of owner indices of the group.
    arrays
        Outputs over the owner dim, first axis ``owners[1] - owners[0]`` long, and outputs
        without task and owner dim at their full shape.
    rows
        ``{output: {column: values}}``.
    """

    owners: tuple[int, int]
    arrays: Mapping[str, NDArray[Any]]
    rows: Mapping[str, Mapping[str, NDArray[Any]]]
