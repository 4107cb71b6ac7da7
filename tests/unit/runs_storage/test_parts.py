"""Part files: what goes in comes out, and nothing that was altered does."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.errors import DamagedResult
from workbench.recipe import Output
from workbench.runs.compact import choose, compact
from workbench.runs.npz import Npz
from workbench.runs.parts import BlockBuilder, Part, PartRef, merge, read_part, write_part
from workbench.runs.text import decode, encode

STRING = np.dtypes.StringDType()
LETTERS = ["a", "é", "\0", "\U0001d6fc", "\n", "ß", "z" * 20, ""]
OUTPUTS = (
    Output(name="energy", dims=("i",)),
    Output(name="flag", dims=("i",), dtype="bool"),
    Output(name="tensor", dims=("i", "a", "b"), dtype="complex64"),
    Output(name="label", dims=("i", "a"), dtype="str"),
    Output(name="partial", dims=("owner", "a"), dtype="int16"),
    Output(
        name="rows",
        dims=("i", "row"),
        kind="rows",
        key=("at",),
        columns=(Output(name="at", dtype="int64"), Output(name="text", dtype="str")),
    ),
    Output(name="file", kind="file"),
)


def words(random: np.random.Generator, shape: Any, letters: list[str] = LETTERS) -> Any:
    size = int(np.prod(shape))
    texts = ["".join(random.choice(letters, random.integers(0, 6))) for _ in range(size)]
    return np.array(texts, STRING).reshape(shape)


def a_task(seed: int, task: int) -> tuple[Any, ...]:
    random = np.random.default_rng([seed, task])
    items, owners, rows = int(random.integers(1, 4)), int(random.integers(1, 6)), random.poisson(3)
    arrays = {
        "energy": random.normal(size=items),
        "flag": random.random(items) < 0.5,
        "tensor": random.normal(size=(items, 2, 3)).astype(np.complex64),
        "label": words(random, (items, 2)),
        "partial": random.integers(0, 99, (owners, 2)).astype(np.int16),
    }
    rows = {"at": random.integers(0, 99, rows), "text": words(random, rows)}
    return task, items, random.integers(1, 3, items).astype(np.int8), arrays, {"rows": rows}


def block_of(seed: int, tasks: list[int]) -> Any:
    builder = BlockBuilder(OUTPUTS)
    for task in tasks:
        builder.add(*a_task(seed, task))
    assert len(builder) == len(tasks)
    assert builder.nbytes > 0
    return builder.build()


def assert_holds(block: Any, seed: int, tasks: list[int]) -> None:
    """Compare a block with the tasks that went in, one by one."""
    assert block.tasks.tolist() == sorted(tasks)
    given = [a_task(seed, task) for task in sorted(tasks)]
    assert block.items.tolist() == [g[1] for g in given]
    assert block.status.tolist() == np.concatenate([g[2] for g in given]).tolist()
    for name in ("energy", "flag", "tensor", "label"):
        found = block.arrays[name] if name in block.arrays else block.rows[name].columns[name]
        np.testing.assert_array_equal(found, np.concatenate([g[3][name] for g in given]))
    partial = block.rows["partial"]
    assert partial.counts.tolist() == [len(g[3]["partial"]) for g in given]
    np.testing.assert_array_equal(
        partial.columns["partial"], np.concatenate([g[3]["partial"] for g in given])
    )
    assert block.rows["rows"].counts.tolist() == [len(g[4]["rows"]["at"]) for g in given]
    for column in ("at", "text"):
        wanted = np.concatenate([g[4]["rows"][column] for g in given])
        np.testing.assert_array_equal(block.rows["rows"].columns[column], wanted)


@pytest.mark.parametrize("seed", range(4))
def test_what_goes_into_a_part_comes_out_by_task(tmp_path: Path, seed: int) -> None:
    tasks = np.random.default_rng(seed).permutation(40)[:17].tolist()
    ref = write_part(tmp_path, "parts/a.npz", block_of(seed, tasks))
    assert ref.bytes == (tmp_path / "parts/a.npz").stat().st_size
    assert PartRef.from_dict(ref.to_dict()) == ref
    assert_holds(read_part(tmp_path, ref), seed, tasks)


def test_a_kernel_may_use_its_buffer_again() -> None:
    builder = BlockBuilder(OUTPUTS[:1])
    buffer, done = np.zeros(2), np.ones(2, np.int8)
    for task in range(3):
        buffer[:] = task
        builder.add(task, 2, done, {"energy": buffer})
    assert builder.build().arrays["energy"].tolist() == [0, 0, 1, 1, 2, 2]


def test_plain_numpy_opens_a_part_without_pickles(tmp_path: Path) -> None:
    write_part(tmp_path, "parts/a.npz", block_of(0, [1, 2]))
    with np.load(tmp_path / "parts/a.npz", allow_pickle=False) as found:
        assert {found[name].dtype.kind for name in found.files} <= set("iufcb")


def test_equal_blocks_are_equal_bytes(tmp_path: Path) -> None:
    one = write_part(tmp_path, "parts/a.npz", block_of(0, [3, 1, 2]))
    other = write_part(tmp_path, "parts/b.npz", block_of(0, [1, 2, 3]))
    assert one.crc32c == other.crc32c


@pytest.mark.parametrize("seed", range(3))
def test_any_span_of_tasks_is_read_alone(tmp_path: Path, seed: int) -> None:
    tasks = sorted(np.random.default_rng(seed).permutation(60)[:25].tolist())
    part = Part(tmp_path, write_part(tmp_path, "parts/a.npz", block_of(seed, tasks)))
    for first, last in ((0, 60), (10, 30), (30, 30), (55, 90)):
        block = part.block(first, last)
        mine = [task for task in tasks if first <= task < last]
        assert block.tasks.tolist() == mine
        if mine:
            assert_holds(block, seed, mine)
    only = part.block(0, 60, only=["energy"])
    assert list(only.arrays) == ["energy"]
    assert only.rows == {}


def test_merging_keeps_the_first_of_two_and_every_task(tmp_path: Path) -> None:
    merged = merge([block_of(1, [5, 1]), block_of(2, [1, 9, 4]), block_of(3, [4])])
    assert merged.tasks.tolist() == [1, 4, 5, 9]
    for task, seed in ((1, 1), (4, 2), (5, 1), (9, 2)):
        assert_holds(merged.take(np.flatnonzero(merged.tasks == task)), seed, [task])


@pytest.mark.parametrize("seed", range(3))
def test_folding_is_merging_and_keeps_only_what_is_meant(tmp_path: Path, seed: int) -> None:
    tasks = np.random.default_rng(seed).permutation(50).tolist()
    refs = [
        write_part(tmp_path, f"parts/{i}.npz", block_of(seed, tasks[i : i + 10]))
        for i in range(0, 50, 10)
    ]
    folded = compact(tmp_path, refs, "parts/all.npz")
    assert folded.tasks == ((0, 50),)
    assert_holds(read_part(tmp_path, folded), seed, tasks)
    some = compact(tmp_path, [folded.of(((3, 5), (7, 8)))], "parts/some.npz")
    assert some.tasks == ((3, 5), (7, 8))
    assert_holds(read_part(tmp_path, some), seed, [3, 4, 7])


@pytest.mark.parametrize("letters", [LETTERS, LETTERS[:2], ["\0"], [""]])
def test_text_survives(letters: list[str]) -> None:
    random = np.random.default_rng(0)
    for n in (0, 1, 2, 300):
        texts = words(random, n, letters)
        data, begins = encode(texts)
        assert begins[-1] == len(data)
        np.testing.assert_array_equal(decode(data, begins), texts)


def test_text_beyond_one_piece_survives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.runs.text.AT_ONCE", 7)
    texts = words(np.random.default_rng(1), 100)
    np.testing.assert_array_equal(decode(*encode(texts)), texts)


def test_a_damaged_part_is_named_with_what_to_do(tmp_path: Path, fault: Any) -> None:
    damage, said = fault
    ref = write_part(tmp_path, "parts/a.npz", block_of(0, list(range(20))))
    read_part(tmp_path, ref)
    damage(tmp_path / ref.file)
    with pytest.raises(DamagedResult) as caught:
        read_part(tmp_path, ref)
    assert "parts/a.npz" in str(caught.value)
    assert said in str(caught.value)
    assert "workbench run resume" in str(caught.value)


def test_every_flipped_byte_is_found(tmp_path: Path, flip_byte: Any) -> None:
    ref = write_part(tmp_path, "parts/a.npz", block_of(0, [1]))
    whole = (tmp_path / ref.file).read_bytes()
    for at in np.linspace(0, 1, 60):
        (tmp_path / ref.file).write_bytes(whole)
        flip_byte(tmp_path / ref.file, at)
        with pytest.raises(DamagedResult):
            read_part(tmp_path, ref)


def test_a_record_cannot_name_a_file_outside_of_the_run(tmp_path: Path) -> None:
    for file in ("../secret.npz", "/etc/passwd", "parts/../../x"):
        with pytest.raises(DamagedResult, match="outside"):
            read_part(tmp_path, PartRef(file, 1, "00000000"))


def test_a_full_disk_is_said_and_leaves_nothing(small_disk: Path) -> None:
    builder = BlockBuilder(OUTPUTS[:1])
    builder.add(0, 2**20, np.ones(2**20, np.int8), {"energy": np.zeros(2**20)}, {})
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        write_part(small_disk, "parts/a.npz", builder.build())
    assert list((small_disk / "parts").iterdir()) == []
    small = BlockBuilder(OUTPUTS[:1])
    small.add(0, 9, np.ones(9, np.int8), {"energy": np.zeros(9)}, {})
    assert len(read_part(small_disk, write_part(small_disk, "parts/a.npz", small.build())).tasks)


WRITER = """
import sys, numpy as np
from pathlib import Path
from workbench.recipe import Output
from workbench.runs.npz import Npz
from workbench.runs.parts import BlockBuilder, write_part
builder = BlockBuilder((Output(name="x", dims=("i",)),))
builder.add(0, 3_000_000, np.ones(3_000_000, np.int8), {"x": np.zeros(3_000_000)}, {})
block = builder.build()
print("ready", flush=True)
for i in range(1000):
    ref = write_part(Path(sys.argv[1]), f"parts/{i}.npz", block)
    print(ref.file, ref.bytes, ref.crc32c, flush=True)
