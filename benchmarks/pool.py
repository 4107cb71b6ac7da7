"""A pool of 4,000 nodes and 32,000 cards on a real slurmctld: how long a look takes, and its size.

Needs root and Debian's Slurm; starts the controller by ``python -m tools.rig`` and ends it.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common import HERE, arguments, leave, say, spread, told, workbench

from workbench.pool.cards import card_states
from workbench.pool.pool import Pool

TARGETS = {"collected_s": "at most 0.3 s", "state_bytes": "at most 40,000"}
RIG = (sys.executable, "-m", "tools.rig")


@contextlib.contextmanager
def big_slurm() -> Iterator[None]:
    """Start the controller; every command within meets it."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="workbench-bench-") as place:
        Path(place).chmod(0o755)
        folder = Path(place, "rig")
        started = subprocess.run(
            (*RIG, "start", "--kind", "big", str(folder)),
            cwd=HERE.parent,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        try:
            for line in started.stdout.splitlines():
                name, value = line.removeprefix("export ").split("=", 1)
                os.environ[name] = value
            os.environ["WORKBENCH_POLL_S"] = "0.001"
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
            subprocess.run((*RIG, "stop", str(folder)), cwd=HERE.parent, check=True)


def look() -> dict[str, float]:
    """Look once: ask Slurm, count everything, lay out the cards."""
    began = time.monotonic()
    pool = Pool.now(starts=False)
    collected_s = time.monotonic() - began
    payload = card_states(pool.snapshot).payload()
    cards = sum(
        each.cards.total
        for partition in pool.partitions.values()
        if partition.scheduler == "slurm"
        for each in partition.accelerators.values()
    )
    if cards != 32_000:
        raise SystemExit(f"{cards} cards of 32000 are seen: {pool.problems}")
    return {"collected_s": collected_s, "state_bytes": len(payload)}


def bare() -> float:
    """Return the seconds of Slurm's own two commands, one after the other, unread."""
    began = time.monotonic()
    for words in (("scontrol", "show", "node", "-d", "-o"), ("squeue", "-h", "-a", "-t", "all")):
        subprocess.run(words, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - began


def measured(repeats: int) -> dict[str, Any]:
    """Measure everything."""
    with big_slurm():
        look()  # what is read once: plugins, limits of partitions
        looks, bares = [], []
        for _ in range(repeats):
            bares.append(bare())
            looks.append(look())
            told("look", **looks[-1], slurm_alone_s=bares[-1])
        began = time.monotonic()
        workbench("pool", "show")
        command_s = time.monotonic() - began
    return {
        "collected_s": spread([each["collected_s"] for each in looks]),
        "slurm_alone_s": spread(bares),
        "state_bytes": spread([each["state_bytes"] for each in looks]),
        "command_s": spread([command_s]),
    }


if __name__ == "__main__":
    given = arguments(__doc__, repeats=10)
    figures = measured(given.repeats)
    for name, found in figures.items():
        unit = " s" if name.endswith("_s") else ""
        say(name.rsplit("_", 1)[0].replace("_", " "), found, unit, TARGETS.get(name, ""))
    leave("pool", figures)
