"""How queries and database are cut, and how pages are written and read."""

from __future__ import annotations

import numpy as np
import pytest

from workbench_proteins.fasta import Record
from workbench_proteins.layout import filled, items, layout
from workbench_proteins.pages import read_pages, write_pages

MEAN = 400


def pages(residues):
    whole, rest = divmod(int(residues), 1_000_000)
    return np.array([1_000_000] * whole + [rest] * bool(rest))


@pytest.mark.parametrize(
    ("queries", "residues", "blocks", "shards"),
    [
        (1, 9e6, (1, 1), (5, 9)),  # one query: the database is cut
        (1, 2e8, (1, 1), (100, 200)),
        (40, 9e6, (40, 40), (4, 9)),
        (400, 9e6, (300, 400), (1, 1)),  # many queries: only they are
        (20_000, 9e6, (10_000, 20_000), (1, 1)),
        (400, 2e8, (400, 400), (8, 15)),  # memory, and tasks of seconds
        (20_000, 3e5, (300, 800), (1, 1)),  # a small database: blocks of many queries
    ],
)
def test_queries_are_cut_first_then_the_database(queries, residues, blocks, shards):
    cut = layout(np.full(queries, MEAN), pages(residues), 32_000_000)
    n_blocks, n_shards = cut.shape
    assert blocks[0] <= n_blocks <= blocks[1]
    assert shards[0] <= n_shards <= shards[1]


@pytest.mark.parametrize("shard_residues", [3_000_000, 8_000_000])
def test_no_shard_is_larger_than_allowed(shard_residues):
    residues = pages(6e7)
    cut = layout(np.full(3000, MEAN), residues, shard_residues)
    assert np.add.reduceat(residues, cut.shards[:-1]).max() <= shard_residues


def test_filled():
    assert filled(np.array([3, 3, 3, 9, 1]), 6).tolist() == [0, 2, 3, 4, 5]
    assert filled(np.array([9]), 6).tolist() == [0, 1]


def test_items_are_every_pair_once_block_by_block():
    lengths, residues = np.array([100, 200, 300, 400, 500]), np.array([7, 8, 9, 1])
    cut = layout(lengths, residues, 10)
    found = items(cut, lengths, residues)
    n_blocks, n_shards = cut.shape
    pairs = list(zip(found.query.tolist(), found.shard.tolist(), strict=True))
    assert len(pairs) == len(set(pairs)) == 5 * n_shards
    assert found.start[0] == 0
    assert found.stop[-1] == len(pairs)
    assert (found.start[1:] == found.stop[:-1]).all()
    for start, stop, block in zip(found.start, found.stop, found.block, strict=True):
        assert len(set(found.shard[start:stop].tolist())) == 1
        wanted = range(cut.blocks[block], cut.blocks[block + 1])
        assert found.query[start:stop].tolist() == list(wanted)
    assert (np.diff(found.block) >= 0).all()
    assert len(found.cost) == n_blocks * n_shards


@pytest.mark.parametrize("page_residues", [1, 10, 25, 1000])
def test_pages_hold_the_sequences(tmp_path, page_residues):
    draw = np.random.default_rng(3)
    records = [
        Record(f"{'é' * (i % 3)}name{i}", draw.integers(0, 29, n, np.uint8).tobytes())
        for i, n in enumerate([1, 9, 3, 30, 2, 2, 17])
    ]
    table = write_pages(tmp_path / "pages", records, page_residues)
    assert table.sequences.sum() == len(records)
    assert (table.residues <= page_residues)[table.sequences > 1].all()
    n = len(table.residues)
    for start in range(n):
        for stop in range(start + 1, n + 1):
            found = [
                (page.first + i, page.name(i), bytes(page.residues[begin:end]))
                for page in read_pages(tmp_path / "pages", table, start, stop)
                for i, (begin, end) in enumerate(zip([0, *page.ends], page.ends, strict=False))
            ]
            first, last = table.first(start), table.first(stop)
            assert found == [(i, records[i].name, records[i].residues) for i in range(first, last)]
