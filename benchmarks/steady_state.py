"""Tasks of one second: which share of the workers' time is idle, beside a process pool's.

Every kernel call computes for about a second (plain Python that holds the GIL, no sleep) and
notes when it began and ended; a pool of concurrent.futures calls the same function.  Idle is what
remains of workers x (first beginning to last end).  As what disturbs a worker from outside makes
its calls longer, not its idle time, the ratio of the two wall times is told too.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from common import WORKERS, arguments, finished, home, leave, say, spread, start_run, told
from workbench_benchmarks import calibrated, traced_spin

TASKS = 240
TASK_S = 1.0
TARGET_POINTS = 2.0


def by_pool(loops: int, trace: Path) -> None:
    """Have a process pool call the function."""
    with ProcessPoolExecutor(WORKERS) as pool:
        list(pool.map(partial(traced_spin, folder=str(trace)), [loops] * TASKS))


def by_workbench(loops: int, trace: Path) -> None:
    """Have a run call it."""
    finished(start_run("bench.items", items=TASKS, loops=loops, trace=trace))


def usage(trace: Path) -> dict[str, float]:
    """Return the idle share (percent) and wall time (s) of calls that were noted."""
    lines = [line.split() for file in trace.iterdir() for line in file.read_text().splitlines()]
    calls = [(float(begun), float(ended)) for begun, ended in lines]
    if len(calls) != TASKS:
        raise SystemExit(f"{len(calls)} calls were noted, {TASKS} were asked for")
    wall = max(ended for _, ended in calls) - min(begun for begun, _ in calls)
    busy = sum(ended - begun for begun, ended in calls)
    return {"idle_percent": 100 * (1 - busy / (WORKERS * wall)), "wall_s": wall}


def pairs(repeats: int, loops: int) -> dict[str, list[dict[str, float]]]:
    """Measure both in turn."""
    found: dict[str, list[dict[str, float]]] = {"pool": [], "workbench": []}
    with home():
        for _ in range(repeats):
            for name, way in (("pool", by_pool), ("workbench", by_workbench)):
                with tempfile.TemporaryDirectory() as trace:
                    way(loops, Path(trace))
                    found[name].append(usage(Path(trace)))
                told(name, **found[name][-1])
    return found


def compare(found: dict[str, Sequence[dict[str, Any]]]) -> dict[str, Any]:
    """Return what stands in the JSON."""
    both = list(zip(found["workbench"], found["pool"], strict=True))
    return {
        "tasks": TASKS,
        "idle_percent": {
            name: spread([one["idle_percent"] for one in runs]) for name, runs in found.items()
        },
        "idle_points_worse": spread([a["idle_percent"] - b["idle_percent"] for a, b in both]),
        "wall_ratio": spread([a["wall_s"] / b["wall_s"] for a, b in both]),
        "wall_s": {name: [round(one["wall_s"], 2) for one in runs] for name, runs in found.items()},
    }


if __name__ == "__main__":
    given = arguments(__doc__, repeats=3)
    figures = compare(pairs(given.repeats, calibrated(TASK_S)))
    say("idle, pool", figures["idle_percent"]["pool"], " %")
    say("idle, workbench", figures["idle_percent"]["workbench"], " %")
    target = f"at most {TARGET_POINTS:g}"
    say("idle, points worse than the pool", figures["idle_points_worse"], target=target)
    say("wall time, workbench / pool", figures["wall_ratio"])
    leave("steady_state", figures)
