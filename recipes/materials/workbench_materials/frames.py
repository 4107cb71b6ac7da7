"""Structure files: found, and cut into one piece of text for each structure.

Cutting is quick (no crystallography) and is all that a plan needs; each piece is read for
itself later, by the worker that computes it (:mod:`workbench_materials.structures`).
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from workbench import Source, WorkbenchError

FORMATS = (".cif", "POSCAR", "CONTCAR", ".vasp", ".poscar", ".xyz", ".extxyz", ".db", ".json")
"""Names that are known: endings, and the beginnings that VASP gives its files."""

_KINDS = {
    ".cif": "cif",
    ".vasp": "poscar",
    ".poscar": "poscar",
    ".xyz": "xyz",
    ".extxyz": "xyz",
    ".db": "db",
    ".json": "db",
}
_PACKED = (".gz", ".bz2", ".xz", ".zst")
_CIF_BLOCK = re.compile(r"data_\S*", re.IGNORECASE)
_DB_ATOM_BYTES = 80
_DIGITS = 12  # of a number of atoms
_LARGEST = 2**26  # bytes: of one structure, and of a database that is read whole


class BadStructure(WorkbenchError):  # noqa: N818 - reads as a sentence where it is raised
    """A structure that cannot be read or computed; the message names file and place."""

    code = "structure"


@dataclass(frozen=True)
class Frame:
    """One structure in a file.

    Parameters
    ----------
    kind
        ``cif``, ``poscar``, ``xyz`` or ``db``.
    text
        Its text; for a database, the row's id.
    line
        Line at which it begins in the file, from 1; 0 for a database.
    size
        Its length, a stand-in for the number of atoms.
    """

    kind: str
    text: str
    line: int
    size: int


def structure_files(path: Path) -> list[Path]:
    """Return the structure files that `path` stands for: itself, or a folder's, sorted.

    Folders are walked whole.  Hidden files, and files whose names say no known format, are left
    out.  Empty when there is none.
    """
    if not path.is_dir():
        return [path] if kind_of(path) else []
    found = []
    for folder, folders, names in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files = (Path(folder, name) for name in names if not name.startswith("."))
        found += [file for file in files if kind_of(file)]
    return sorted(found)


def kind_of(path: Path) -> str:
    """Return the format that a file's name says, or an empty text."""
    name = bare_name(path)
    if name.upper().startswith(("POSCAR", "CONTCAR")):
        return "poscar"
    return _KINDS.get(Path(name).suffix.lower(), "")


def bare_name(path: Path) -> str:
    """Return the file's name without a compression's ending."""
    return path.stem if path.suffix.lower() in _PACKED else path.name


def frames(source: Source) -> Iterator[Frame]:
    """Cut a structure file into its structures, in order, holding one at a time.

    Where `source` holds only the beginning of a large file, the last structure, which may be cut
    short, is left out.

    Raises
    ------
    BadStructure
        When the file holds none, or its layout cannot be followed.
    ParameterError
        For a line of more than 1 MB.
    """
    path = source.path
    kind = kind_of(path)
    if kind == "db":
        yield from _db_rows(path)
        return
    cut = {"cif": _cif_blocks, "xyz": _xyz_frames, "poscar": _poscar}[kind]
    none = True
    last: Frame | None = None
    for frame in cut(source, _text_lines(source)):
        none = False
        if last is not None:
            yield last
        last = frame
    if last is not None and source.whole:
        yield last
    if none and source.whole:
        raise BadStructure(f"{path.name} holds no structure{_HOW[kind]}")


_HOW = {
    "cif": ": no data block with an _atom_site_ loop. Export it from its program again.",
    "xyz": ": it is empty.",
    "poscar": ": it is empty.",
}


def _text_lines(source: Source) -> Iterator[tuple[int, str]]:
    path = source.path
    for number, data in source.lines():
        if number == 1 and data.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
            raise BadStructure(
                f"{path.name} is a web page, perhaps an error or log-in page saved in place of "
                "the data: download the file again."
            )
        if b"\0" in data:
            raise BadStructure(
                f"{path.name}, line {number}: a NUL byte stands in the text. The file is binary "
                "or damaged, or UTF-16: give it as UTF-8 text."
            )
        try:
            yield number, data.decode()
        except UnicodeDecodeError as error:
            raise BadStructure(
                f"{path.name}, line {number}: byte 0x{data[error.start]:02x} is not UTF-8. Save "
                "the file as UTF-8, for example with 'iconv -f LATIN1 -t UTF-8 OLD > NEW'."
            ) from error


