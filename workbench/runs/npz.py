"""Arrays in one file: uncompressed npz, no pickles, text as bytes and offsets.

``numpy.load`` opens these files.  Here they are written in one pass, with the checksum taken
from the bytes as they leave, and read piecewise: any rows of any array, without the rest.
"""

from __future__ import annotations

import contextlib
import errno
import math
import time
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from workbench.runs.checksum import crc32c, digits
from workbench.runs.files import RETRIES, replacing
from workbench.runs.text import decode, encode, is_text

Named = tuple[str, NDArray[Any]]

_SUFFIXES = (".bytes", ".offsets", ".shape")


class _Counted:
    """A file that is only written onwards; knows the size and checksum of what went through."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.size = 0
        self.crc = 0

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self.crc = crc32c(piece, self.crc)
        self.size += len(piece)
        return self._file.write(piece)

    def flush(self) -> None:
        self._file.flush()


def write_npz(path: Path, arrays: Iterable[Named]) -> tuple[int, str]:
    """Write named arrays, one after the other; return the file's size and CRC-32C.

    Equal arrays give equal bytes, whenever they are written.

    Parameters
    ----------
    arrays
        Names and arrays; an iterator may build each one only when the last is written.
    """
    # Not its parents: a run that was moved away must not begin anew in its old place.
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with replacing(path) as file:
        counted = _Counted(file)
        with zipfile.ZipFile(counted, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]
            for name, array in arrays:
                for member, values in _members(name, array):
                    with archive.open(f"{member}.npy", "w", force_zip64=True) as target:
                        np.lib.format.write_array(
                            target, np.ascontiguousarray(values), allow_pickle=False
                        )
    return counted.size, digits(counted.crc)


def _members(name: str, array: NDArray[Any]) -> Iterator[Named]:
    if not is_text(array):
        yield name, array
        return
    data, begins = encode(array)
    yield f"{name}.bytes", data
    yield f"{name}.offsets", begins
    yield f"{name}.shape", np.array(array.shape, np.int64)


class Npz:
    """Reads arrays, or some rows of them, from a file that :func:`write_npz` wrote."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._found: dict[str, tuple[int, tuple[int, ...], np.dtype[Any]]] = {}
        with _opened(path) as file, zipfile.ZipFile(file) as archive:
            self._begins = {
                entry.filename.removesuffix(".npy"): entry.header_offset
                for entry in archive.infolist()
            }

    @property
    def names(self) -> list[str]:
        """Names of the arrays, as they were given to :func:`write_npz`."""
        text = [name.removesuffix(".bytes") for name in self._begins if name.endswith(".bytes")]
        return [name for name in self._begins if not name.endswith(_SUFFIXES)] + text

    def __contains__(self, name: str) -> bool:
        return name in self._begins or f"{name}.bytes" in self._begins

    def read(self, name: str, start: int = 0, stop: int | None = None) -> NDArray[Any]:
        """Return rows ``start .. stop`` of one array, as a new array."""
        with _opened(self.path) as file:
            if name in self._begins:
                return self._plain(file, name, start, stop)
            shape = tuple(self._plain(file, f"{name}.shape").tolist())
            stop = shape[0] if stop is None else stop
            width = math.prod(shape[1:])
            begins = self._plain(file, f"{name}.offsets", start * width, stop * width + 1)
            data = self._plain(file, f"{name}.bytes", int(begins[0]), int(begins[-1]))
        return decode(data, begins).reshape(stop - start, *shape[1:])

    def _plain(
        self, file: IO[bytes], name: str, start: int = 0, stop: int | None = None
    ) -> NDArray[Any]:
        if name not in self._found:
            self._found[name] = _header(file, self._begins[name])
        offset, shape, dtype = self._found[name]
        rest = shape[1:]
        array = np.empty(((shape[0] if stop is None else stop) - start, *rest), dtype)
        if array.size:
            file.seek(offset + start * dtype.itemsize * math.prod(rest))
            if file.readinto(array.data.cast("B")) != array.nbytes:  # type: ignore[attr-defined]
                raise EOFError(f"{self.path} ends early.")
        return array


def _header(file: IO[bytes], at: int) -> tuple[int, tuple[int, ...], np.dtype[Any]]:
    """Return where an array's values begin, its shape and its type."""
    file.seek(at)
    local = file.read(30)
    # A zip entry's own header: the lengths of its name and extra field stand at 26 and 28.
    file.seek(at + 30 + sum(int.from_bytes(local[i : i + 2], "little") for i in (26, 28)))
    np.lib.format.read_magic(file)
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    return file.tell(), shape, dtype


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """Open for reading; a network file system may answer ESTALE once or twice."""
    for attempt in range(RETRIES):
        try:
            file = path.open("rb")
            break
        except OSError as error:
            if error.errno != errno.ESTALE or attempt == RETRIES - 1:
                raise
            time.sleep(0.05 * 2**attempt)
    with file:
        yield file
