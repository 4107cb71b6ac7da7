"""Pieces for combining: read from part files in task order, and checked when they come back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import RecipeError
from workbench.recipe import Output, Piece
from workbench.runs.blocks import Block, Table, merge
from workbench.runs.parts import Part, PartRef
from workbench.runs.ranges import offsets, overlap
from workbench.runs.typed import typed

WINDOW_BYTES = 64 * 2**20
WINDOW_TASKS = 4096
STATUS_TASKS = 2**16
DONE = 1


class Pieces:
    """The pieces of consecutive tasks, some tasks in memory at a time.

    Parameters
    ----------
    outputs
        Those that are combined.
    refs
        Part files; those without a task between `first` and `last` are not opened.
    """

    def __init__(
        self,
        folder: Path,
        outputs: Sequence[Output],
        refs: Sequence[PartRef],
        first: int,
        last: int,
    ) -> None:
        self.outputs = outputs
        self.first = first
        self.last = last
        touched = [r for r in refs if r.tasks is None or overlap(r.tasks, first, last)]
        self._parts = [Part(folder, ref) for ref in touched]
        a_task = sum(r.bytes for r in touched) / max(1, sum(len(p.tasks) for p in self._parts))
        self._window = int(np.clip(WINDOW_BYTES / max(1.0, a_task), 1, WINDOW_TASKS))
        self._read: tuple[int, int, _Cut] | None = None

    def each(
        self, owners: tuple[int, int], first: int | None = None, last: int | None = None
    ) -> Iterator[tuple[int, Piece | None]]:
        """Yield every task in order with its piece; None for one that has nothing to say."""
        first, last = self.first if first is None else first, self.last if last is None else last
        for task in range(first, last):
            yield task, self._cut(task).piece(task, owners) if self._parts else None

    def status(self) -> Iterator[Block]:
        """Yield status and items of all tasks, some at a time."""
        for low in range(self.first, self.last if self._parts else 0, STATUS_TASKS):
            high = min(low + STATUS_TASKS, self.last)
            yield merge([part.block(low, high, only=[]) for part in self._parts])

    def _cut(self, task: int) -> _Cut:
        if self._read is None or not self._read[0] <= task < self._read[1]:
            last = min(task + self._window, self.last)
            names = [output.name for output in self.outputs]
            blocks = [part.block(task, last, only=names) for part in self._parts]
            self._read = (task, last, _Cut(merge(blocks), self.outputs))
        return self._read[2]


class _Cut:
    """A block that is cut into the pieces of its tasks."""

    def __init__(self, block: Block, outputs: Sequence[Output]) -> None:
        self.outputs = outputs
        self._status = block.status
        self._items = offsets(block.items)
        self._at = {task: i for i, task in enumerate(block.tasks.tolist())}
        self._tables = {
            name: (offsets(table.counts), table.columns) for name, table in _tables(block).items()
        }

    def piece(self, task: int, owners: tuple[int, int]) -> Piece | None:
        """Return the piece of one task; None when it is not there or failed whole."""
        i = self._at.get(task)
        if i is None:
            return None
        a, b = self._items[[i, i + 1]].tolist()
        if a < b and not (self._status[a:b] == DONE).any():
            return None
        arrays: dict[str, NDArray[Any]] = {}
        rows: dict[str, Mapping[str, NDArray[Any]]] = {}
        for output in self.outputs:
            begins, columns = self._tables[output.name]
            low, high = begins[[i, i + 1]].tolist()
            cut = {name: values[low:high] for name, values in columns.items()}
            if output.kind == "rows":
                rows[output.name] = cut
            else:
                values = cut[output.name]
                arrays[output.name] = values if output.dims else values.reshape(())
        return Piece(owners, arrays, rows)


def _tables(block: Block) -> dict[str, Table]:
    dense = {name: Table(block.items, {name: a}) for name, a in block.arrays.items()}
    return {**dense, **block.rows}


def checked_piece(outputs: Sequence[Output], given: Any, before: Piece, by: str) -> Piece:
    """Return what ``combine`` or ``root`` returned, with the declared types.

    Parameters
    ----------
    before
        A piece that went in: its owners, and the shapes of its arrays, must come out.

    Raises
    ------
    RecipeError
        With every problem.
    """
    if not isinstance(given, Piece):
        raise RecipeError(f"{by} returned {type(given).__name__}; it must return a Piece.")
    problems: list[str] = []
    arrays, rows = {}, {}
    for output in outputs:
        if output.kind == "rows":
            columns = given.rows.get(output.name, {})
            rows[output.name] = _columns(output, columns, problems)
        elif output.name not in given.arrays:
            problems.append(f"{output.name!r} is missing")
        else:
            values = typed(output, given.arrays[output.name])
            wanted = before.arrays[output.name].shape
            if values.shape != wanted:
                problems.append(f"{output.name!r} has shape {values.shape} instead of {wanted}")
            arrays[output.name] = values
    if problems:
        raise RecipeError(f"{by} returned something else than declared: {'; '.join(problems)}")
    return Piece(before.owners, arrays, rows)


def _columns(
    output: Output, given: Mapping[str, Any], problems: list[str]
) -> dict[str, NDArray[Any]]:
    lost = [c.name for c in output.columns if c.name not in given]
    if lost:
        problems.append(f"rows {output.name!r} lack {', '.join(lost)}")
        return {}
    found = {c.name: typed(c, given[c.name]) for c in output.columns}
    shapes = {name: values.shape for name, values in found.items()}
    if len(set(shapes.values())) > 1 or any(len(shape) != 1 for shape in shapes.values()):
        problems.append(f"rows {output.name!r}: the columns differ in length: {shapes}")
    return found


def check_owners(
    output: Output, columns: Mapping[str, NDArray[Any]], owners: tuple[int, int]
) -> None:
    """Make sure that rows belong to the owners of their group.

    Raises
    ------
    RecipeError
        When the first key column names another owner.
    """
    key = columns[output.key[0]]
    if key.size and (key.min() < owners[0] or key.max() >= owners[1]):
        raise RecipeError(
            f"rows {output.name!r}: {output.key[0]!r} holds {key.min()} to {key.max()}, but the "
            f"group owns {owners[0]} to {owners[1] - 1}: it must hold the owner's index."
        )
