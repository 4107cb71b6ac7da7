"""What the cluster's process and a driver take while nothing happens: processor and memory.

First a cluster without a run; then a run whose one worker computes an item of minutes, while its
driver waits.  The run is stopped in the end.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import psutil
from common import arguments, home, leave, say, spread, start_run, told, wait_for, workbench
from workbench_benchmarks import calibrated

WATCHED_S = 30.0
ITEM_S = 300.0
TARGET_SHARE, TARGET_BYTES = 2.0, 500e6


def watched(name: str, pid: int) -> dict[str, float]:
    """Watch a process for a while: per cent of one core, and its resident bytes."""
    process = psutil.Process(pid)
    before, begun = process.cpu_times(), time.monotonic()
    time.sleep(WATCHED_S)
    after, spent_s = process.cpu_times(), time.monotonic() - begun
    busy_s = after.user + after.system - before.user - before.system
    return {
        f"{name}_percent": 100 * busy_s / spent_s,
        f"{name}_bytes": float(process.memory_info().rss),
    }


def cluster_process() -> int:
    """Return the number of the cluster's process."""
    status = Path(os.environ["WORKBENCH_HOME"], "clusters", "local", "status.json")
    return int(json.loads(status.read_bytes())["pid"])


def state(folder: Path) -> str:
    """Return the state of a run."""
    return str(json.loads((folder / "status.json").read_bytes())["state"])


def driver_at_rest(folder: Path) -> int:
    """Wait until the run's driver has sent its one item; return the driver's number."""
    wait_for(lambda: state(folder) == "running", "the run")
    # What it loads in its first seconds is not what it takes at rest.
    time.sleep(5)
    return int(json.loads((folder / "driver.lock").read_bytes())["pid"])


def measured(repeats: int) -> dict[str, object]:
    """Watch each process in turn."""
    rounds = []
    with home(workers=1):
        for _ in range(repeats):
            found = watched("cluster", cluster_process())
            folder = start_run("bench.items", items=1, loops=calibrated(ITEM_S))
            found |= watched("driver", driver_at_rest(folder))
            workbench("run", "stop", folder.name)
            wait_for(lambda f=folder: state(f) == "stopped", "the end of the run")
            told("at rest", **found)
            rounds.append(found)
    return {name: spread([one[name] for one in rounds]) for name in rounds[0]}


if __name__ == "__main__":
    figures = measured(arguments(__doc__, repeats=3).repeats)
    for name, found in figures.items():
        target = TARGET_SHARE if name.endswith("percent") else TARGET_BYTES
        say(name.replace("_", " "), found, target=f"at most {target:g}")
    leave("idle", figures)
