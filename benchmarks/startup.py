"""How long until something happens: the first finished item, the help text, the import.

The page cache is warm: a first, uncounted round has read everything.  An item is finished once
its receipt is in the journal.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from common import COMMAND, arguments, finished, home, leave, say, spread, start_run, wait_for

TARGETS = {"first_item_cold_s": 6.0, "first_item_warm_s": 6.0, "help_s": 0.4, "import_s": 0.3}
QUICK = 10


def first_item() -> float:
    """Return the seconds from ``run start`` to the first receipt."""
    begun = time.monotonic()
    folder = start_run("bench.items", items=10)
    journal = folder / "tasks.1.jsonl"
    wait_for(lambda: journal.exists() and b"\n" in journal.read_bytes(), "the first receipt")
    taken = time.monotonic() - begun
    finished(folder)
    return taken


def cold_and_warm() -> tuple[float, float]:
    """Measure without a cluster, and again with the one that was started for it."""
    with home(workers=None):
        return first_item(), first_item()


def command_s(*command: str) -> float:
    """Return the seconds that a command takes."""
    begun = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, cwd=Path.home())
    return time.monotonic() - begun


def measured(repeats: int) -> dict[str, Any]:
    """Measure everything."""
    cold_and_warm()
    both = [cold_and_warm() for _ in range(repeats)]
    empty, imports = [], []
    for _ in range(QUICK + 1):
        empty.append(command_s(sys.executable, "-c", "pass"))
        imports.append(command_s(sys.executable, "-c", "import workbench"))
    helps = [command_s(COMMAND, "--help") for _ in range(QUICK + 1)]
    return {
        "first_item_cold_s": spread([cold for cold, _ in both]),
        "first_item_warm_s": spread([warm for _, warm in both]),
        "help_s": spread(helps[1:]),
        "import_s": spread(imports[1:]),
        "python_alone_s": spread(empty[1:]),
    }


if __name__ == "__main__":
    given = arguments(__doc__, repeats=5)
    figures = measured(given.repeats)
    for name, found in figures.items():
        target = f"at most {TARGETS[name]:g} s" if name in TARGETS else ""
        say(name[:-2].replace("_", " "), found, " s", target)
    leave("startup", figures)
