"""A sequence database as one file of pages, any run of which loads by itself.

A page holds consecutive sequences: their lengths and the lengths of their names (both
little-endian int32), the names one after the other (UTF-8), the residues one after the other
(Easel's codes).  How many there are of each stands in a table beside the file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from workbench_proteins.fasta import Record

_LENGTH = np.dtype("<i4")


@dataclass
class Page:
    """One page while it is filled."""

    names: list[bytes] = field(default_factory=list)
    sequences: list[bytes] = field(default_factory=list)
    residues: int = 0

    def add(self, record: Record) -> None:
        """Append a sequence."""
        self.names.append(record.name.encode())
        self.sequences.append(record.residues)
        self.residues += len(record.residues)

    def write(self, file: BinaryIO) -> tuple[int, int, int]:
        """Write the page; return its sequences, residues and bytes of names."""
        for lengths in (map(len, self.sequences), map(len, self.names)):
            file.write(np.fromiter(lengths, _LENGTH, len(self.names)).tobytes())
        names = b"".join(self.names)
        file.write(names)
        file.write(b"".join(self.sequences))
        return len(self.names), self.residues, len(names)


@dataclass(frozen=True)
class PageTable:
    """What each page holds, shape (pages,) each."""

    sequences: NDArray[np.int64]
    residues: NDArray[np.int64]
    name_bytes: NDArray[np.int64]

    def first(self, page: int) -> int:
        """Return the number of a page's first sequence in the database."""
        return int(self.sequences[:page].sum())

    def begin(self, page: int) -> int:
        """Return where a page begins in the file, in bytes."""
        before = slice(0, page)
        lengths = 2 * _LENGTH.itemsize * self.sequences[before].sum()
        return int(lengths + self.name_bytes[before].sum() + self.residues[before].sum())


@dataclass(frozen=True)
class Sequences:
    """The sequences of a page.

    Attributes
    ----------
    first
        Number of the first one in the database.
    ends
        Where each ends in `residues`, shape (sequences,).
    name_ends
        Where each one's name ends in `names`, shape (sequences,).
    names, residues
        All names and residues (Easel's codes), one after the other.
    """

    first: int
    ends: NDArray[np.int64]
    name_ends: NDArray[np.int64]
    names: bytes
    residues: NDArray[np.uint8]

    def name(self, i: int) -> str:
        """Return the name of the page's sequence `i`."""
        begin = int(self.name_ends[i - 1]) if i else 0
        return self.names[begin : int(self.name_ends[i])].decode()


def write_pages(path: Path, records: Iterable[Record], page_residues: int) -> PageTable:
    """Write sequences as pages of about `page_residues` residues, one page in memory at a time.

    A page ends before the sequence that would make it larger; a longer sequence stands alone.
    """
    written = []
    page = Page()
    with path.open("xb") as file:
        for record in records:
            if page.residues and page.residues + len(record.residues) > page_residues:
                written.append(page.write(file))
                page = Page()
            page.add(record)
        if page.names:
            written.append(page.write(file))
    table = np.array(written, np.int64).reshape(-1, 3)
    return PageTable(*table.T)


def read_pages(path: Path, table: PageTable, start: int, stop: int) -> list[Sequences]:
    """Map the pages ``start .. stop``, one entry each."""
    found = []
    begin, first = table.begin(start), table.first(start)
    for page in range(start, stop):
        n, residues, name_bytes = (
            int(column[page]) for column in (table.sequences, table.residues, table.name_bytes)
        )
        size = 2 * _LENGTH.itemsize * n + name_bytes + residues
        data = np.memmap(path, np.uint8, "r", offset=begin, shape=(size,))
        lengths = data[: 2 * _LENGTH.itemsize * n].view(_LENGTH).astype(np.int64)
        ends, name_ends = np.cumsum(lengths[:n]), np.cumsum(lengths[n:])
        names = data[-residues - name_bytes : -residues].tobytes()
        found.append(Sequences(first, ends, name_ends, names, data[-residues:]))
        begin, first = begin + size, first + n
    return found
