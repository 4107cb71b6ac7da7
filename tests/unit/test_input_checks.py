"""Every bad input is answered before any work: which file, which line, what to do."""

import bz2
import gzip
import io
import lzma
import os
import random
import socket
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Annotated

import pytest
import zstandard

from tests.needs import require_root
from workbench.errors import ParameterError, Problem
from workbench.input_checks import MOST_PROBLEMS, check_input, check_inputs
from workbench.inputs import CHECKED_BYTES, Source
from workbench.parameters import InputFile, Parameters, parameter

FASTA = b">one\nACDEFGHIKLMNPQRSTVWY\n>two\nACDEFGHIKLMN\n"
TEXT = InputFile(("FASTA", ".fa"))


def answer(path, kind=TEXT):
    """The one sentence that a broken file gets."""
    found = check_input(path, kind)
    assert len(found) == 1
    assert str(path) in found[0]
    return found[0]


def written(folder, data, name="seqs.fa"):
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "data",
    [
        FASTA,
        b"\xef\xbb\xbf" + FASTA,
        FASTA.replace(b"\n", b"\r\n"),
        FASTA.removesuffix(b"\n"),
        ">größe µ\nACDE\n".encode(),
        gzip.compress(FASTA),
        bz2.compress(FASTA),
        lzma.compress(FASTA),
        zstandard.compress(FASTA),
        gzip.compress(FASTA) + gzip.compress(FASTA),
    ],
    ids=["plain", "bom", "crlf", "no-end", "utf8", "gz", "bz2", "xz", "zst", "two-gz"],
)
def test_sound_files_pass(tmp_path, data):
    assert check_input(written(tmp_path, data), TEXT) == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty: give a file with FASTA or .fa content."),
        (gzip.compress(b"", mtime=0), "holds nothing once decompressed"),
        (FASTA + b">L\xf6we\nAC\n", ", line 5: byte 0xf6 is not UTF-8: save the file as UTF-8"),
        (FASTA + b"AC\xc3", ", line 5: byte 0xc3 is not UTF-8"),
        (FASTA.decode().encode("utf-16"), "is UTF-16 text: save it as UTF-8"),
        (FASTA.decode().encode("utf-16-le"), "is UTF-16LE text: save it as UTF-8"),
        (FASTA.decode().encode("utf-16-be"), "is UTF-16BE text: save it as UTF-8"),
        (FASTA.decode().encode("utf-32"), "is UTF-32 text: save it as UTF-8"),
        (FASTA + b"AC\0DE\n", ", line 5: a NUL byte stands in the text"),
        (b"<!DOCTYPE html>\n<html><body>404</body></html>", "is a web page"),
        (b"\xef\xbb\xbf\n <HTML>Log in</HTML>", "is a web page"),
        (b'<?xml version="1.0"?>\n<html xmlns="x"></html>', "is a web page"),
        (random.Random(1).randbytes(5000), "holds binary data, no text: give a FASTA or .fa"),
        (b"PK\x03\x04" + b"\0" * 100, "is a zip archive: unpack it first."),
        (gzip.compress(gzip.compress(FASTA, mtime=0), mtime=0), "is compressed twice (.gz inside)"),
    ],
)
def test_broken_content_is_named(tmp_path, data, said):
    assert said in answer(written(tmp_path, data))


def test_an_archive_of_files_is_named(tmp_path):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("a.fa"), io.BytesIO(b""))
    assert "is a tar archive: unpack it first" in answer(written(tmp_path, packed.getvalue()))


@pytest.mark.parametrize(
    ("pack", "ending"),
    [
        (gzip.compress, "gz"),
        (bz2.compress, "bz2"),
        (lzma.compress, "xz"),
        (zstandard.compress, "zst"),
    ],
)
def test_a_truncated_file_is_named(tmp_path, pack, ending):
    path = written(tmp_path, pack(FASTA * 5000)[:-20])
    assert f"is a damaged or incomplete .{ending} file (it ends too early)" in answer(path)


