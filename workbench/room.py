"""Room on file systems: whether an error says that there is none, and what people are told."""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
# What a run wants free before it goes on.
ROOM_BYTES = 8 * 2**20
ADVICE = "Make room: workbench run du shows what runs take, workbench run delete removes them"


def no_room(error: BaseException) -> bool:
    """Say whether an error means a file system, or a quota on it, that is full."""
    return isinstance(error, OSError) and error.errno in NO_ROOM


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Have errors of writing name the file: the system does not, and there are many disks."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def spoken(n_bytes: float) -> str:
    """Return bytes as people say them."""
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.0f} {unit}" if unit == "B" else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.1f} TB"


def free_bytes(folder: Path) -> int:
    """Return what is free on the file system of `folder`."""
    return shutil.disk_usage(folder).free


def little_room(folder: Path) -> bool:
    """Say whether less is free on the file system of `folder` than a run wants to go on."""
    return free_bytes(folder) < ROOM_BYTES


def full_words(path: Path, reason: str) -> str:
    """Say which file system is full, and how much is free on it.

    Parameters
    ----------
    path
        What was to be written; it need not be there.
    reason
        What the system said: no space, or a quota.
    """
    folder = next((above for above in (path, *path.parents) if above.is_dir()), Path("/"))
    mount = next(above for above in (folder, *folder.parents) if above.is_mount())
    free = spoken(free_bytes(folder))
    return f"The file system {mount} that holds {folder} is full ({reason}; {free} free)."


def waits_words(folder: Path, reason: str) -> str:
    """Say that a run waits for room, and until when; `reason` as for :func:`full_words`."""
    needed = ROOM_BYTES // 2**20
    return (
        f"{full_words(folder, reason)} {ADVICE}. "
        f"The run goes on by itself once {needed} MB are free."
    )
