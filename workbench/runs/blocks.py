"""Tasks of a stage in memory: collected one by one, merged, reordered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.recipe import TEXT, Output, as_column
from workbench.runs.ranges import Integers, offsets, ragged
from workbench.runs.text import STRING, is_text

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Table:
    """Columns with any number of rows a task.

    Attributes
    ----------
    counts
        Rows of each task, shape (tasks,).
    columns
        ``{name: values}``, first axis the rows of all tasks.
    """

    counts: Integers
    columns: Arrays


@dataclass(frozen=True, eq=False)
class Block:
    """Some tasks of a stage, in memory.

    Attributes
    ----------
    tasks
        Task numbers, ascending, shape (tasks,).
    items
        Items of each task, shape (tasks,).
    status
        1 done, 2 failed, shape (items of all tasks,).
    arrays
        Outputs that have one entry an item.
    rows
        The others: ``rows`` outputs, and arrays whose first axis is not the items (those over
        the owners of a group), as a table with one column of the same name.
    """

    tasks: Integers
    items: Integers
    status: NDArray[np.int8]
    arrays: Arrays
    rows: dict[str, Table]

    def take(self, positions: NDArray[np.int64]) -> Block:
        """Return some tasks of this block, by their positions."""
        return gather([self], positions)


class BlockBuilder:
    """Collects tasks until they make a block; adding one costs about a microsecond an output.

    Parameters
    ----------
    outputs
        The outputs of the stage; files are left out.
    """

    def __init__(self, outputs: Sequence[Output]) -> None:
        self._dense: list[tuple[str, Output, list[NDArray[Any]]]] = [
            (o.name, o, []) for o in outputs if o.kind == "dense"
        ]
        self._rows = [_RowsBuilder(o) for o in outputs if o.kind == "rows"]
        self._text = {o.name for o in outputs if o.dtype == TEXT}
        self._tasks: list[int] = []
        self._items: list[int] = []
        self._status: list[NDArray[np.int8]] = []
        self.nbytes = 0

    def __len__(self) -> int:
        return len(self._tasks)

    def add(
        self,
        task: int,
        n_items: int,
        status: NDArray[np.int8],
        arrays: Mapping[str, NDArray[Any]],
        rows: Mapping[str, Mapping[str, NDArray[Any]]] | None = None,
    ) -> None:
        """Append one task; its arrays are copied.

        Parameters
        ----------
        status
            Shape (n_items,).
        arrays
            Dense outputs by name.
        rows
            ``{output: {column: values}}``.
        """
        self._tasks.append(task)
        self._items.append(n_items)
        self._status.append(status)
        size = 17 * n_items
        for name, _, kept in self._dense:
            values = arrays[name]
            # A kernel may use its buffer again, or give a small view of a large array.
            kept.append(values.copy())
            size += values.nbytes if name not in self._text else text_bytes(values)
        for one in self._rows:
            size += one.add((rows or {})[one.output.name])
        self.nbytes += size

    def build(self) -> Block:
        """Return what was added, by task number."""
        tasks = np.array(self._tasks, np.int64)
        items = np.array(self._items, np.int64)
        arrays: Arrays = {}
        rows: dict[str, Table] = {}
        for name, output, kept in self._dense:
            counts = _lengths(kept)
            values = _joined(output, kept)
            if np.array_equal(counts, items):
                arrays[name] = values
            else:
                rows[name] = Table(counts, {name: values})
        rows |= {one.output.name: one.build() for one in self._rows}
        status = np.concatenate([np.zeros(0, np.int8), *self._status])
        block = Block(tasks, items, status, arrays, rows)
        if len(tasks) > 1 and (np.diff(tasks) <= 0).any():
            return block.take(np.argsort(tasks, kind="stable"))
        return block


@dataclass(eq=False)
class _RowsBuilder:
    """Collects the rows of one output."""

    output: Output
    counts: list[int] = field(default_factory=list)
    columns: dict[str, list[NDArray[Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.columns = {column.name: [] for column in self.output.columns}

    def add(self, given: Mapping[str, NDArray[Any]]) -> int:
        size = 8
        n = 0
        for name, kept in self.columns.items():
            values = given[name]
            n = len(values)
            if n:
                kept.append(values.copy())
                size += text_bytes(values) if is_text(values) else values.nbytes
        self.counts.append(n)
        return size

    def build(self) -> Table:
        columns = {c.name: _joined(c, self.columns[c.name]) for c in self.output.columns}
        return Table(np.array(self.counts, np.int64), columns)


def text_bytes(values: NDArray[Any]) -> int:
    """Return about how many bytes a text array takes: numpy counts only its 16 a text."""
    return int(np.strings.str_len(values).sum()) + 24 * values.size


def dtype_of(output: Output) -> Any:
    """Return the numpy dtype that an output is kept in."""
    return STRING if output.dtype == TEXT else np.dtype(output.dtype)


def _lengths(arrays: list[NDArray[Any]]) -> Integers:
    return np.array([len(a) if a.ndim else 1 for a in arrays], np.int64)


def _joined(output: Output, arrays: list[NDArray[Any]]) -> NDArray[Any]:
    if not arrays:
        return np.zeros(0, dtype_of(output))
    if output.dtype == TEXT:
        arrays = [as_column(a) for a in arrays]
    if arrays[0].ndim == 0:
        arrays = [a.reshape(1) for a in arrays]
    found: NDArray[Any] = np.concatenate(arrays)
    return found.astype(dtype_of(output), copy=False)


def gather(blocks: Sequence[Block], order: NDArray[np.int64]) -> Block:
    """Return tasks of several blocks in a new order.

    Parameters
    ----------
    order
        Positions in the blocks laid end to end.
    """
    items = np.concatenate([b.items for b in blocks])
    at_items = positions(items, order)
    names = list(dict.fromkeys(name for b in blocks for name in [*b.arrays, *b.rows]))
    arrays: Arrays = {}
    rows: dict[str, Table] = {}
    for name in names:
        if all(name in b.arrays for b in blocks):
            arrays[name] = picked([b.arrays[name] for b in blocks], at_items)
            continue
        tables = [_table(b, name) for b in blocks]
        counts = np.concatenate([t.counts for t in tables])
        at_rows = positions(counts, order)
        columns = {c: picked([t.columns[c] for t in tables], at_rows) for c in tables[0].columns}
        rows[name] = Table(counts[order], columns)
    tasks = np.concatenate([b.tasks for b in blocks])[order]
    status = picked([b.status for b in blocks], at_items)
    return Block(tasks, items[order], status, arrays, rows)


def positions(counts: Integers, order: NDArray[np.int64]) -> Integers | None:
    """Return where the entries of tasks stand, taken in `order`; None: where they are."""
    if len(order) == len(counts) and (order == np.arange(len(order))).all():
        return None
    return ragged(offsets(counts)[:-1][order], counts[order])


def picked(arrays: Sequence[NDArray[Any]], at: Integers | None) -> NDArray[Any]:
    """Return entries of arrays laid end to end; `at` as :func:`positions` gives it."""
    # Parts without entries may not know the shape of an entry.
    full = [a for a in arrays if len(a)] or [arrays[0]]
    whole = full[0] if len(full) == 1 else np.concatenate(full)
    return whole if at is None else whole[at]


def _table(block: Block, name: str) -> Table:
    if name in block.rows:
        return block.rows[name]
    return Table(block.items, {name: block.arrays[name]})


def first_of_each(tasks: Integers) -> NDArray[np.int64]:
    """Return positions that sort task numbers and keep the first of equal ones."""
    return np.unique(tasks, return_index=True)[1]


def merge(blocks: Sequence[Block]) -> Block:
    """Join blocks into one, by task number; of a task that stands twice the first one counts."""
    return gather(blocks, first_of_each(np.concatenate([b.tasks for b in blocks])))
