"""Checks of input files before any work: what is wrong, where, and what to do.

Files up to 256 MB are checked whole, larger ones in their first 16 MB of decompressed content,
which takes about a second; of a folder's many files as many as five seconds allow are looked into.
Memory stays bounded whatever the file holds.
"""

from __future__ import annotations

import codecs
import difflib
import os
import pwd
import stat
import time
from dataclasses import replace
from pathlib import Path

from workbench.errors import ParameterError, Problem
from workbench.inputs import (
    BLOCK_BYTES,
    BROKEN,
    CHECKED_BYTES,
    WHOLE_BYTES,
    Source,
    compression,
    input_paths,
)
from workbench.parameters import InputFile, Parameters, input_files

MOST_PROBLEMS = 10
"""So many problems are listed for one parameter."""

FOLDER_S = 5.0
"""So long a recipe's own check looks at the files of a folder, one after the other."""

_START_BYTES = 2**16
_WEB_PAGE = (b"<!doctype html", b"<html", b"<head", b"<body")
_FOREIGN = {
    b"PK\x03\x04": "a zip archive: unpack it first",
    b"%PDF-": "a PDF document: give the data it was made from",
    b"\x89HDF": "an HDF5 file: export it as text first",
    b"SQLite format 3\0": "an SQLite database: export it as text first",
}
# Everything below space but tab, line feed, vertical tab, form feed, return and escape.
_CONTROL = bytes(set(range(32)) - {9, 10, 11, 12, 13, 27})


def check_inputs(model: type[Parameters], parameters: Parameters) -> list[Problem]:
    """Check every input file of a recipe's parameters.

    Returns
    -------
    list of Problem
        Each under its parameter's name; the message names the file and, where it can, the
        line.  Empty where all is well.
    """
    found = []
    for name, kind in input_files(model).items():
        path = getattr(parameters, name)
        if path is not None:
            found += [Problem(name, message) for message in check_input(Path(path), kind)]
    return found


