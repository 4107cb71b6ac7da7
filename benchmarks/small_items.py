"""100,000 items of a millisecond: a run's wall time beside joblib's (loky, automatic batches).

Both call the same function of plain Python on two processes that are there already.  The run's
time goes from its first kernel call to the complete, checksummed result on disk; joblib's from
the call to the list in memory.  What comes before (start-up) is told apart.
"""

from __future__ import annotations

import time
from typing import Any

from common import (
    WORKERS,
    arguments,
    finished,
    first_call_s,
    home,
    last_call_s,
    leave,
    say,
    seconds,
    spread,
    start_run,
    told,
)  # fmt: skip
from joblib import Parallel, delayed
from workbench_benchmarks import calibrated, spin

ITEMS = 100_000
ITEM_S = 0.001
TARGET = 1.15


def by_joblib(parallel: Parallel, loops: int) -> float:
    """Return the seconds that joblib takes."""
    begun = time.monotonic()
    parallel(delayed(spin)(loops) for _ in range(ITEMS))
    return time.monotonic() - begun


def by_workbench(loops: int) -> dict[str, float]:
    """Return the seconds of a run: start-up, kernel calls, and all from the first call on."""
    begun = time.time()
    folder = start_run("bench.items", items=ITEMS, loops=loops)
    ended = finished(folder)["ended"]
    first, last = first_call_s(folder), last_call_s(folder)
    return {
        "startup_s": first - begun,
        "items_s": last - first,
        "result_s": seconds(ended) - last,
        "wall_s": seconds(ended) - first,
    }


def pairs(repeats: int, loops: int) -> dict[str, Any]:
    """Measure both in turn."""
    peers: list[float] = []
    ours: list[dict[str, float]] = []
    with home(), Parallel(n_jobs=WORKERS, batch_size="auto") as parallel:
        begun = time.monotonic()
        parallel(delayed(spin)(1) for _ in range(WORKERS))
        startup = time.monotonic() - begun
        for _ in range(repeats):
            peers.append(by_joblib(parallel, loops))
            told("joblib", wall_s=peers[-1])
            ours.append(by_workbench(loops))
            told("workbench", **ours[-1])
    both = list(zip(ours, peers, strict=True))
    return {
        "items": ITEMS,
        "ratio": spread([our["wall_s"] / peer for our, peer in both]),
        "ratio_items_only": spread([our["items_s"] / peer for our, peer in both]),
        "joblib_s": spread(peers),
        "workbench_s": {name: spread([our[name] for our in ours]) for name in ours[0]},
        "joblib_startup_s": round(startup, 3),
    }


if __name__ == "__main__":
    given = arguments(__doc__, repeats=3)
    figures = pairs(given.repeats, calibrated(ITEM_S))
    say("joblib", figures["joblib_s"], " s")
    for part, found in figures["workbench_s"].items():
        say(f"workbench, {part[:-2]}", found, " s")
    say("workbench / joblib, kernel calls only", figures["ratio_items_only"])
    say("workbench / joblib", figures["ratio"], target=f"at most {TARGET:g}")
    leave("small_items", figures, ["joblib"])