# The command `zstd` writes checksums, the library does not unless it is asked to.
with_checksum = zstandard.ZstdCompressor(write_checksum=True).compress


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, with_checksum])
def test_a_damaged_file_is_named(tmp_path, pack):
    data = bytearray(pack(random.Random(2).randbytes(50_000).hex().encode()))
    data[len(data) // 2 : len(data) // 2 + 64] = b"\xa5" * 64
    assert "is a damaged or incomplete" in answer(written(tmp_path, data))


@pytest.mark.parametrize("place", [2**20 - 1, 2**20, 2**20 + 1])
def test_letters_cut_between_blocks_are_whole_and_bad_ones_keep_their_line(tmp_path, place):
    sound = b"a" * (place - 1) + "é\nend\n".encode()
    assert check_input(written(tmp_path, sound), TEXT) == []
    broken = b"\n" * 7 + b"a" * (place - 8) + b"\xc3("
    assert ", line 8: byte 0xc3" in answer(written(tmp_path, broken))


def test_a_large_file_is_checked_in_its_beginning_only(tmp_path, monkeypatch):
    monkeypatch.setattr("workbench.input_checks.WHOLE_BYTES", CHECKED_BYTES + 10)
    seen = []
    kind = InputFile(("FASTA",), check=seen.append)
    path = written(tmp_path, b"A\n" * (CHECKED_BYTES // 2) + b"\0" * 20)
    assert check_input(path, kind) == []
    assert seen == [Source(path, whole=False)]
    small = written(tmp_path, FASTA)
    assert check_input(small, kind) == []
    assert seen[1:] == [Source(small, whole=True)]


def test_a_small_file_that_unpacks_to_a_large_one_is_not_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("workbench.input_checks.WHOLE_BYTES", CHECKED_BYTES)
    seen = []
    path = written(tmp_path, zstandard.compress(b"A\n" * CHECKED_BYTES))
    assert check_input(path, InputFile(("FASTA",), check=seen.append)) == []
    assert seen == [Source(path, whole=False)]


@pytest.mark.parametrize("name", ["seqs.fasta", "SEQS.FA", "seq.fa"])
def test_a_missing_file_gets_the_nearest_names(tmp_path, name):
    there = written(tmp_path, FASTA)
    path = tmp_path / name
    assert answer(path) == f"there is no file {path}. Did you mean {str(there)!r}?"


def test_a_missing_file_among_others_and_a_missing_folder(tmp_path):
    written(tmp_path, FASTA)
    assert "its folder holds 1 others" in answer(tmp_path / "quite-different.txt")
    said = answer(tmp_path / "no" / "folder" / "x.fa")
    assert f"of its path only {tmp_path} exists" in said


def test_a_folder_is_refused_where_a_file_is_wanted(tmp_path):
    written(tmp_path, FASTA)
    assert answer(tmp_path).endswith("is a folder; give one file. It holds: seqs.fa.")


def test_a_socket_is_no_input():
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as door:
        path = Path(folder, "door")
        door.bind(str(path))
        assert "is neither a file nor a folder" in answer(path)


def test_no_permission_is_said(tmp_path):
    require_root("reading as another user")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = written(Path(folder), FASTA)
        path.chmod(0o600)
        closed = Path(folder, "closed")
        closed.mkdir(0o700)
        written(closed, FASTA)
        os.seteuid(65534)  # root may read everything
        try:
            said = answer(path)
            inside = check_input(closed / "seqs.fa", TEXT)
            whole = check_input(closed, InputFile(("FASTA",), folder=True))
        finally:
            os.seteuid(0)
    assert said == f"you may not read {path}: ask root for permission ('chmod +r'), or give a copy."
    assert len(inside) == len(whole) == 1
    assert "you may not read" in inside[0]
    assert f"you may not read {closed}" in whole[0]


def test_a_folder_of_files_is_checked_file_by_file(tmp_path):
    seen = []
    kind = InputFile(("CIF",), check=seen.append, folder=True)
    assert answer(tmp_path, kind).endswith("is an empty folder: put CIF files there.")
    good = written(tmp_path, FASTA, "good.cif")
    assert check_input(tmp_path, kind) == []
    assert [source.path for source in seen] == [good]
    for number in range(MOST_PROBLEMS + 5):
        written(tmp_path, b"", f"bad{number:02d}.cif")
    said = check_input(tmp_path, kind)
    assert len(said) == MOST_PROBLEMS + 1
    assert "bad00.cif is empty" in said[0]
    assert said[-1] == f"6 more files of {tmp_path} were not checked."


def test_of_a_folder_with_very_many_files_not_all_are_looked_into(tmp_path, monkeypatch):
    seen = []
    kind = InputFile(("CIF",), check=seen.append, folder=True)
    for number in range(20):
        written(tmp_path, FASTA, f"{number:02d}.cif")
    assert check_input(tmp_path, kind) == []
    assert len(seen) == 20
    # The time is over with the first file; what is cheap to see is seen in all of them.
    monkeypatch.setattr("workbench.input_checks.FOLDER_S", 0.0)
    seen.clear()
    written(tmp_path, b"", "19.cif")
    [said] = check_input(tmp_path, kind)
    assert "19.cif is empty" in said
    assert [source.path.name for source in seen] == ["00.cif"]


def test_a_broken_link_in_a_folder_is_named(tmp_path):
    (tmp_path / "gone.cif").symlink_to(tmp_path / "nothing")
    kind = InputFile(("CIF",), folder=True)
    assert check_input(tmp_path, kind) == [
        f"{tmp_path / 'gone.cif'} is a link to a file that does not exist."
    ]


def first_line_is_header(source: Source) -> None:
    for number, line in source.lines():
        if not line.startswith(b">"):
            raise source.error("has no header: begin it with '>name'.", number)
        return


class Both(Parameters):
    queries: Annotated[Path, InputFile(("FASTA",), check=first_line_is_header)] = parameter(
        help="q"
    )
    database: Annotated[Path, InputFile(("FASTA",))] = parameter(help="d")
    extra: Annotated[Path | None, InputFile(("FASTA",))] = parameter(None, help="e")


def test_all_parameters_are_checked_and_the_recipes_own_check_is_asked(tmp_path):
    queries = written(tmp_path, b"ACDE\n")
    missing = tmp_path / "other"
    assert check_inputs(Both, Both(queries=queries, database=missing)) == [
        Problem("queries", "seqs.fa, line 1, has no header: begin it with '>name'."),
        Problem(
            "database",
            f"there is no file {missing}. Check the path; its folder holds 1 others.",
        ),
    ]
    assert check_inputs(Both, Both(queries=written(tmp_path, FASTA), database=queries)) == []


def test_binary_inputs_skip_the_text_checks_only(tmp_path):
    kind = InputFile(("ASE database",), text=False)
    assert check_input(written(tmp_path, b"SQLite format 3\0\xff\xff"), kind) == []
    assert "is empty" in answer(written(tmp_path, b""), kind)
    cut = gzip.compress(random.Random(3).randbytes(1000))[:-4]
    assert "damaged or incomplete" in answer(written(tmp_path, cut), kind)


def test_a_300_mb_line_is_answered_in_bounded_memory(tmp_path):
    path = tmp_path / "line.fa"
    with path.open("wb") as file:
        file.write(b">one\n")
        file.truncate(300 * 10**6)  # a hole of NUL bytes costs no disk
    packed = tmp_path / "line.fa.zst"
    with packed.open("wb") as file, zstandard.ZstdCompressor().stream_writer(file) as stream:
        for _ in range(300):
            stream.write(b"A" * 10**6)
    code = """
import resource, sys
from pathlib import Path
from workbench.input_checks import check_input
from workbench.parameters import InputFile

def check(source):
    for _ in source.lines():
        pass

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name in sys.argv[1:]:
    print(*check_input(Path(name), InputFile(("FASTA",), check=check)))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), str(packed)],
        capture_output=True,
        text=True,
        check=True,
    )
    holes, one_line, used_mb = done.stdout.splitlines()
    assert "holds binary data" in holes
    assert "line 1, is longer than 1 MB" in one_line
    assert int(used_mb) < 100


def test_a_check_that_breaks_is_not_hidden(tmp_path):
    def broken(source):
        raise KeyError("a mistake in the recipe")

    with pytest.raises(KeyError):
        check_input(written(tmp_path, FASTA), InputFile(("FASTA",), check=broken))
    with pytest.raises(ParameterError, match="odd"):
        raise Source(tmp_path).error("is odd")
