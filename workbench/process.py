"""Processes, told apart also after their numbers are taken again, by whatever host they ran on."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def boot_id() -> str:
    """Return the kernel's id of this boot: process numbers mean nothing beyond it."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def start_ticks(pid: int) -> int | None:
    """Return when a process started, in clock ticks after boot; None where there is none.

    A number that is taken again by another process has another start (proc(5), field 22).
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


def identity(pid: int) -> dict[str, Any]:
    """Return what tells a process from every other one, also after its number is taken again."""
    return {
        "host": socket.gethostname(),
        "boot_id": boot_id(),
        "pid": pid,
        "start_ticks": start_ticks(pid) or 0,
    }


def is_here(who: Mapping[str, Any]) -> bool:
    """Say whether a process ran on this host since its last boot."""
    return bool(who["host"] == socket.gethostname() and who["boot_id"] == boot_id())


def alive(who: Mapping[str, Any]) -> bool | None:
    """Say whether a process runs; None when only its silence can tell (another host)."""
    if not is_here(who):
        return None
    return bool(start_ticks(who["pid"]) == who["start_ticks"])
