"""Input files: opened whatever their compression, hashed, copied.

Plain, gzip, bzip2, xz and zstandard files are recognized by their first bytes, never by their
names.  The checks before a run stand in :mod:`workbench.input_checks`.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import zstandard

from workbench.errors import ParameterError, Problem, Refused
from workbench.room import naming

CHECKED_BYTES = 16 * 2**20
WHOLE_BYTES = 256 * 2**20
ENDS_BYTES = 2**20
LINE_BYTES = 2**20
BLOCK_BYTES = 2**20

# One KB of zstandard input holds at most 256 blocks of 128 KB, so at most 32 MB come out at once.
_ZSTD_INPUT_BYTES = 2**10

BROKEN = (EOFError, OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError)
"""What reading a damaged or truncated compressed file raises."""

_MAGIC = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz", b"(\xb5/\xfd": "zst"}
_BOM = b"\xef\xbb\xbf"


def compression(start: bytes) -> str:
    """Return ``gz``, ``bz2``, ``xz``, ``zst`` or an empty text, by a file's first six bytes."""
    return next((name for magic, name in _MAGIC.items() if start.startswith(magic)), "")


def open_input(path: Path) -> BinaryIO:
    """Open a file for reading its decompressed bytes.

    Raises
    ------
    EOFError, OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError
        While reading, where the compressed data end early or are damaged.
    """
    with path.open("rb") as file:
        kind = compression(file.read(6))
    if kind == "gz":
        return cast("BinaryIO", gzip.open(path, "rb"))
    if kind in _STREAMS:
        return cast("BinaryIO", io.BufferedReader(_StreamsFile(path, kind), BLOCK_BYTES))
    if kind == "zst":
        return cast("BinaryIO", io.BufferedReader(_ZstdFile(path), BLOCK_BYTES))
    return path.open("rb")


class _ZstdFile(io.RawIOBase):
    """Decompressed bytes of zstandard frames; unlike ``stream_reader`` it minds a missing end."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("rb")
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._begun = False
        self._input = b""
        self._output = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._output:
            data = self._input or self.file.read(_ZSTD_INPUT_BYTES)
            self._input = b""
            if not data:
                if self._begun:
                    raise EOFError("the last zstandard frame has no end")
                return 0
            self._begun = True
            self._output = memoryview(self._frame.decompress(data))
            if self._frame.eof:
                self._input = self._frame.unused_data
                self._frame = zstandard.ZstdDecompressor().decompressobj()
                self._begun = False
        count = min(len(buffer), len(self._output))
        buffer[:count] = self._output[:count]
        self._output = self._output[count:]
        return count

    def close(self) -> None:
        self.file.close()
        super().close()


_STREAMS: dict[str, Callable[[], Any]] = {
    "bz2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ),
}


class _StreamsFile(io.RawIOBase):
    """Decompressed bytes of bzip2 or xz streams, one behind the other.

    Unlike ``bz2.open`` and ``lzma.open`` it minds what stands behind a stream and is none: a
    damaged beginning of the next stream would be the end of the file, without a word.
    """

    def __init__(self, path: Path, kind: str) -> None:
        self.file = path.open("rb")
        self._new = _STREAMS[kind]
        self._stream = self._new()
        # The xz format lets zeros follow a stream (its "stream padding").
        self._padding = b"\0" if kind == "xz" else b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while True:
            data = b""
            if self._stream.eof:
                data = self._next()
                if not data:
                    return 0
                self._stream = self._new()
            elif self._stream.needs_input:
                data = self.file.read(BLOCK_BYTES)
                if not data:
                    raise EOFError("the last stream has no end")
            output = self._stream.decompress(data, len(buffer))
            if output:
                buffer[: len(output)] = output
                return len(output)

    def _next(self) -> bytes:
        """Return the first bytes of the next stream, none at the end of the file."""
        data: bytes = self._stream.unused_data.lstrip(self._padding)
        while not data:
            block = self.file.read(BLOCK_BYTES)
            if not block:
                return b""
            data = block.lstrip(self._padding)
        return data

    def close(self) -> None:
        self.file.close()
        super().close()


class _FirstBytes(io.RawIOBase):
    """The first `limit` bytes of a stream; ``cut`` once it was stopped there."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._stream = stream
        self._left = limit
        self.cut = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if not self._left:
            self.cut = self.cut or bool(self._stream.read(1))
            return 0
        data = self._stream.read(min(len(buffer), self._left))
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


