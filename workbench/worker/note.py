"""The note of the task in hand: what a dead worker process was doing.

A small file on the node's own disk, mapped into memory: written before each kernel call at the
cost of a memory write, still there when the process is gone.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import socket
import struct
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench import environ
from workbench.home import private_folder

_LAYOUT = struct.Struct("<64sqd")
_KEPT_S = 3600.0


def node_folder() -> Path:
    """Return this node's private folder for notes and caches, made if need be."""
    given = os.environ.get(environ.NODE_DIR)
    return private_folder(Path(given or f"{tempfile.gettempdir()}/workbench-{os.getuid()}"))


def note_name(order: Mapping[str, Any]) -> str:
    """Return what stands for a batch in a note: no two batches of a node share it."""
    text = f"{order['folder']} {order['stage']} {order['round']} {order['epoch']} {order['batch']}"
    return hashlib.blake2b(text.encode(), digest_size=24).hexdigest()


class Note:
    """The note of the process that makes it."""

    def __init__(self) -> None:
        folder = node_folder() / "notes"
        folder.mkdir(mode=0o700, exist_ok=True)
        _forget_old(folder)
        path = folder / f"{os.getpid()}-{time.time_ns()}"
        with path.open("wb+") as file:
            file.truncate(_LAYOUT.size)
            self._map = mmap.mmap(file.fileno(), _LAYOUT.size)

    def write(self, batch: str, task: int) -> None:
        """Say that `task` of `batch` is about to be computed (-1: none)."""
        _LAYOUT.pack_into(self._map, 0, batch.encode(), task, time.time())


def read_note(name: str) -> dict[str, Any]:
    """Return what some process of this node had in hand when it worked on a batch.

    Returns
    -------
    dict
        ``{task, host}``; empty when no process of this node had begun it.
    """
    folder = node_folder() / "notes"
    for path in folder.glob("*"):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            continue
        if len(data) == _LAYOUT.size:
            found, task, _ = _LAYOUT.unpack(data)
            if found.rstrip(b"\0") == name.encode() and task >= 0:
                return {"task": int(task), "host": socket.gethostname()}
    return {}


def _forget_old(folder: Path) -> None:
    for path in folder.glob("*"):
        try:
            if time.time() - path.stat().st_mtime > _KEPT_S:
                path.unlink()
        except FileNotFoundError:
            continue
