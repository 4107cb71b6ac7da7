"""FASTA files of protein sequences: read once, checked while they are read.

What is accepted is what Easel, HMMER's reader, accepts for unaligned sequences: the twenty amino
acids, the ambiguous letters B J Z X, the rare U and O, ``*`` for a stop, lower case, blanks inside
of lines, empty lines, CRLF.  Gaps are refused.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from workbench import ParameterError, Problem, Source
from workbench_proteins.dna import Letters

LETTERS = "ACDEFGHIKLMNPQRSTVWY-BJZOUX*~"
"""Easel's amino acid alphabet in its order: a residue's code is its place here."""

GAPS = "-._~"
LONGEST = 100_000
"""Residues of the longest sequence that HMMER's pipeline takes."""

MOST_PROBLEMS = 20
MOST_NAMES = 20_000_000
"""So many names are held against each other (8 bytes each); later ones are not."""

_BLANKS = b" \t\r"
_BAD = 0xFF


def _codes() -> bytes:
    found = bytearray([_BAD]) * 256
    for code, letter in enumerate(LETTERS):
        if letter not in GAPS:
            found[ord(letter)] = found[ord(letter.lower())] = code
    return bytes(found)


_CODES = _codes()
_STOP = bytes([LETTERS.index("*")])


@dataclass(frozen=True, slots=True)
class Record:
    """One sequence: its name (the header's first word) and Easel's codes of its residues."""

    name: str
    residues: bytes


class Records:
    """The sequences of a FASTA file, one after the other, and what is wrong with the file.

    Iterate once; then ``problems`` is complete.  Memory stays bounded whatever the file holds: a
    sequence is given up once it is longer than HMMER takes.

    Parameters
    ----------
    source
        The file, or its first 16 MB; where those end, a record may be cut, and is left out.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._told: list[Problem] = []
        self._more = 0
        self._name: str | None = None
        self._line = 0
        self._parts: list[bytes] = []
        self._length = 0
        self._hashes = array("q")
        self._letters = Letters()

    @property
    def problems(self) -> list[Problem]:
        """What was found so far, the first 20 problems in words."""
        more = [Problem(self._source.path.name, f"and {self._more} more.")] if self._more else []
        return self._told + more

    def __iter__(self) -> Iterator[Record]:
        headless = False
        try:
            for number, line in self._source.lines():
                if line.startswith(b">"):
                    if (record := self._ended()) is not None:
                        yield record
                    self._begin(number, line)
                elif self._name is not None:
                    self._add(number, line)
                elif line.strip() and not headless:
                    headless = True
                    self._say(_headless(line), number)
        except ParameterError as error:
            # A line too long for the memory: nothing behind it is looked at.
            self._tell(error)
            return
        if self._source.whole and (record := self._ended()) is not None:
            yield record
        if not self._line and not headless:
            self._say("holds no sequences: give a file with lines '>name', each with residues.")
        if self._letters.dna:
            self._say(
                "looks like DNA: it holds A, C, G and T alone. Translate it first, for example "
                "with EMBOSS transeq or Biopython's Seq.translate. Should these be proteins "
                "indeed, put them into one file with others."
            )
        self._say_duplicates()

    def _begin(self, number: int, line: bytes) -> None:
        self._line = number
        self._length = 0
        self._parts = []
        words = line[1:].split(None, 1)
        try:
            self._name = words[0].decode() if words else ""
        except UnicodeDecodeError:
            self._name = ""
            self._say("has a name that is not UTF-8: save the file as UTF-8.", number)
            return
        if not words:
            self._say("is a header without a name: write '>name'.", number)
        elif len(self._hashes) < MOST_NAMES:
            self._hashes.append(hash(words[0]))

    def _add(self, number: int, line: bytes) -> None:
        self._letters.add(line)
        codes = line.translate(_CODES, _BLANKS)
        if _BAD in codes:
            self._say(_illegal(line, codes), number)
        before = self._length
        self._length += len(codes)
        if self._length <= LONGEST:
            self._parts.append(codes)
        elif before <= LONGEST:
            self._parts = []
            self._say(
                f"begins a sequence of more than {LONGEST:,} residues, the most that HMMER takes: "
                "cut it into pieces or leave it out.",
                self._line,
            )

    def _ended(self) -> Record | None:
        """Return the sequence that ends here, if it is one that can be searched."""
        if self._name is None:
            return None
        if self._length > LONGEST:
            return None
        residues = b"".join(self._parts)
        if residues.strip(_STOP):
            return Record(self._name, residues)
        self._say(
            f"is the header of {self._name!r}, which has no residues: add them or remove the line.",
            self._line,
        )
        return None

    def _say_duplicates(self) -> None:
        hashes = np.sort(np.frombuffer(self._hashes, np.int64)) if self._hashes else np.zeros(0)
        again = set(hashes[1:][hashes[1:] == hashes[:-1]].tolist())
        if not again:
            return
        first: dict[bytes, int] = {}
        for number, line in self._source.lines():
            words = line[1:].split(None, 1) if line.startswith(b">") else []
            if not words or hash(words[0]) not in again:
                continue
            if words[0] in first:
                name = words[0].decode(errors="replace")
                self._say(
                    f"repeats the name {name!r} of line {first[words[0]]}: give every sequence a "
                    "name of its own.",
                    number,
                )
            first.setdefault(words[0], number)

    def _say(self, message: str, line: int = 0) -> None:
        self._tell(self._source.error(message, line))

    def _tell(self, error: ParameterError) -> None:
        for problem in error.fields:
            if len(self._told) < MOST_PROBLEMS:
                self._told.append(problem)
            else:
                self._more += 1


def _illegal(line: bytes, codes: bytes) -> str:
    kept = line.translate(None, _BLANKS)
    text = kept[codes.index(_BAD) :].decode(errors="replace")
    letter = text[0]
    if letter in GAPS:
        return f"holds the gap {letter!r}: give unaligned sequences, without gaps."
    return f"holds {letter!r}, which stands for no amino acid: remove it."


def check_fasta(source: Source) -> None:
    """Check a FASTA file of proteins, as far as `source` goes.

    Raises
    ------
    ParameterError
        With every problem, by file and line; of more than 20 the others are counted.
    """
    records = Records(source)
    for _ in records:
        pass
    if records.problems:
        raise ParameterError.of(records.problems)


def _headless(line: bytes) -> str:
    """Say what is wrong with what stands before the first header."""
    if line.startswith(b"# STOCKHOLM"):
        return "begins an alignment in Stockholm format: convert it, esl-reformat fasta FILE."
    if line.startswith((b"CLUSTAL", b"MUSCLE")):
        return "begins an alignment in Clustal format: convert it to FASTA."
    return "stands before the first header: begin each sequence with a line '>name'."