@dataclass(frozen=True)
class Source:
    """One input file as a check or a kernel reads it.

    Parameters
    ----------
    path
        The file.
    whole
        Whether all of it is read.  Otherwise only the first 16 MB of decompressed content,
        and the end of that is no end of the file: a record may be cut there.
    """

    path: Path
    whole: bool = True

    def open(self) -> BinaryIO:
        """Open the decompressed bytes, bounded unless ``whole``; to be closed by the caller."""
        stream = open_input(self.path)
        if self.whole:
            return stream
        return cast("BinaryIO", io.BufferedReader(_FirstBytes(stream, CHECKED_BYTES)))

    def lines(self, longest: int = LINE_BYTES) -> Iterator[tuple[int, bytes]]:
        """Yield ``(line number from 1, bytes)`` without line ends (LF, CRLF) and UTF-8 BOM.

        A last line that the bound of 16 MB cuts is left out.

        Raises
        ------
        ParameterError
            For a line of more than `longest` bytes, which bounds the memory.
        """
        with self.open() as stream:
            number = 0
            while line := stream.readline(longest + 2):
                number += 1
                ended = line.endswith(b"\n")
                if not ended and not self.whole and _was_cut(stream):
                    return
                if number == 1:
                    line = line.removeprefix(_BOM)
                line = line.removesuffix(b"\n").removesuffix(b"\r") if ended else line
                if len(line) > longest:
                    size = f"{longest / 2**20:g} MB" if longest >= 2**20 else f"{longest} bytes"
                    raise self.error(f"is longer than {size}: break it into shorter ones.", number)
                yield number, line

    def error(self, message: str, line: int = 0) -> ParameterError:
        """Build the error that names this file, and the line where one is given."""
        where = f"{self.path.name}, line {line}," if line else self.path.name
        return ParameterError.of([Problem(self.path.name, f"{where} {message}")])


def _was_cut(stream: BinaryIO) -> bool:
    """Tell whether a bounded stream, read to its end, has more behind the bound."""
    if stream.read(1):
        return False  # a line longer than allowed, not the end
    raw = getattr(stream, "raw", None)
    return isinstance(raw, _FirstBytes) and raw.cut


def input_paths(path: Path) -> list[Path]:
    """Return the files that an input stands for: itself, or a folder's, sorted.

    Folders are walked whole; files and folders whose names begin with a dot are left out, as
    are folders behind symbolic links.
    """
    if not path.is_dir():
        return [path]
    found = []
    for folder, folders, names in os.walk(path, onerror=_raise):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(folder, name) for name in names if not name.startswith(".")]
    return sorted(found, key=lambda file: file.relative_to(path).as_posix())


def _raise(error: OSError) -> None:
    raise error


def input_bytes(path: Path) -> int:
    """Return the size on disk, of all its files for a folder."""
    return sum(file.stat().st_size for file in input_paths(path))


def unpacked_bytes(path: Path) -> int:
    """Return about how many bytes a file, or a folder's files, hold once decompressed.

    Of a compressed file the first 16 MB of content are read; the rest is taken to be packed as
    they are.
    """
    return sum(_unpacked(file) for file in input_paths(path))


def _unpacked(path: Path) -> int:
    size = path.stat().st_size
    with path.open("rb") as file:
        if not compression(file.read(6)):
            return size
    found = 0
    with open_input(path) as stream:
        while found < CHECKED_BYTES:
            block = stream.read(BLOCK_BYTES)
            if not block:
                return found
            found += len(block)
        taken = _packed_position(stream)
    return found * size // min(max(taken, 1), size)


def _packed_position(stream: Any) -> int:
    """Return how far the compressed file below a stream has been read."""
    file: Any = stream.fileobj if isinstance(stream, gzip.GzipFile) else stream.raw.file
    return int(file.tell())


def content_hash(path: Path) -> str:
    """Return the sha256 of a file's bytes as they are on disk.

    For a folder: of the sorted relative names and the hashes of its files.
    """
    return _hash_of(path, _file_hash)


def ends_hash(path: Path) -> str:
    """Return the sha256 of the size and of the first and last MB, for files too large to read.

    For a folder: of the sorted relative names and these hashes of its files.
    """
    return _hash_of(path, _file_ends_hash)


def copy_input(path: Path, target: Path) -> str:
    """Copy a file or a folder to `target`, which does not exist, and on to the disk.

    Returns
    -------
    str
        :func:`content_hash` of what was copied.

    Raises
    ------
    Refused
        Where a file changes while it is copied.
    FileExistsError
        Where there is a `target`.
    """
    if path.is_dir():
        target.mkdir()
    return _hash_of(path, lambda file: _copy_file(file, target / file.relative_to(path)))


def _hash_of(path: Path, hash_file: Callable[[Path], str]) -> str:
    if not path.is_dir():
        return hash_file(path)
    digest = hashlib.sha256()
    for file in input_paths(path):
        digest.update(f"{file.relative_to(path).as_posix()}\0{hash_file(file)}\n".encode())
    return digest.hexdigest()


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _file_ends_hash(path: Path) -> str:
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        digest = hashlib.sha256(f"{size}\n".encode())
        digest.update(file.read(ENDS_BYTES))
        file.seek(max(0, size - ENDS_BYTES))
        digest.update(file.read(ENDS_BYTES))
    return digest.hexdigest()


def _copy_file(path: Path, target: Path) -> str:
    digest = hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    with path.open("rb") as file, naming(target), target.open("xb") as copy:
        before = os.fstat(file.fileno())
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
            copy.write(block)
        copy.flush()
        os.fsync(copy.fileno())
        after = os.fstat(file.fileno())
        copied = copy.tell()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or (
        copied != after.st_size
    ):
        raise Refused(
            f"{path} changed while it was copied. Wait until whatever writes it has finished, "
            "then start the run again.",
            code="input_changed",
        )
    return digest.hexdigest()
