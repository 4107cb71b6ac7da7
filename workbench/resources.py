"""How much of this computer belongs to us: CPUs by affinity and cgroup quota, memory by cgroup.

``os.cpu_count()`` tells how large the machine is, not what a batch job, a container or
``taskset`` left of it; it is never asked.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

SHARE = 0.9
LEAST_BYTES = 512 * 2**20
UNLIMITED_BYTES = 2**60


@dataclass(frozen=True)
class Resources:
    """What this process may use.

    Attributes
    ----------
    cpus
        Whole CPUs, at least 1.
    memory_bytes
        Memory that is free for us now, page cache counted as free.
    """

    cpus: int
    memory_bytes: int

    @property
    def workers(self) -> int:
        """Workers that are started when nobody says how many: one a CPU, 512 MiB each."""
        return max(1, min(self.cpus, int(SHARE * self.memory_bytes) // LEAST_BYTES))

    def share_bytes(self, workers: int) -> int:
        """Return the memory limit of one worker out of so many."""
        return int(SHARE * self.memory_bytes) // max(1, workers)

    def warnings(self, workers: int, memory_bytes: int) -> list[str]:
        """Say where `workers` workers of `memory_bytes` each are more than there is."""
        found = []
        cores = f"{self.cpus} core{'s' if self.cpus > 1 else ''}"
        each = f"{workers:,} worker{'s' if workers > 1 else ''} on {cores}: each has "
        each += f"{memory_bytes / 1e9:.1f} GB"
        if workers > self.cpus:
            found.append(
                f"{each} and they take turns. No more cores belong to this process (affinity, "
                "cgroup), and more workers than those gain nothing."
            )
        elif memory_bytes < LEAST_BYTES:
            found.append(f"{each}, too little for many recipes. Fewer workers have more each.")
        if workers * memory_bytes > self.memory_bytes:
            found.append(
                f"{workers} workers of {memory_bytes / 1e9:.1f} GB may together ask for more than "
                f"the {self.memory_bytes / 1e9:.1f} GB of memory that are free now."
            )
        return found


def this_computer(
    proc: Path = Path("/proc/self/cgroup"), mount: Path = Path("/sys/fs/cgroup")
) -> Resources:
    """Look at affinity, cgroups (version 1 and 2) and memory."""
    cpus = float(len(os.sched_getaffinity(0)))
    memory = psutil.virtual_memory().available
    for folder in cgroups(proc, mount):
        cpus = min(cpus, _quota(folder))
        memory = min(memory, _free_bytes(folder))
    return Resources(max(1, int(cpus)), memory)


def cgroups(proc: Path, mount: Path) -> Iterator[Path]:
    """Yield the folders of this process's cgroups and of all their parents.

    A limit may stand at any height.  Inside a container the path in `proc` may be the host's,
    and only the root of the mount is there.
    """
    for line in proc.read_text(encoding="utf-8").splitlines() if proc.exists() else ():
        number, controllers, path = line.split(":", 2)
        names = ("", "unified") if number == "0" else (controllers, *controllers.split(","))
        for root in {mount / name for name in names}:
            here = root / path.lstrip("/")
            while here != root and root in here.parents:
                yield here
                here = here.parent
            yield root


def _quota(folder: Path) -> float:
    """CPUs that the quota of one cgroup allows (cgroups(7); cpu.max, cpu.cfs_quota_us)."""
    both = _words(folder / "cpu.max")
    if not both:
        both = _words(folder / "cpu.cfs_quota_us") + _words(folder / "cpu.cfs_period_us")
    if len(both) != 2 or both[0] in ("max", "-1"):
        return float("inf")
    return int(both[0]) / int(both[1])


def _free_bytes(folder: Path) -> int:
    """Memory that one cgroup still allows; unused file pages can be dropped and count as free."""
    files = {
        "memory.max": ("memory.current", "inactive_file"),
        "memory.limit_in_bytes": ("memory.usage_in_bytes", "total_inactive_file"),
    }
    for name, (usage, inactive) in files.items():
        limit = _words(folder / name)
        used = _words(folder / usage)
        if limit and used and limit != ["max"] and int(limit[0]) < UNLIMITED_BYTES:
            words = _words(folder / "memory.stat")
            stat = dict(zip(words[::2], words[1::2], strict=False))
            return max(0, int(limit[0]) - int(used[0]) + int(stat.get(inactive, 0)))
    return UNLIMITED_BYTES


def _words(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="ascii").split()
    except OSError:
        return []


def untouched_bytes() -> int:
    """Return what this process has allocated (``RLIMIT_DATA`` counts it) and never touched."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    said = dict(line.split(":", 1) for line in lines)
    # RssAnon is told since Linux 4.5 (proc(5)).
    allocated, touched = (int(said.get(key, "0").split()[0]) for key in ("VmData", "RssAnon"))
    return max(0, 1024 * (allocated - touched))