class _Piece:
    """The lines of one structure while they are gathered; so many that memory stays bounded."""

    def __init__(self, source: Source, first: int = 0) -> None:
        self._name = source.path.name
        self.first = first
        self.lines: list[str] = []
        self._size = 0

    def add(self, line: str) -> None:
        """Append a line.

        Raises
        ------
        BadStructure
            When no single structure is that large.
        """
        self.lines.append(line)
        self._size += len(line) + 1
        if self._size > _LARGEST:
            raise BadStructure(
                f"{self._name}, line {self.first}: a structure of more than {_LARGEST >> 20} MB "
                "begins here. Does the file hold something else? Otherwise give a smaller cell."
            )

    def frame(self, kind: str) -> Frame:
        """Return the structure."""
        text = "\n".join(self.lines) + "\n"
        return Frame(kind, text, self.first, len(text))


def _cif_blocks(source: Source, lines: Iterator[tuple[int, str]]) -> Iterator[Frame]:
    """Cut at ``data_`` lines outside of text fields; keep the blocks that list atoms."""
    block = _Piece(source)
    in_text, atoms = False, False
    for number, line in lines:
        if line.startswith(";"):
            in_text = not in_text
        elif not in_text and _CIF_BLOCK.match(line):
            if atoms:
                yield block.frame("cif")
            block, atoms = _Piece(source, number), False
        elif not in_text and block.first and line.lstrip().lower().startswith("_atom_site_"):
            atoms = True
        if block.first:
            block.add(line)
    if atoms:
        yield block.frame("cif")


def _poscar(source: Source, lines: Iterator[tuple[int, str]]) -> Iterator[Frame]:
    found = _Piece(source, 1)
    for _, line in lines:
        found.add(line)
    if any(line.strip() for line in found.lines):
        yield found.frame("poscar")


def _xyz_frames(source: Source, lines: Iterator[tuple[int, str]]) -> Iterator[Frame]:
    """Follow the atom counts: a count, a comment, so many lines."""
    name = source.path.name
    for number, line in lines:
        if not line.strip():
            continue
        if not line.strip().isdecimal() or len(line.strip()) > _DIGITS:
            raise BadStructure(
                f"{name}, line {number}: {line.strip()[:40]!r} stands where the number of atoms "
                "of a structure belongs. Export the file again as extended XYZ."
            )
        atoms = int(line)
        frame = _Piece(source, number)
        frame.add(line)
        for _, text in islice(lines, atoms + 1):
            frame.add(text)
        there = len(frame.lines) - 2
        if there < atoms and source.whole:
            raise BadStructure(
                f"{name}, line {number}: {atoms} atoms are announced, {max(0, there)} "
                "lines follow. The file ends too early: copy or export it again."
            )
        yield frame.frame("xyz")


def _db_rows(path: Path) -> list[Frame]:
    if path.suffix.lower() in _PACKED:
        raise BadStructure(f"{path.name} is a compressed database: decompress it first.")
    try:
        rows = _sqlite_rows(path) if path.suffix.lower() == ".db" else _json_rows(path)
    except (sqlite3.Error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadStructure(
            f"{path.name} is no ASE database ({type(error).__name__}: {error}). Write it with "
            "ase.db.connect, or export the structures as extended XYZ."
        ) from error
    if not rows:
        raise BadStructure(f"{path.name} is an ASE database without rows.")
    return [Frame("db", str(row), 0, _DB_ATOM_BYTES * atoms) for row, atoms in rows]


def _sqlite_rows(path: Path) -> list[tuple[int, int]]:
    """Ids and atom counts, read-only: ASE would turn any SQLite file into a database of its own."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
        return list(database.execute("SELECT id, natoms FROM systems ORDER BY id"))


def _json_rows(path: Path) -> list[tuple[int, int]]:
    if path.stat().st_size > _LARGEST:
        raise BadStructure(
            f"{path.name} has {path.stat().st_size / 1e6:.0f} MB; ASE reads a JSON database whole "
            f"for each of its rows. Convert it: ase db {path.name} --insert-into {path.stem}.db"
        )
    found = json.loads(path.read_text("utf-8"))
    return [(int(row), len(found[str(row)]["numbers"])) for row in found["ids"]]
