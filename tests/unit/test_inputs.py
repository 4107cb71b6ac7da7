"""Input files: opened, read line by line, hashed and copied."""

import bz2
import gzip
import hashlib
import lzma
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
import zstandard

from workbench.errors import ParameterError, Refused
from workbench.inputs import (
    BROKEN,
    CHECKED_BYTES,
    ENDS_BYTES,
    Source,
    content_hash,
    copy_input,
    ends_hash,
    input_bytes,
    input_paths,
    open_input,
    unpacked_bytes,
)

PACKED = {
    "plain": bytes,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.compress,
}
FAST = {
    **PACKED,
    "gz": lambda data: gzip.compress(data, 1),
    "bz2": lambda data: bz2.compress(data, 1),
    "xz": lambda data: lzma.compress(data, preset=0),
}
TEXT = b"".join(b">s%d\nACDEFGHIKLMNPQRSTVWY\n" % number for number in range(20_000))


@pytest.fixture(params=PACKED)
def packing(request):
    return request.param


def test_every_compression_reads_the_same_whatever_the_name(tmp_path, packing):
    path = tmp_path / "misnamed.dat"
    path.write_bytes(PACKED[packing](TEXT))
    with open_input(path) as stream:
        assert stream.read() == TEXT


def test_frames_one_after_the_other_are_one_content(tmp_path, packing):
    path = tmp_path / "two"
    path.write_bytes(PACKED[packing](TEXT) + PACKED[packing](b"more"))
    with open_input(path) as stream:
        assert stream.read() == TEXT + b"more"


@pytest.mark.parametrize("packing", ["gz", "bz2", "xz", "zst"])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.999])
def test_a_truncated_file_raises(tmp_path, packing, kept):
    packed = PACKED[packing](TEXT)
    path = tmp_path / "cut"
    path.write_bytes(packed[: int(kept * len(packed))])
    with open_input(path) as stream, pytest.raises(BROKEN):
        stream.read()


@pytest.mark.parametrize("packing", ["gz", "bz2", "xz", "zst"])
@pytest.mark.parametrize("behind", [b"junk behind the end", b"j"])
def test_what_stands_behind_the_end_and_is_no_frame_raises(tmp_path, packing, behind):
    path = tmp_path / "more"
    path.write_bytes(PACKED[packing](TEXT) + behind)
    with open_input(path) as stream, pytest.raises(BROKEN):
        stream.read()


@pytest.mark.parametrize("packing", ["gz", "bz2", "xz", "zst"])
def test_a_damaged_beginning_of_the_second_frame_is_no_end(tmp_path, packing):
    second = bytearray(PACKED[packing](b"more"))
    second[0] ^= 1
    path = tmp_path / "two"
    path.write_bytes(PACKED[packing](TEXT) + second)
    with open_input(path) as stream, pytest.raises(BROKEN):
        stream.read()


@pytest.mark.parametrize("zeros", [4, 2**20])
def test_zeros_between_xz_streams_and_at_the_end_are_padding(tmp_path, zeros):
    path = tmp_path / "padded.xz"
    padding = bytes(zeros)
    path.write_bytes(lzma.compress(TEXT) + padding + lzma.compress(b"more") + padding)
    with open_input(path) as stream:
        assert stream.read() == TEXT + b"more"


def test_lines_are_numbered_and_free_of_line_ends_and_bom(tmp_path):
    path = tmp_path / "lines"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\n\r\nlast \r")
    assert list(Source(path).lines()) == [(1, b"one"), (2, b"two"), (3, b""), (4, b"last \r")]


def test_a_line_of_just_the_longest_length_passes(tmp_path):
    path = tmp_path / "lines"
    path.write_bytes(b"x" * 10 + b"\r\n" + b"y" * 11 + b"\n")
    lines = Source(path).lines(longest=10)
    assert next(lines) == (1, b"x" * 10)
    with pytest.raises(ParameterError, match=r"lines, line 2, is longer than 10 bytes"):
        next(lines)


