"""Receipts of a million tasks, in batches of a thousand: how long a resuming driver reads them.

The journal is written with the driver's own code and read by it, in a new process each time:
every line parsed and applied, and what is left to do worked out.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import arguments, leave, say, spread

from workbench.driver.progress import Progress
from workbench.plan import Plan, tile
from workbench.runs.journal import Journal, read_epochs

TASKS = 1_000_000
BATCH = 1_000
TARGET_S = 1.0


def receipt(number: int, *, failed: int) -> dict[str, Any]:
    """Return the receipt of one batch; `failed` of its tasks failed for good."""
    start = number * BATCH
    failures = [
        {
            "task": start + index,
            "items": [start + index],
            "code": "raised",
            "message": "ValueError: bad item (recipe.py:27)",
            "attempts": 2,
        }
        for index in range(failed)
    ]
    return {
        "v": 1,
        "epoch": 1,
        "stage": "main",
        "round": 0,
        "batch": f"{number:07d}",
        "tasks": [[start, start + BATCH]],
        "part": {"file": f"parts/main.1.{number:07d}.npz", "bytes": 66_180, "crc32c": "0badcafe"},
        "failed": failures,
        "cluster": "local",
        "worker": "local-0",
        "host": "workstation",
        "job_id": None,
        "card": None,
        "code_hash": "0" * 64,
        "started": "2026-01-01T00:00:00.000Z",
        "wall_s": 2.013,
        "energy_j": None,
        "files": [],
        "plan": "0badcafe",
    }


def read_s(folder: Path) -> float:
    """Return the seconds in which this process reads the journal."""
    plan = Plan(dim="item", coords={"item": np.arange(TASKS)}, tasks=tile(TASKS))
    begun = time.perf_counter()
    progress = Progress(plan)
    for line in read_epochs(folder, "tasks", 1):
        progress.apply(line)
    progress.prepare(retry=False)
    taken = time.perf_counter() - begun
    if progress.waiting or len(progress.parts) != TASKS // BATCH:
        raise SystemExit("the journal was not read as it was written")
    return taken


def measured(repeats: int, *, failed: int) -> dict[str, Any]:
    """Write one journal and have it read by new processes."""
    with tempfile.TemporaryDirectory() as name:
        journal = Journal(Path(name, "tasks.1.jsonl"))
        journal.append([receipt(number, failed=failed) for number in range(TASKS // BATCH)])
        journal.close()
        command = [sys.executable, __file__, name]
        return spread([float(subprocess.check_output(command)) for _ in range(repeats)])


if __name__ == "__main__":
    if len(sys.argv) == 2 and Path(sys.argv[1]).is_dir():
        print(read_s(Path(sys.argv[1])))
        sys.exit()
    given = arguments(__doc__, repeats=5)
    figures = {
        "tasks": TASKS,
        "read_s": measured(given.repeats, failed=0),
        "read_with_1000_failed_s": measured(given.repeats, failed=1),
    }
    say("receipts of 10^6 tasks", figures["read_s"], " s", f"less than {TARGET_S:g} s")
    say("the same with 1,000 failed tasks", figures["read_with_1000_failed_s"], " s")
    leave("resume_read", figures)
