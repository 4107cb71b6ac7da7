"""Folds many small part files into few larger ones, so that a run has few files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.runs.blocks import first_of_each, picked, positions
from workbench.runs.npz import Named, write_npz
from workbench.runs.parts import Part, PartRef
from workbench.runs.ranges import ranges_of

SMALL_BYTES = 32 * 2**20
LARGEST_BYTES = 256 * 2**20
FOLDED = 256
FINAL_PARTS = 32


def choose(sizes: Sequence[int], *, final: bool = False) -> list[int] | None:
    """Return which parts to fold into one now; None when it is not worth it.

    Parameters
    ----------
    sizes
        Bytes of each part.
    final
        Whether the stage is complete: then fold until at most 32 parts remain, where a part
        stays below 256 MB.
    """
    smallest = sorted(range(len(sizes)), key=lambda i: (sizes[i], i))
    if final:
        most = min(FOLDED, len(sizes) - FINAL_PARTS + 1)
    else:
        smallest = [i for i in smallest if sizes[i] < SMALL_BYTES]
        most = FOLDED if len(smallest) >= FOLDED else 0
    chosen: list[int] = []
    total = 0
    for i in smallest[: max(0, most)]:
        total += sizes[i]
        if total > LARGEST_BYTES:
            break
        chosen.append(i)
    return sorted(chosen) if len(chosen) > 1 else None


def compact(folder: Path, refs: Sequence[PartRef], file: str) -> PartRef:
    """Write the tasks that are meant in some parts as one part; the old files stay.

    One array is in memory at a time.  Of a task in two parts the first one counts.

    Parameters
    ----------
    file
        Path of the new part below the run's folder.

    Raises
    ------
    DamagedResult
        When one of the parts is missing or not what was written.
    OSError
        When there is no room; nothing is left behind.
    """
    parts = [Part(folder, ref) for ref in refs]
    tasks = np.concatenate([part.tasks for part in parts])
    meant = np.concatenate(
        [np.ones(len(p.tasks), bool) if p.meant is None else p.meant for p in parts]
    )
    at = np.flatnonzero(meant)
    order = at[first_of_each(tasks[at])]
    size, checksum = write_npz(folder / file, _merged(parts, tasks, order))
    return PartRef(file, size, checksum, tasks=ranges_of(tasks[order]))


def _merged(
    parts: Sequence[Part], tasks: NDArray[np.int64], order: NDArray[np.int64]
) -> Iterator[Named]:
    items = np.concatenate([part.items for part in parts])
    at_items = positions(items, order)
    yield "tasks", tasks[order]
    yield "items", items[order]
    yield "status", picked([p.status(0, int(p.item_begins[-1])) for p in parts], at_items)
    for output, columns in parts[0].outputs.items():
        if all(part.is_dense(output) for part in parts):
            yield f"dense/{output}", picked([_column(p, output, output) for p in parts], at_items)
            continue
        counts = np.concatenate([part.counts(output) for part in parts])
        at_rows = positions(counts, order)
        yield f"counts/{output}", counts[order]
        for column in columns:
            read = [_column(part, output, column) for part in parts]
            yield f"rows/{output}/{column}", picked(read, at_rows)


def _column(part: Part, output: str, column: str) -> NDArray[np.generic]:
    return part.read(output, column, 0, int(part.begins(output)[-1]))