def test_a_bounded_source_ends_before_the_line_that_the_bound_cuts(tmp_path, packing):
    line = b"A" * 99 + b"\n"
    path = tmp_path / "large"
    path.write_bytes(PACKED[packing](line * (CHECKED_BYTES // 100 + 50)))
    with Source(path, whole=False).open() as stream:
        assert len(stream.read()) == CHECKED_BYTES
    numbers = [number for number, text in Source(path, whole=False).lines() if len(text) == 99]
    assert numbers == list(range(1, CHECKED_BYTES // 100 + 1))


@pytest.mark.parametrize("size", [CHECKED_BYTES - 1, CHECKED_BYTES])
def test_a_bounded_source_keeps_the_last_line_of_a_file_that_just_fits(tmp_path, size):
    path = tmp_path / "fits"
    line = b"a" * 1023 + b"\n"
    path.write_bytes(line * (CHECKED_BYTES // 1024 - 1) + b"z" * (size - CHECKED_BYTES + 1024))
    assert list(Source(path, whole=False).lines())[-1][1].startswith(b"zzzz")


def test_a_300_mb_line_is_refused_in_bounded_memory(tmp_path):
    path = tmp_path / "line.fa.zst"
    with path.open("wb") as file, zstandard.ZstdCompressor().stream_writer(file) as packed:
        for _ in range(300):
            packed.write(b"A" * 10**6)
    code = """
import resource, sys
from pathlib import Path
from workbench.errors import ParameterError
from workbench.inputs import Source
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    list(Source(Path(sys.argv[1])).lines())
except ParameterError as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    message, used_mb = done.stdout.splitlines()
    assert "line 1, is longer than 1 MB" in message
    assert int(used_mb) < 100


@pytest.fixture
def folder(tmp_path):
    top = tmp_path / "structures"
    (top / "deep").mkdir(parents=True)
    (top / ".hidden").mkdir()
    for name, text in {"b.cif": "b", "deep/a.cif": "a", ".x": "x", ".hidden/y": "y"}.items():
        (top / name).write_text(text)
    return top


def test_a_folder_stands_for_its_files_without_hidden_ones(folder):
    assert input_paths(folder) == [folder / "b.cif", folder / "deep/a.cif"]
    assert input_bytes(folder) == 2


def test_content_hash_of_a_file_is_its_sha256(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(TEXT)
    assert content_hash(path) == hashlib.sha256(TEXT).hexdigest()


def test_content_hash_of_a_folder_sees_names_and_contents_but_not_the_place(folder, tmp_path):
    first = content_hash(folder)
    moved = folder.rename(tmp_path / "moved")
    assert content_hash(moved) == first
    (moved / "b.cif").rename(moved / "c.cif")
    renamed = content_hash(moved)
    (moved / "c.cif").write_text("B")
    assert len({first, renamed, content_hash(moved)}) == 3


@pytest.mark.parametrize("size", [0, 10, ENDS_BYTES + 5, 3 * ENDS_BYTES])
def test_ends_hash_sees_size_and_both_ends(tmp_path, size):
    path = tmp_path / "file"
    path.write_bytes(b"a" * size)
    hashes = {ends_hash(path)}
    path.write_bytes(b"a" * (size + 1))
    hashes.add(ends_hash(path))
    for place in (0, size):
        data = bytearray(b"a" * (size + 1))
        data[place] = 98
        path.write_bytes(data)
        hashes.add(ends_hash(path))
    assert len(hashes) == (4 if size else 3)


def test_a_copy_is_hashed_as_content_hash_does(folder, tmp_path):
    assert copy_input(folder / "b.cif", tmp_path / "b") == content_hash(tmp_path / "b")
    assert copy_input(folder, tmp_path / "copy") == content_hash(tmp_path / "copy")
    assert content_hash(tmp_path / "copy") == content_hash(folder)
    assert sorted(p.name for p in (tmp_path / "copy").rglob("*")) == ["a.cif", "b.cif", "deep"]


def test_a_copy_replaces_nothing(tmp_path):
    path = tmp_path / "file"
    path.write_text("new")
    target = tmp_path / "target"
    target.write_text("old")
    with pytest.raises(FileExistsError):
        copy_input(path, target)
    assert target.read_text() == "old"


def test_a_file_that_grows_while_it_is_copied_is_refused(tmp_path):
    path = tmp_path / "growing"
    path.write_bytes(b"a" * 2**26)
    code = """
import os, sys
file = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND)
print("ready", flush=True)
while True:
    os.write(file, b"b")
"""
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, env=dict(os.environ)
    ) as writer:
        try:
            assert writer.stdout is not None
            writer.stdout.readline()
            with pytest.raises(Refused, match=r"growing changed while it was copied. Wait"):
                copy_input(path, tmp_path / "copy")
        finally:
            writer.kill()


@pytest.mark.parametrize("mb", [1, 20])
def test_what_a_file_unpacks_to_is_known_about_without_reading_it(tmp_path, packing, mb):
    """One of them ends within the first 16 MB, of the other one the end is not read."""
    text = random.Random(1).randbytes(mb * 500_000).hex().encode()
    (tmp_path / "packed").write_bytes(FAST[packing](text))
    (tmp_path / "plain").write_bytes(b"x" * 1000)
    exact = packing == "plain" or mb == 1
    found = unpacked_bytes(tmp_path) - 1000
    assert found == pytest.approx(len(text), rel=0 if exact else 0.2)


def test_sources_are_public():
    import workbench

    assert workbench.Source is Source
    assert isinstance(Source(Path("x")).error("is odd.", 3), ParameterError)