def check_input(path: Path, kind: InputFile) -> list[str]:
    """Check one file or folder; return what is wrong with it, a sentence or two each."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode) and not kind.folder:
            inside = ", ".join(sorted(entry.name for entry in path.iterdir())[:5])
            return [f"{path} is a folder; give one file. It holds: {inside or 'nothing'}."]
        if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
            return [f"{path} is neither a file nor a folder: copy its content to a file first."]
        files = input_paths(path)
    except PermissionError as error:
        return [_no_permission(Path(error.filename or path))]
    except (FileNotFoundError, NotADirectoryError):
        return [_missing(path)]
    except (OSError, ValueError) as error:
        return [_unusable(path, error)]
    if not files:
        return [f"{path} is an empty folder: put {_accepted(kind)} files there."]
    found: list[str] = []
    until = time.monotonic() + FOLDER_S
    for number, file in enumerate(files):
        if len(found) >= MOST_PROBLEMS:
            found.append(f"{len(files) - number} more files of {path} were not checked.")
            break
        # What is left out here is said by the run, item by item.
        whole = number == 0 or time.monotonic() < until
        found += _check_file(file, kind if whole else replace(kind, check=None))
    return found


def _check_file(path: Path, kind: InputFile) -> list[str]:
    try:
        size = path.stat().st_size
        if not size:
            return [f"{path} is empty: give a file with {_accepted(kind)} content."]
        with path.open("rb") as file:
            packed = compression(file.read(6))
    except PermissionError:
        return [_no_permission(path)]
    except FileNotFoundError:
        return [f"{path} is a link to a file that does not exist."]
    except OSError as error:
        return [_unusable(path, error)]
    bound = WHOLE_BYTES if size <= WHOLE_BYTES else CHECKED_BYTES
    try:
        problem, whole = _scan(path, bound, kind)
    except BROKEN as error:
        if not packed:
            raise
        reason = "it ends too early" if isinstance(error, EOFError) else str(error)
        return [
            f"{path} is a damaged or incomplete .{packed} file ({reason}): "
            "download or compress it again."
        ]
    if problem:
        return [f"{path}{problem}"]
    if kind.check is None:
        return []
    try:
        kind.check(Source(path, whole))
    except ParameterError as error:
        return [field.message for field in error.fields] or [error.message]
    return []


def _scan(path: Path, bound: int, kind: InputFile) -> tuple[str, bool]:
    """Read up to `bound` decompressed bytes; return a problem and whether that was all.

    The problem continues a sentence that begins with the file's name.
    """
    with Source(path).open() as stream:
        block = stream.read(BLOCK_BYTES)
        if not block:
            return " holds nothing once decompressed: give a file with content.", True
        problem = _foreign(block[:_START_BYTES], kind) if kind.text else ""
        decoder = codecs.getincrementaldecoder("utf-8")()
        read = lines = 0
        while block and not problem:
            read += len(block)
            if read > bound:
                return "", False
            following = stream.read(BLOCK_BYTES)
            if kind.text:
                problem = _bad_text(block, decoder, lines, final=not following)
                lines += block.count(b"\n")
            block = following
        return problem, True


def _foreign(start: bytes, kind: InputFile) -> str:
    """Recognize what is no text of ours by the first 64 KB."""
    head = start.removeprefix(codecs.BOM_UTF8).lstrip()[:1024].lower()
    if head.startswith(_WEB_PAGE) or (head.startswith(b"<?xml") and b"<html" in head):
        return (
            " is a web page, perhaps an error or log-in page saved in place of the data: "
            "download the file again."
        )
    for magic, what in _FOREIGN.items():
        if start.startswith(magic):
            return f" is {what}."
    if again := compression(start):
        return f" is compressed twice (.{again} inside): decompress it once."
    if start[257:262] == b"ustar":
        return " is a tar archive: unpack it first."
    if encoding := _wide(start):
        return (
            f" is {encoding} text: save it as UTF-8, for example with "
            f"'iconv -f {encoding} -t UTF-8 OLD > NEW'."
        )
    controls = len(start) - len(start.translate(None, _CONTROL))
    if controls > 0.02 * len(start) and controls > 1:
        return f" holds binary data, no text: give a {_accepted(kind)} file."
    return ""


def _accepted(kind: InputFile) -> str:
    """Name the accepted formats; that a file may be packed, too, goes without saying."""
    plain = [name for name in kind.formats if not Path(name.lstrip(".")).suffix]
    *others, last = plain or kind.formats
    return f"{', '.join(others)} or {last}" if others else last


def _wide(start: bytes) -> str:
    """Name the encoding where a text has two or four bytes a letter."""
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "UTF-32"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "UTF-16"
    even, odd = start[0::2], start[1::2]
    if len(odd) > 1 and odd.count(0) > 0.5 * len(odd) and even.count(0) < 0.1 * len(even):
        return "UTF-16LE"
    if len(odd) > 1 and even.count(0) > 0.5 * len(even) and odd.count(0) < 0.1 * len(odd):
        return "UTF-16BE"
    return ""


def _bad_text(block: bytes, decoder: codecs.IncrementalDecoder, lines: int, *, final: bool) -> str:
    """Find the first NUL or byte outside UTF-8 in a block that begins after `lines` lines."""
    held = decoder.getstate()[0]
    nul = block.find(b"\0")
    try:
        decoder.decode(block if nul < 0 else block[:nul], final)
    except UnicodeDecodeError as error:
        place = max(0, error.start - len(held))
        line = lines + block.count(b"\n", 0, place) + 1
        return (
            f", line {line}: byte 0x{error.object[error.start]:02x} is not UTF-8: save the file "
            "as UTF-8, for example with 'iconv -f LATIN1 -t UTF-8 OLD > NEW'."
        )
    if nul < 0:
        return ""
    line = lines + block.count(b"\n", 0, nul) + 1
    return f", line {line}: a NUL byte stands in the text; the file is damaged: get it again."


def _unusable(path: Path, error: OSError | ValueError) -> str:
    """Say why a path leads nowhere: links in a circle, too long, a NUL in it, a failing disk..."""
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return f"{str(path)[:200]!r} cannot be read ({reason}). Check the path."


def _missing(path: Path) -> str:
    if path.is_symlink():
        return f"{path} is a link to {os.readlink(path)}, which does not exist."
    folder = path.parent
    if not folder.is_dir():
        there = next(parent for parent in path.absolute().parents if parent.is_dir())
        return f"there is no file {path}: of its path only {there} exists. Check the path."
    names = [entry.name for entry in folder.iterdir()]
    near = difflib.get_close_matches(path.name, names, n=3, cutoff=0.6)
    known = {name.casefold(): name for name in names}
    if path.name.casefold() in known:
        near = [known[path.name.casefold()]]
    if near:
        quoted = " or ".join(repr(str(folder / name)) for name in near)
        return f"there is no file {path}. Did you mean {quoted}?"
    return f"there is no file {path}. Check the path; its folder holds {len(names)} others."


def _no_permission(path: Path) -> str:
    try:
        owner = pwd.getpwuid(path.stat().st_uid).pw_name
    except (OSError, KeyError):
        owner = "its owner"
    return f"you may not read {path}: ask {owner} for permission ('chmod +r'), or give a copy."
