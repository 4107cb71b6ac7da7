"""FASTA files: what is accepted, what is refused and how that is told, in bounded memory."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tracemalloc

import pytest
import zstandard

from workbench import ParameterError, Source
from workbench.input_checks import check_input
from workbench.parameters import input_files
from workbench_proteins import fasta
from workbench_proteins.fasta import Records, check_fasta
from workbench_proteins.search_parameters import SearchParameters

FASTA = input_files(SearchParameters)["database"]
GOOD = ">a\nMKVLAW\n>b some words\nACDEFGHIKL\nMNPQRSTVWY\n"


def problems(tmp_path, content, name="x.fa"):
    """What the check at submit says of a file."""
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [message.replace(str(path), name) for message in check_input(path, FASTA)]


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        GOOD.replace("\n", "\r\n"),
        "\ufeff" + GOOD,
        GOOD.lower(),
        "\n\n" + GOOD.replace("\n", "\n\n") + "\n",
        GOOD.rstrip(),
        GOOD.replace("MKVLAW", "MK VL\tAW  "),
        ">a\nBZJOUX\n>b\nMKV*\n",
        ">caf\u00e9\nMKV\n",
        ">a\n" + "MKVLAW" * 16_000 + "\n",
    ],
)
def test_good(tmp_path, content):
    assert problems(tmp_path, content) == []


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_packed(tmp_path, pack):
    assert problems(tmp_path, pack(GOOD.encode())) == []
    assert "line 2, holds '1'" in problems(tmp_path, pack(b">a\n1\n"))[0]


BAD = {
    "empty": (b"", "x.fa is empty: give a file with FASTA"),
    "blank": (b"\n \n", "x.fa holds no sequences: give a file with lines '>name'"),
    "header only": (b">a\n", "x.fa, line 1, is the header of 'a', which has no residues"),
    "header at the end": (GOOD + ">c\n", "x.fa, line 6, is the header of 'c', which has no resid"),
    "header on header": (">a\n>b\nMKV\n", "x.fa, line 1, is the header of 'a', which has no resid"),
    "only stops": (">a\n**\n", "x.fa, line 1, is the header of 'a', which has no residues"),
    "no header": ("MKV\nLAW\n", "x.fa, line 1, stands before the first header: begin each"),
    "Stockholm": ("# STOCKHOLM 1.0\nx MKV\n", "x.fa, line 1, begins an alignment in Stockholm"),
    "late header": ("\nMKV\n" + GOOD, "x.fa, line 2, stands before the first header"),
    "no name": (">\nMKV\n", "x.fa, line 1, is a header without a name: write '>name'"),
    "digit": (">a\nMK1V\n", "x.fa, line 2, holds '1', which stands for no amino acid: remove it"),
    "header inside": (">a\nMK>V\n", "x.fa, line 2, holds '>', which stands for no amino acid"),
    "not ASCII": (">a\nM K\u00dfV\n", "x.fa, line 2, holds '\u00df', which stands for no amino"),
    "gap": (">a\nMK-V\n", "x.fa, line 2, holds the gap '-': give unaligned sequences"),
    "other gap": (">a\nMK.V\n", "x.fa, line 2, holds the gap '.'"),
    "twice": (GOOD + ">a\nMKV\n", "x.fa, line 6, repeats the name 'a' of line 1: give every"),
    "long": (
        GOOD + ">c\n" + ("M" * 100 + "\n") * 1001,
        "x.fa, line 6, begins a sequence of more than 100,000 residues, the most that HMMER takes",
    ),
    "long in one line": (">a\n" + "M" * 100_001, "x.fa, line 1, begins a sequence of more than"),
    "long line": (">a\n" + "M" * 2_000_000, "x.fa, line 2, is longer than 1 MB"),
    "NUL": (b">a\nMK\0V\n", "x.fa, line 2: a NUL byte"),
    "not UTF-8": (b">caf\xe9\nMKV\n", "x.fa, line 1: byte 0xe9 is not UTF-8"),
    "UTF-16": (GOOD.encode("utf-16"), "x.fa is UTF-16 text: save it as UTF-8"),
    "web page": (b"<!DOCTYPE html>\n<html>", "x.fa is a web page"),
    "noise": (bytes(range(1, 256)) * 4000, "x.fa holds binary data"),
    "cut": (gzip.compress(GOOD.encode() * 99)[:-40], "x.fa is a damaged or incomplete .gz file"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad(tmp_path, what):
    content, told = BAD[what]
    (problem,) = problems(tmp_path, content)
    assert problem.startswith(told)


def test_all_problems_at_once_and_not_too_many(tmp_path):
    content = ">a\nM1\nM-\n>b\n>a\nMKV\n"
    assert [line.split(",")[1] for line in problems(tmp_path, content)] == [
        " line 2", " line 3", " line 4", " line 5",
    ]  # fmt: skip
    found = problems(tmp_path, ">a\n" + "M1\n" * 500)
    assert len(found) == 21
    assert found[-1] == "and 480 more."


def test_missing_and_folder(tmp_path):
    assert "there is no file" in check_input(tmp_path / "no.fa", FASTA)[0]
    assert "is a folder; give one file" in check_input(tmp_path, FASTA)[0]


def test_300_mb_in_one_line_take_little_memory(tmp_path):
    path = tmp_path / "x.fa.zst"
    packer = zstandard.ZstdCompressor(level=1)
    with path.open("wb") as file, packer.stream_writer(file) as stream:
        stream.write(b">a\n")
        for _ in range(300):
            stream.write(b"M" * 1_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(ParameterError, match="line 2, is longer than 1 MB"):
            check_fasta(Source(path))
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()


def test_a_long_sequence_takes_little_memory(tmp_path):
    path = tmp_path / "x.fa"
    with path.open("wb") as file:
        file.write(b">a\n")
        file.writelines([b"M" * 500_000 + b"\n"] * 60)
    tracemalloc.start()
    try:
        with pytest.raises(ParameterError, match="more than 100,000 residues"):
            check_fasta(Source(path))
        assert tracemalloc.get_traced_memory()[1] < 5e6
    finally:
        tracemalloc.stop()


def test_the_beginning_of_a_large_file_ends_nowhere(tmp_path, monkeypatch):
    """A record that the bound of the check cuts is no mistake; one before it is."""
    monkeypatch.setattr("workbench.inputs.CHECKED_BYTES", 20)
    path = tmp_path / "x.fa"
    path.write_text(">a\nMKVLAW\n>name_of_b\n" + "A1CDE\n" * 10)
    check_fasta(Source(path, whole=False))
    with pytest.raises(ParameterError, match="holds '1'"):
        check_fasta(Source(path))
    path.write_text(">a\nMK1LAW\n>name_of_b\nACDE\n")
    with pytest.raises(ParameterError, match="line 2, holds '1'"):
        check_fasta(Source(path, whole=False))


def test_names_are_compared_by_more_than_their_hash(tmp_path, monkeypatch):
    """Equal hashes of different names are no duplicates."""
    monkeypatch.setattr(fasta, "hash", lambda name: len(name), raising=False)
    assert problems(tmp_path, ">ab\nMKV\n>cd\nMKV\n") == []
    assert len(problems(tmp_path, ">ab\nMKV\n>cd\nMKV\n>ab\nMKV\n")) == 1


def test_records(tmp_path):
    path = tmp_path / "x.fa"
    path.write_text(GOOD)
    first, second = Records(Source(path))
    assert (first.name, second.name) == ("a", "b")
    assert "".join(fasta.LETTERS[code] for code in first.residues) == "MKVLAW"
    assert len(second.residues) == 20


DNA = "ATGGCGTGCAAATTTGGCCTGACCGATTACGCTAGGCATCCGTTAACGGATCA"


@pytest.mark.parametrize(
    "content",
    [
        f">a\n{DNA}\n",
        f">a\n{DNA[:30]}\n>b\n{DNA[30:].lower()}N\n",
        f">a\n{DNA}\n".replace("T", "U"),
    ],
)
def test_dna_is_refused(tmp_path, content):
    (said,) = problems(tmp_path, content)
    assert said.startswith("x.fa looks like DNA: it holds A, C, G and T alone. Translate it first")


@pytest.mark.parametrize(
    "content",
    [
        ">short\nGATTACA\n",
        f">mixed\n{DNA}\n>b\nMKV\n",
        ">antifreeze glycoprotein\n" + "AAT" * 40 + "\n",
        ">silk\n" + "GA" * 40 + "\n",
    ],
)
def test_what_may_be_a_protein_is_none(tmp_path, content):
    assert problems(tmp_path, content) == []
