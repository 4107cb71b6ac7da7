"""How a search is cut into tasks: by its queries first, by the database where that is needed.

Work is counted in cells, residues of the query times residues of the database: about 10^10 take
a core a second where few targets are similar.  Nothing here knows the computer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

PAGE_RESIDUES = 1_000_000
"""The database is never cut finer: a query's profile takes as long as searching this much."""

TASK_CELLS = 4e9
TASKS = 256
"""At least so many tasks are wanted; smaller ones are made for that, down to a page."""

OVERHEAD = 60
"""What a query costs beside its own residues, in residues of a query."""


@dataclass(frozen=True)
class Layout:
    """Blocks of queries and shards of the database.

    Attributes
    ----------
    blocks
        Edges of the blocks of queries, shape (blocks + 1,).
    shards
        Edges of the shards, in pages, shape (shards + 1,).
    """

    blocks: Integers
    shards: Integers

    @property
    def shape(self) -> tuple[int, int]:
        """Number of blocks and of shards."""
        return len(self.blocks) - 1, len(self.shards) - 1


def layout(query_lengths: Integers, page_residues: Integers, shard_residues: int) -> Layout:
    """Cut queries into blocks and pages into shards.

    A shard holds at most `shard_residues` residues (or one page), and fewer where one query's
    task would be large or the tasks would be few.  A block holds as many queries as make a task
    of some size against a shard.

    Parameters
    ----------
    query_lengths
        Residues of each query, shape (queries,).
    page_residues
        Residues of each page of the database, shape (pages,).
    shard_residues
        Largest number of residues of a shard: what a worker holds in memory.
    """
    cells = float(query_lengths.sum()) * float(page_residues.sum())
    wanted = min(TASK_CELLS, cells / TASKS)
    limit = min(shard_residues, int(2 * wanted / query_lengths.mean()))
    shards = filled(page_residues, limit)
    mean = page_residues.sum() / (len(shards) - 1)
    return Layout(filled(query_lengths, int(wanted / mean)), shards)


def filled(sizes: Integers, limit: int) -> Integers:
    """Return the edges of consecutive portions of at most `limit` each, or of one element."""
    total = np.concatenate([[0], np.cumsum(sizes)])
    edges = [0]
    while edges[-1] < len(sizes):
        start = edges[-1]
        stop = int(np.searchsorted(total, total[start] + limit, side="right")) - 1
        edges.append(max(stop, start + 1))
    return np.array(edges, np.int64)


@dataclass(frozen=True)
class Items:
    """Pairs of a query and a shard, in the order of the tasks.

    Attributes
    ----------
    query, shard
        Numbers of the pair's query and shard, shape (items,).
    start, stop
        Items of each task, half-open: one block of queries against one shard.
    block
        Block of each task; within a block the shards are in order.
    cost
        Expected duration of each task, only ratios matter.
    """

    query: NDArray[np.int32]
    shard: NDArray[np.int32]
    start: Integers
    stop: Integers
    block: Integers
    cost: NDArray[np.float64]


def items(cut: Layout, query_lengths: Integers, page_residues: Integers) -> Items:
    """List the pairs of queries and shards, task after task."""
    n_blocks, n_shards = cut.shape
    widths = np.diff(cut.blocks)
    stop = np.cumsum(np.repeat(widths, n_shards))
    start = stop - np.repeat(widths, n_shards)
    shard_of_task = np.tile(np.arange(n_shards), n_blocks)
    block_of_task = np.repeat(np.arange(n_blocks), n_shards)
    # Within a task the queries of the block follow each other.
    first = np.repeat(cut.blocks[:-1], n_shards)
    query = np.arange(stop[-1]) - np.repeat(start - first, stop - start)
    work = np.add.reduceat(query_lengths + OVERHEAD, cut.blocks[:-1])
    residues = np.add.reduceat(page_residues, cut.shards[:-1])
    return Items(
        query.astype(np.int32),
        np.repeat(shard_of_task, stop - start).astype(np.int32),
        start,
        stop,
        block_of_task,
        work[block_of_task] * residues[shard_of_task].astype(np.float64),
    )
