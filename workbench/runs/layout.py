"""How a variable lies in ``result.zarr``: chunks and shards, from its shape and type alone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from workbench.recipe import TEXT

CHUNK_BYTES = 2 * 2**20
SHARD_BYTES = 64 * 2**20  # encoding one takes about four times that
JOB_BYTES = 64 * 2**20
TEXT_BYTES = 64  # taken for one text: how long they are is no part of a plan

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Grid:
    """How an array is cut: files of whole shards, each made of chunks.

    Attributes
    ----------
    chunks
        Shape of what is compressed and checked as one.
    shards
        Shape of what stands in one file; None when that is one chunk.
    """

    shape: Shape
    chunks: Shape
    shards: Shape | None

    @property
    def file_shape(self) -> Shape:
        """Shape of what stands in one file."""
        return self.shards or self.chunks


def grid(shape: Shape, dtype: str) -> Grid:
    """Return how an array of this shape and type is cut."""
    item = TEXT_BYTES if dtype == TEXT else np.dtype(dtype).itemsize
    chunks = _block(shape, CHUNK_BYTES // item)
    wide = _block(shape, SHARD_BYTES // item)
    shards = tuple(
        -(-max(1, n) // c) * c if s >= n else max(c, s // c * c)
        for n, c, s in zip(shape, chunks, wide, strict=True)
    )
    return Grid(shape, chunks, None if shards == chunks else shards)


def _block(shape: Shape, most: int) -> Shape:
    """Return the longest piece of consecutive elements, as a shape of at most `most` elements."""
    found: list[int] = []
    for n in reversed(shape):
        length = max(1, min(n, most))
        most = most // length if length == n else 1
        found.append(length)
    return tuple(reversed(found))


def file_keys(name: str, shape: Shape, file_shape: Shape) -> Iterator[str]:
    """Yield the names of an array's files below ``result.zarr``, its metadata left out."""
    counts = [-(-n // f) for n, f in zip(shape, file_shape, strict=True)]
    for index in np.ndindex(*counts):
        yield "/".join([name, "c", *(str(i) for i in index)])


@dataclass(frozen=True)
class WriteJob:
    """One call of :func:`workbench.runs.result.write_result`: whole shards of some variables.

    Attributes
    ----------
    pieces
        ``(name, start, stop)`` along the first axis.
    """

    pieces: tuple[tuple[str, int, int], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"pieces": [list(piece) for piece in self.pieces]}

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Self:
        """Read the JSON form."""
        return cls(tuple((name, start, stop) for name, start, stop in found["pieces"]))


def write_jobs(grids: Mapping[str, Grid], dtypes: Mapping[str, str]) -> list[WriteJob]:
    """Return jobs that together write every shard once, each of about 64 MB."""
    jobs: list[WriteJob] = []
    pieces: list[tuple[str, int, int]] = []
    total = 0
    for name, one in grids.items():
        item = TEXT_BYTES if dtypes[name] == TEXT else np.dtype(dtypes[name]).itemsize
        row = item * math.prod(one.shape[1:])
        for start, stop in _slabs(one):
            pieces.append((name, start, stop))
            total += row * (stop - start)
            if total >= JOB_BYTES:
                jobs.append(WriteJob(tuple(pieces)))
                pieces, total = [], 0
    return [*jobs, WriteJob(tuple(pieces))] if pieces else jobs


def _slabs(one: Grid) -> Iterable[tuple[int, int]]:
    """Ranges along the first axis that hold whole shards; a scalar has one of length one."""
    if not one.shape:
        return [(0, 1)]
    if 0 in one.shape:
        return []
    n, step = one.shape[0], one.file_shape[0]
    return ((start, min(start + step, n)) for start in range(0, n, step))


def lost_files(described: Mapping[str, Mapping[str, Any]], there: Sequence[str]) -> list[str]:
    """Return the files that arrays need and that are not there, by the arrays' metadata.

    Parameters
    ----------
    described
        ``{name: zarr.json}`` of every array.
    there
        Names of files below ``result.zarr``.
    """
    here = set(there)
    return [
        key
        for name, metadata in described.items()
        for key in file_keys(
            name,
            tuple(metadata["shape"]),
            tuple(metadata["chunk_grid"]["configuration"]["chunk_shape"]),
        )
        if key not in here
    ]
