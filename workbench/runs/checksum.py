"""Checksums (CRC-32C) of files, and JSON files that carry their own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Self

import google_crc32c

from workbench.errors import DamagedResult
from workbench.runs.files import read_json, replace_json

PIECE_BYTES = 4 * 2**20

_SOUND: set[tuple[Path, str, int, int, int]] = set()


@dataclass(frozen=True)
class FileRef:
    """A file of a run as its writer left it.

    Parameters
    ----------
    file
        Path relative to the run's folder, with slashes.
    bytes
        Its size.
    crc32c
        Its checksum, eight hexadecimal digits.
    sha256
        Its digest, where a CRC-32C is blind: every file that ends in its own CRC-32C, as zarr's
        chunks do, has the same one (the remainder of a codeword), so that one sound chunk in
        the place of another would go unseen.
    """

    file: str
    bytes: int
    crc32c: str
    sha256: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Self:
        """Read the JSON form; unknown keys are ignored."""
        names = ("file", "bytes", "crc32c", "sha256")
        return cls(**{name: found[name] for name in names if name in found})


def crc32c(data: bytes, before: int = 0) -> int:
    """Return the checksum of `data` that follows bytes with the checksum `before`."""
    return int(google_crc32c.extend(before, data))


def digits(value: int) -> str:
    """Return a checksum as it stands in JSON."""
    return f"{value:08x}"


def file_crc32c(path: Path) -> str:
    """Return the checksum of a whole file, read in pieces."""
    value = 0
    with path.open("rb") as file:
        while data := file.read(PIECE_BYTES):
            value = crc32c(data, value)
    return digits(value)


def path_of(folder: Path, file: str) -> Path:
    """Return where a file of the run lies.

    Raises
    ------
    DamagedResult
        When a record names something outside of the run's folder.
    """
    parts = PurePosixPath(file)
    if parts.is_absolute() or ".." in parts.parts:
        raise DamagedResult(
            f"A record of the run in {folder} names {file!r}, which lies outside of it. "
            "Do not trust this folder: fetch the run again from where it came."
        )
    return folder / file


def fault(folder: Path, ref: FileRef, *, content: bool = True) -> str | None:
    """Say what is wrong with a file now; None when nothing is.

    Parameters
    ----------
    content
        Whether to read it and compare the checksum, or only to look at its size.
    """
    try:
        found = path_of(folder, ref.file).stat()
    except FileNotFoundError:
        return "it is missing"
    if found.st_size != ref.bytes:
        how = "shorter" if found.st_size < ref.bytes else "longer"
        return f"it is {how} than written: {found.st_size} bytes instead of {ref.bytes}"
    if content and not _as_written(path_of(folder, ref.file), ref):
        return "its bytes changed after it was written: the checksum differs"
    return None


def _as_written(path: Path, ref: FileRef) -> bool:
    if ref.sha256 is None:
        return file_crc32c(path) == ref.crc32c
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == ref.sha256


def check(folder: Path, ref: FileRef) -> Path:
    """Return the path of a file that is there and as it was written.

    The bytes are read and compared once in a process, as long as size and time stay the same.

    Raises
    ------
    DamagedResult
        Naming the file, what is wrong with it and what to do.
    """
    path = path_of(folder, ref.file)
    said = fault(folder, ref, content=False)
    if said is None:
        found = path.stat()
        known = (path, ref.sha256 or ref.crc32c, found.st_size, found.st_mtime_ns, found.st_ino)
        if known in _SOUND:
            return path
        said = fault(folder, ref)
        if said is None:
            _SOUND.add(known)
    if said is not None:
        raise damaged(folder, ref.file, said)
    return path


def damaged(folder: Path, file: str, said: str) -> DamagedResult:
    """Return the error for one damaged file of a run."""
    return DamagedResult(f"{file} of the run in {folder} is damaged: {said}. {advice(folder)}")


def advice(folder: Path) -> str:
    """Return what to do about a damaged file."""
    again = f"workbench run resume {folder.name}"
    if (folder / "result.json").exists():
        manifest = read_json(folder / "manifest.json") or {}
        recipe = manifest.get("recipe", "RECIPE")
        again = f"workbench run start {recipe} --like {folder.name}"
    return f"Put the file back from a copy, or compute what it held again: {again}"


def write_sealed(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON object that carries the checksum of its own content."""
    replace_json(path, {**value, "crc32c": _content(value)})


def read_sealed(folder: Path, file: str) -> dict[str, Any] | None:
    """Return what :func:`write_sealed` wrote, None where there is no such file.

    Raises
    ------
    DamagedResult
        When it cannot be read as JSON, or is not what was written.
    """
    try:
        found = json.loads(path_of(folder, file).read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise damaged(folder, file, "it is no JSON") from error
    if not isinstance(found, dict) or found.pop("crc32c", None) != _content(found):
        raise damaged(folder, file, "its content changed after it was written")
    return found


def _content(value: Mapping[str, Any]) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return digits(crc32c(text.encode()))
