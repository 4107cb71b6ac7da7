"""Small files on disk: replaced whole or not at all, read by anyone at any time."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType
from typing import IO, Any

from workbench.errors import DamagedResult, quoted
from workbench.room import naming

RETRIES = 5
Kind = type | tuple[type, ...]
TEXT_OR_NONE = (str, NoneType)


def fsync_folder(folder: Path) -> None:
    """Make a rename inside `folder` outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Give a file (0600) to write; `path` is replaced by it at the end, or nothing changes.

    Raises
    ------
    OSError
        As writing raised it (no room, ...), after the unfinished file has been removed.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
        with naming(path), open(os.open(part, flags, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    fsync_folder(path.parent)


def replace_bytes(path: Path, data: bytes) -> None:
    """Write `data` so that a reader sees the old file or the new one, nothing between."""
    with replacing(path) as file:
        file.write(data)


def replace_json(path: Path, value: Any) -> None:
    """Write JSON by :func:`replace_bytes`."""
    replace_bytes(path, json.dumps(value, allow_nan=False, indent=1).encode() + b"\n")


def read_json(path: Path) -> Any:
    """Return the parsed file, None when there is none.

    A network file system may answer ESTALE for a file that was just replaced: asked again.
    """
    for attempt in range(RETRIES):
        try:
            return json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno != errno.ESTALE or attempt == RETRIES - 1:
                raise
            time.sleep(0.05 * 2**attempt)
    return None


def read_record(path: Path, kinds: Mapping[str, Kind], mend: str) -> dict[str, Any] | None:
    """Return a JSON object of a folder that people can reach, None when there is none.

    Parameters
    ----------
    kinds
        What must be in it, and of which type.
    mend
        What to do where the file is not as it was written.

    Raises
    ------
    DamagedResult
        When it is not such an object.
    OSError
        When it cannot be read: that says nothing of what it holds.
    """
    try:
        found = read_json(path)
    except (ValueError, RecursionError) as error:
        raise DamagedResult(f"{path} is not JSON: {error}. {mend}") from error
    if found is None:
        return None
    if not isinstance(found, dict):
        raise DamagedResult(f"{path} is altered: it holds no object. {mend}")
    check_record(path, found, kinds, mend)
    return found


def check_record(
    path: Path, found: Mapping[str, Any], kinds: Mapping[str, Kind], mend: str
) -> None:
    """Check what was read from `path`; see :func:`read_record`."""
    for name, kind in kinds.items():
        if name not in found or not isinstance(found[name], kind):
            said = f"its {name} is {quoted(found[name])}" if name in found else f"it has no {name}"
            raise DamagedResult(f"{path} is altered: {said}. {mend}")
