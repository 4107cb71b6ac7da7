"""Part files: what a batch of tasks computed, in one file with a checksum.

A part holds, for its tasks in ascending order: the status of each item, the dense outputs one
after the other, and tables of any number of rows a task.  Parts are merged into larger ones;
combined results are parts too, whose "tasks" are groups and whose "items" are owners.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from workbench.runs.blocks import Arrays, Block, BlockBuilder, Table, gather, merge
from workbench.runs.checksum import FileRef, check
from workbench.runs.npz import Named, Npz, write_npz
from workbench.runs.ranges import Integers, Ranges, as_ranges, contains, offsets

__all__ = [
    "Block",
    "BlockBuilder",
    "Part",
    "PartRef",
    "Table",
    "gather",
    "merge",
    "read_part",
    "write_part",
]


@dataclass(frozen=True)
class PartRef(FileRef):
    """A part file, and which of its tasks are meant.

    Parameters
    ----------
    tasks
        Ranges of tasks; None means every task in the file.
    """

    tasks: Ranges | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        found: dict[str, Any] = {"file": self.file, "bytes": self.bytes, "crc32c": self.crc32c}
        if self.tasks is not None:
            found["tasks"] = [list(pair) for pair in self.tasks]
        return found

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Self:
        """Read the JSON form; unknown keys are ignored."""
        given = found.get("tasks")
        tasks = None if given is None else as_ranges(given)
        return cls(found["file"], found["bytes"], found["crc32c"], tasks=tasks)

    def of(self, tasks: Ranges | None) -> Self:
        """Return the same file with other tasks meant."""
        return replace(self, tasks=tasks)


def named_arrays(block: Block) -> Iterator[Named]:
    """Yield the arrays of a part file under their names in the file."""
    yield "tasks", block.tasks
    yield "items", block.items
    yield "status", block.status
    yield from ((f"dense/{name}", values) for name, values in block.arrays.items())
    for name, table in block.rows.items():
        yield f"counts/{name}", table.counts
        yield from ((f"rows/{name}/{c}", values) for c, values in table.columns.items())


def write_part(folder: Path, file: str, block: Block) -> PartRef:
    """Write a block as a part file, whole or not at all, and wait until it is on the disk.

    Parameters
    ----------
    file
        Path below the run's folder.

    Raises
    ------
    OSError
        When there is no room; nothing is left behind.
    """
    size, checksum = write_npz(folder / file, named_arrays(block))
    return PartRef(file, size, checksum)


class Part:
    """A part file opened for reading: any tasks, any outputs, any rows.

    The whole file is compared with its checksum once in a process, then read piecewise.

    Raises
    ------
    DamagedResult
        When the file is missing, has another size or other bytes than were written.
    """

    def __init__(self, folder: Path, ref: PartRef) -> None:
        self.ref = ref
        self._npz = Npz(check(folder, ref))

    @cached_property
    def outputs(self) -> dict[str, list[str]]:
        """Columns of each output in the file; a dense one has itself."""
        found: dict[str, list[str]] = {}
        for name in self._npz.names:
            kind, _, rest = name.partition("/")
            output, _, column = rest.partition("/")
            if kind in ("dense", "rows"):
                found.setdefault(output, []).append(column or output)
        return found

    def is_dense(self, output: str) -> bool:
        """Say whether an output has one entry an item."""
        return f"dense/{output}" in self._npz

    @cached_property
    def tasks(self) -> Integers:
        """Numbers of all tasks in the file, ascending."""
        return self._npz.read("tasks")

    @cached_property
    def items(self) -> Integers:
        """Items of each task."""
        return self._npz.read("items")

    @cached_property
    def item_begins(self) -> Integers:
        """Where the items of each task begin, shape (tasks + 1,)."""
        return offsets(self.items)

    @cached_property
    def meant(self) -> NDArray[np.bool_] | None:
        """Which tasks of the file count; None: every one."""
        if self.ref.tasks is None:
            return None
        found = contains(self.ref.tasks, self.tasks)
        return None if found.all() else found

    @cached_property
    def _begins(self) -> dict[str, Integers]:
        return {}

    def counts(self, output: str) -> Integers:
        """Return how many entries each task has of an output."""
        name = f"counts/{output}"
        return self._npz.read(name) if name in self._npz else self.items

    def begins(self, output: str) -> Integers:
        """Return where each task's entries of an output begin, shape (tasks + 1,)."""
        if output not in self._begins:
            self._begins[output] = offsets(self.counts(output))
        return self._begins[output]

    def read(self, output: str, column: str, start: int, stop: int) -> NDArray[Any]:
        """Return entries ``start .. stop`` of an array, or of a column of a table."""
        name = f"dense/{output}" if self.is_dense(output) else f"rows/{output}/{column}"
        return self._npz.read(name, start, stop)

    def status(self, start: int, stop: int) -> NDArray[np.int8]:
        """Return the status of items ``start .. stop`` of the file."""
        return self._npz.read("status", start, stop)

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Return the positions of the tasks ``first .. last`` (half-open) in the file."""
        low, high = np.searchsorted(self.tasks, [first, last]).tolist()
        return low, high

    def block(
        self, first: int | None = None, last: int | None = None, only: Sequence[str] | None = None
    ) -> Block:
        """Return the tasks ``first .. last`` (half-open) of those that are meant.

        Parameters
        ----------
        only
            Names of the outputs to read; every one when left out.
        """
        low, high = (0, len(self.tasks)) if first is None else self.span(first, last or 0)
        a, b = self.item_begins[[low, high]].tolist()
        arrays: Arrays = {}
        rows: dict[str, Table] = {}
        for output, columns in self.outputs.items():
            if only is not None and output not in only:
                continue
            start, stop = self.begins(output)[[low, high]].tolist()
            values = {column: self.read(output, column, start, stop) for column in columns}
            if self.is_dense(output):
                arrays |= values
            else:
                rows[output] = Table(self.counts(output)[low:high], values)
        block = Block(self.tasks[low:high], self.items[low:high], self.status(a, b), arrays, rows)
        if self.meant is None or self.meant[low:high].all():
            return block
        return block.take(np.flatnonzero(self.meant[low:high]))


def read_part(folder: Path, ref: PartRef) -> Block:
    """Return the tasks of a part file.

    Raises
    ------
    DamagedResult
        When the file is missing, has another size or other bytes than were written.
    """
    return Part(folder, ref).block()
