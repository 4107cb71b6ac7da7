"""Sets of task numbers, written as half-open ranges: ``((0, 10), (12, 13))``."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Ranges = tuple[tuple[int, int], ...]
Integers = NDArray[np.int64]


def as_ranges(given: Iterable[Iterable[int]]) -> Ranges:
    """Return ranges as they stand in JSON (lists of two) as tuples."""
    return tuple((int(start), int(stop)) for start, stop in given)


def ranges_of(numbers: Integers) -> Ranges:
    """Return the ranges that hold exactly these numbers, given ascending and once each."""
    if len(numbers) == 0:
        return ()
    breaks = np.flatnonzero(np.diff(numbers) != 1)
    first = numbers[np.concatenate([[0], breaks + 1])]
    last = numbers[np.concatenate([breaks, [len(numbers) - 1]])]
    return tuple(zip(first.tolist(), (last + 1).tolist(), strict=True))


def contains(ranges: Ranges, numbers: Integers) -> NDArray[np.bool_]:
    """Say for each number whether it lies in one of the ranges."""
    pairs = np.array(sorted(ranges), np.int64).reshape(-1, 2)
    if len(pairs) == 0:
        return np.zeros(len(numbers), bool)
    at = np.searchsorted(pairs[:, 0], numbers, side="right") - 1
    found: NDArray[np.bool_] = (at >= 0) & (numbers < pairs[at, 1])
    return found


def overlap(ranges: Ranges, start: int, stop: int) -> bool:
    """Say whether any range has a number in ``start .. stop``."""
    return any(first < stop and start < last for first, last in ranges)


def both(one: Ranges, other: Ranges) -> Ranges:
    """Return the numbers that lie in both sets of ranges, ascending."""
    found: list[tuple[int, int]] = []
    left, right = sorted(one), sorted(other)
    i = j = 0
    while i < len(left) and j < len(right):
        start, stop = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if start < stop:
            found.append((start, stop))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return tuple(found)


def size(ranges: Ranges) -> int:
    """Return how many numbers the ranges hold."""
    return sum(stop - start for start, stop in ranges)


def offsets(counts: Integers) -> Integers:
    """Return where each of consecutive pieces begins, and where the last ends: (n + 1,)."""
    found = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=found[1:])
    return found


def ragged(start: Integers, counts: Integers) -> Integers:
    """Return ``start[0], start[0]+1, ...`` for each piece in turn, ``counts`` numbers each."""
    begins = offsets(counts)
    return np.repeat(start - begins[:-1], counts) + np.arange(begins[-1])