"""


@pytest.mark.parametrize("after_s", [0.01, 0.05, 0.12])
def test_a_killed_writer_leaves_whole_parts_and_litter_only(tmp_path: Path, after_s: float) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    time.sleep(after_s)
    os.kill(writer.pid, signal.SIGKILL)
    told = [line.split() for line in writer.stdout.read().splitlines()]
    writer.wait()
    writer.stdout.close()
    for file, size, checksum in told:
        assert read_part(tmp_path, PartRef(file, int(size), checksum)).status.sum() == 3_000_000
    # At most one part more than was told, whole; everything else is named as unfinished.
    left = [path.name for path in (tmp_path / "parts").glob("*")] if told else []
    whole = [name for name in left if not name.endswith(".tmp")]
    assert len(whole) - len(told) in (0, 1)
    assert all(Npz(tmp_path / "parts" / name).read("dense/x").sum() == 0 for name in whole)


def test_small_parts_are_folded_when_there_are_many() -> None:
    mb = 2**20
    assert choose([mb] * 255) is None
    assert choose([mb] * 256) == list(range(256))
    assert choose([40 * mb] * 300) is None
    chosen = choose([31 * mb] * 300)
    assert chosen is not None
    assert len(chosen) == 8
    assert choose([1] * 32, final=True) is None
    assert choose([9, 1, 8, 2] + [10] * 30, final=True) == [1, 2, 3]
    assert choose([200 * mb] * 50, final=True) is None


@pytest.mark.parametrize("n", [33, 300, 2000])
def test_folding_at_the_end_leaves_at_most_32_parts_and_writes_little(n: int) -> None:
    sizes = np.random.default_rng(n).integers(1, 10**6, n).tolist()
    total, written = sum(sizes), 0
    while (chosen := choose(sizes, final=True)) is not None:
        folded = sum(sizes[i] for i in chosen)
        written += folded
        sizes = [size for i, size in enumerate(sizes) if i not in set(chosen)] + [folded]
    assert len(sizes) <= 32
    assert sum(sizes) == total
    assert written < 3 * total
