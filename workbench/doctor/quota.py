"""Quotas, as ``quota`` and ``lfs quota`` tell them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.doctor.findings import Finding, bad, good, unknown, warning
from workbench.doctor.mounts import NETWORK, Mount
from workbench.pool.commands import run
from workbench.pool.snapshot import user_name

CHECK = "quota"
TIMEOUT_S = 8.0
NEARLY = 0.9
# Behind a file system's name: blocks, quota, limit, grace, files, quota, limit, grace.
COLUMNS = 8
KIB = 1024


@dataclass(frozen=True)
class Quota:
    """What is used of what is allowed on one file system; a limit of 0 is none.

    Attributes
    ----------
    place
        Device or mount point, as the command names it.
    """

    place: str
    used_bytes: int
    limit_bytes: int
    files: int
    limit_files: int

    @property
    def share(self) -> float:
        """Return how full the fuller of the two is."""
        bytes_ = self.used_bytes / self.limit_bytes if self.limit_bytes else 0.0
        files = self.files / self.limit_files if self.limit_files else 0.0
        return max(bytes_, files)

    def __str__(self) -> str:
        parts = []
        if self.limit_bytes:
            parts.append(f"{self.used_bytes / 1e9:,.1f} of {self.limit_bytes / 1e9:,.1f} GB")
        if self.limit_files:
            parts.append(f"{self.files:,} of {self.limit_files:,} files")
        return f"{' and '.join(parts) or 'no limit'} on {self.place}"


def parse_quota(text: str) -> list[Quota]:
    """Read the table of ``quota -w -p`` or of ``lfs quota -u``, which are alike.

    A name that is too long for its column stands on a line of its own.
    """
    words: list[str] = []
    inside = False
    for line in text.splitlines():
        if line.split()[:1] == ["Filesystem"]:
            inside = True
        elif line.startswith("Disk quotas"):
            inside = False
        elif inside:
            words += line.split()
    found = []
    while len(words) > COLUMNS:
        place, row, words = words[0], words[1 : COLUMNS + 1], words[COLUMNS + 1 :]
        numbers = [_number(word) for word in row]
        if None in (numbers[i] for i in (0, 1, 2, 4, 5, 6)):
            break
        used, soft, hard, _, files, soft_files, hard_files, _ = (n or 0 for n in numbers)
        found.append(
            Quota(place, used * KIB, (soft or hard) * KIB, files, soft_files or hard_files)
        )
    return found


def _number(word: str) -> int | None:
    """Read a count; one that is over its limit carries a star, a doubtful one brackets."""
    plain = word.strip("*[]")
    return int(plain) if plain.isdecimal() else None


def quota_findings(home: Path, mount: Mount | None) -> Iterator[Finding]:
    """Ask the commands that are here, for the file system that holds `home`."""
    if mount is None:
        return
    command: tuple[str, ...]
    if mount.type == "lustre" and shutil.which("lfs"):
        command = ("lfs", "quota", "-u", user_name(), str(mount.point))
    elif shutil.which("quota"):
        command = ("quota", "-w", "-p")
    elif mount.type in NETWORK:
        yield unknown(
            CHECK,
            f"there is no command here that tells quotas of {mount}",
            "Ask the site for its own command; a run that hits its quota stops and says so",
        )
        return
    else:
        return
    answer = run(command, timeout_s=TIMEOUT_S)
    # quota(1) exits 1 where a limit is reached, and prints its table all the same.
    rows = parse_quota(answer.out)
    if not rows and not answer.good:
        yield unknown(CHECK, f"{command[0]}: {answer.problem}", "Ask the site for your quota")
        return
    ours = [row for row in rows if row.place in (mount.source, str(mount.point))]
    if not ours:
        yield good(CHECK, f"{command[0]} tells none for {mount}")
    for row in ours:
        yield judged(row)


def judged(row: Quota) -> Finding:
    """Judge one quota."""
    fix = "Make room (workbench run du, workbench run delete), or ask the site for more"
    if row.share >= 1:
        return bad(CHECK, str(row), fix)
    if row.share >= NEARLY:
        return warning(CHECK, str(row), fix)
    return good(CHECK, str(row))
