"""File systems: of which type, whether other hosts see them, and how much room they have."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from workbench.doctor.findings import Finding, bad, good, warning
from workbench.room import ADVICE

MOUNTINFO = Path("/proc/self/mountinfo")
NETWORK = (
    "nfs", "nfs4", "lustre", "gpfs", "beegfs", "ceph", "cifs", "smb3", "glusterfs", "orangefs",
    "pvfs2", "panfs", "afs", "wekafs", "virtiofs", "9p", "ocfs2", "gfs2", "fuse.ceph",
    "fuse.glusterfs", "fuse.sshfs", "fuse.beegfs", "fuse.juicefs", "fuse.lizardfs", "fuse.dfuse",
)  # fmt: skip
MEMORY = ("tmpfs", "ramfs", "devtmpfs")
OF_A_NODE = ("/tmp", "/var/tmp", "/dev/shm", "/run")
LITTLE_BYTES, TOO_LITTLE_BYTES = 10 * 10**9, 10**9
LITTLE_FILES = 10_000

_OCTAL = re.compile(r"\\([0-7]{3})")

Seen = Literal["everywhere", "here", "unknown"]


@dataclass(frozen=True)
class Mount:
    """A file system that is mounted here, as ``/proc/self/mountinfo`` tells it (proc(5))."""

    point: Path
    type: str
    source: str
    options: tuple[str, ...]

    def seen(self, path: Path) -> Seen:
        """Say whether other hosts see `path` on it, as far as its type and place tell."""
        if self.type in NETWORK:
            return "everywhere"
        if self.type in MEMORY or any(path.is_relative_to(place) for place in OF_A_NODE):
            return "here"
        return "unknown"

    def __str__(self) -> str:
        return f"{self.type} mounted at {self.point}"


def parse_mounts(text: str) -> list[Mount]:
    """Read ``/proc/self/mountinfo``."""
    found = []
    for line in text.splitlines():
        before, dash, after = line.partition(" - ")
        fields, rest = before.split(), after.split()
        if dash and len(fields) >= 6 and len(rest) >= 2:
            found.append(
                Mount(
                    Path(_plain(fields[4])), rest[0], _plain(rest[1]), tuple(fields[5].split(","))
                )
            )
    return found


def _plain(text: str) -> str:
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), text)


def mount_of(path: Path, mounts: Iterable[Mount]) -> Mount | None:
    """Return the file system that holds a path; of two at one place, the later covers."""
    found = None
    for mount in mounts:
        above = path.is_relative_to(mount.point)
        if above and (found is None or len(mount.point.parts) >= len(found.point.parts)):
            found = mount
    return found


def mounted(path: Path) -> Mount | None:
    """Return the file system of this host that holds a path."""
    try:
        text = MOUNTINFO.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    return mount_of(path.resolve(), parse_mounts(text))


def room_findings(check: str, path: Path) -> Iterator[Finding]:
    """Say how much room there is, in bytes and in files."""
    free = shutil.disk_usage(path).free
    files = os.statvfs(path)
    yield room_finding(check, path, free, files.f_favail if files.f_files else None)


def room_finding(check: str, path: Path, free: int, files: int | None) -> Finding:
    """Judge the room; `files` is None where a file system sets no number of them."""
    said = f"{free / 1e9:,.1f} GB free in {path}"
    if files is not None:
        said += f", for {files:,} files"
    fix = ADVICE
    if free < TOO_LITTLE_BYTES or files == 0:
        return bad(check, said, fix)
    if free < LITTLE_BYTES or (files is not None and files < LITTLE_FILES):
        return warning(check, said, f"{fix}; or name a larger place as 'runs' in the site file")
    return good(check, said)
