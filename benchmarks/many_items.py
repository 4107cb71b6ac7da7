"""A million items of eight variables: files on disk, and the driver's memory.

The run's folder is counted and the driver's peak memory (VmHWM) is read while it runs; the same
run with a thousand items says what the driver takes anyway.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from common import FINAL, arguments, finished, home, leave, say, spread, start_run, told

FEW = 1_000
MANY = 1_000_000
TARGET_RUNNING, TARGET_FINISHED, TARGET_BYTES = 2_000, 200, 100e6


def files_below(folder: Path) -> int:
    """Return how many files a folder holds."""
    return sum(len(files) for _, _, files in os.walk(folder))


def peak_bytes(pid: int) -> int:
    """Return the most memory that a process has had, 0 when it is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    found = [line.split()[1] for line in text.splitlines() if line.startswith("VmHWM")]
    return int(found[0]) * 1024 if found else 0


def watched(items: int) -> dict[str, float]:
    """Run so many items; return the most files, the files left, the driver's peak, the time."""
    begun = time.monotonic()
    folder = start_run("bench.variables", items=items)
    most, peak = 0, 0
    while json.loads((folder / "status.json").read_bytes())["state"] not in FINAL:
        lock = folder / "driver.lock"
        if lock.exists():
            peak = max(peak, peak_bytes(json.loads(lock.read_bytes())["pid"]))
        most = max(most, files_below(folder))
        time.sleep(0.05)
    wall = time.monotonic() - begun
    finished(folder)
    return {
        "files_running": most,
        "files_finished": files_below(folder),
        "driver_bytes": peak,
        "wall_s": wall,
    }


def pairs(repeats: int) -> dict[str, Any]:
    """Run few and many items in turn."""
    few, many = [], []
    with home():
        for _ in range(repeats):
            few.append(watched(FEW))
            many.append(watched(MANY))
            told(f"{MANY:,} items", **many[-1])
    growth = [b["driver_bytes"] - a["driver_bytes"] for a, b in zip(few, many, strict=True)]
    names = ("files_running", "files_finished", "driver_bytes", "wall_s")
    return {
        "items": MANY,
        "driver_growth_mb": spread([found / 1e6 for found in growth]),
        **{name: spread([one[name] for one in many]) for name in names},
        "few": {name: spread([one[name] for one in few]) for name in names},
    }


if __name__ == "__main__":
    given = arguments(__doc__, repeats=3)
    figures = pairs(given.repeats)
    say("files while it runs", figures["files_running"], target=f"at most {TARGET_RUNNING}")
    say("files when finished", figures["files_finished"], target=f"at most {TARGET_FINISHED}")
    target = f"less than {TARGET_BYTES / 1e6:g}"
    say("driver, more than with 1,000 items", figures["driver_growth_mb"], " MB", target)
    say("from run start to the end", figures["wall_s"], " s")
    leave("many_items", figures)
