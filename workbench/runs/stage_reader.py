"""Reads a stage's results piecewise from its part files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.runs.checksum import damaged
from workbench.runs.parts import Part, PartRef
from workbench.runs.ranges import Integers, offsets, ragged

Fetch = Callable[[Part, int, int], NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Entries:
    """Where the entries of each unit stand.

    Attributes
    ----------
    part
        Number of the part file, -1 where the unit is in none, shape (units,).
    begin, count
        First entry in the part file, and how many, shape (units,).
    at
        Place of each unit's first entry in the whole, shape (units,).
    total
        Entries of the whole.
    """

    part: Integers
    begin: Integers
    count: Integers
    at: Integers
    total: int


class Units:
    """Tasks and their items, or groups and their owners, spread over part files.

    Parameters
    ----------
    numbers
        The units' numbers, ascending.
    start, stop
        Which items (or owners) each unit has: half-open, ascending, disjoint.
    length
        How many items (or owners) there are, those in no unit included.
    refs
        The part files; of a unit in two, the first counts.
    """

    def __init__(
        self,
        folder: Path,
        numbers: Integers,
        start: Integers,
        stop: Integers,
        length: int,
        refs: Sequence[PartRef],
    ) -> None:
        self.folder = folder
        self.numbers = numbers
        self.start = start
        self.stop = stop
        self.length = length
        self.refs = refs
        self._rows: dict[str, Entries] = {}

    @cached_property
    def parts(self) -> list[Part]:
        """The part files, opened and held against their checksums."""
        return [Part(self.folder, ref) for ref in self.refs]

    @cached_property
    def items(self) -> Entries:
        """Where the entries of dense outputs and of the status stand."""
        part, begin, count = self._find(lambda p: p.items, lambda p: p.item_begins)
        wrong = np.flatnonzero((part >= 0) & (count != self.stop - self.start))
        if len(wrong):
            raise self._foreign(int(part[wrong[0]]))
        return Entries(part, begin, count, self.start, self.length)

    def rows(self, output: str) -> Entries:
        """Where the rows of an output stand, one unit after the other."""
        if output not in self._rows:
            part, begin, count = self._find(lambda p: p.counts(output), lambda p: p.begins(output))
            at = offsets(count)
            self._rows[output] = Entries(part, begin, count, at[:-1], int(at[-1]))
        return self._rows[output]

    def copy(self, entries: Entries, fetch: Fetch, start: int, target: NDArray[Any]) -> None:
        """Copy entries ``start .. start + len(target)`` to `target`; what is nowhere stays.

        Parameters
        ----------
        fetch
            Reads entries ``a .. b`` of one part file.
        """
        stop = start + len(target)
        low = int(np.searchsorted(entries.at + entries.count, start, side="right"))
        high = int(np.searchsorted(entries.at, stop, side="left"))
        part = entries.part[low:high]
        at = np.maximum(entries.at[low:high], start)
        count = np.minimum(entries.at[low:high] + entries.count[low:high], stop) - at
        begin = entries.begin[low:high] + at - entries.at[low:high]
        for number in np.unique(part[(part >= 0) & (count > 0)]).tolist():
            mine = np.flatnonzero((part == number) & (count > 0))
            self._copy_from(number, fetch, begin[mine], count[mine], at[mine] - start, target)

    def _copy_from(
        self,
        number: int,
        fetch: Fetch,
        begin: Integers,
        count: Integers,
        at: Integers,
        target: NDArray[Any],
    ) -> None:
        first, last = int(begin[0]), int(begin[-1] + count[-1])
        try:
            values = fetch(self.parts[number], first, last)
        except FileNotFoundError as error:
            raise damaged(self.folder, self.refs[number].file, "it is missing") from error
        if values.shape[1:] != target.shape[1:]:
            raise self._foreign(number)
        total = int(count.sum())
        if total == last - first == int(at[-1] + count[-1] - at[0]):
            target[at[0] : at[0] + total] = values
            return
        target[ragged(at, count)] = values[ragged(begin - first, count)]

    def _find(
        self, counts: Callable[[Part], Integers], begins: Callable[[Part], Integers]
    ) -> tuple[Integers, Integers, Integers]:
        """Return of each unit the number of its part, its first entry there and how many."""
        n = len(self.numbers)
        found = np.full(n, -1, np.int64)
        begin, count = np.zeros(n, np.int64), np.zeros(n, np.int64)
        # Backwards, so that of a unit in two parts the first one counts.
        for number in range(len(self.parts) - 1, -1, -1):
            part = self.parts[number]
            at = np.searchsorted(self.numbers, part.tasks)
            if (at >= n).any() or (self.numbers[at] != part.tasks).any():
                raise self._foreign(number)
            keep = slice(None) if part.meant is None else part.meant
            found[at[keep]] = number
            begin[at[keep]] = begins(part)[:-1][keep]
            count[at[keep]] = counts(part)[keep]
        return found, begin, count

    def _foreign(self, number: int) -> Exception:
        return damaged(self.folder, self.refs[number].file, "it does not belong to this plan")
