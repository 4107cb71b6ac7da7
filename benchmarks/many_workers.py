"""One cluster with 1,000 workers: tasks a second of a run, and of Dask alone, with TLS and without.

The workers are Dask's own, 500 in each of two processes of one thread; they, the cluster's process
and the driver share this computer's cores, so that the figures are what one scheduler bears, not
what 1,000 cores compute.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator

from common import HERE, arguments, finished, home, leave, say, spread, start_run, told
from distributed import Client

from workbench import connect
from workbench.clusters.handle import get

WORKERS, PROCESSES = 1000, 2
ITEMS = 200_000
SINGLE_ITEMS = 5_000
SUBMISSIONS = 10_000
TARGET = 1000
PLAIN = """
import asyncio, logging, sys
import dask
from distributed import Scheduler
from workbench.clusters.process.config import DASK

async def serve():
    logging.getLogger("distributed").setLevel(logging.ERROR)
    dask.config.set({**DASK, "distributed.comm.require-encryption": False})
    scheduler = await Scheduler(host="127.0.0.1", port=0, dashboard_address="127.0.0.1:0")
    print(scheduler.address, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await scheduler.close()

asyncio.run(serve())
"""


@contextlib.contextmanager
def child(*command: str) -> Iterator[str]:
    """Run a process until the block ends; give the first line that it prints."""
    process = subprocess.Popen(
        [sys.executable, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process.stdout.readline().strip() if process.stdout else ""
    finally:
        process.communicate(timeout=120)


@contextlib.contextmanager
def swarm(address: str, *files: str) -> Iterator[float]:
    """Connect 1,000 workers; give the seconds that it took."""
    begun = time.monotonic()
    script, each = str(HERE / "swarm.py"), WORKERS // PROCESSES
    with contextlib.ExitStack() as stack:
        for number in range(PROCESSES):
            name = f"swarm{number}"
            said = stack.enter_context(child(script, address, str(each), name, *files))
            if said != str(each):
                raise SystemExit(f"{name}: {said or 'no worker'}")
        yield time.monotonic() - begun


def submissions_per_s(client: Client) -> float:
    """Return how many of Dask's own tasks a second the scheduler passes."""
    begun = time.monotonic()
    client.gather(client.map(abs, range(-SUBMISSIONS, 0), pure=False))
    return SUBMISSIONS / (time.monotonic() - begun)


def plain() -> dict[str, float]:
    """Measure Dask alone without TLS."""
    with child("-c", PLAIN) as address, swarm(address) as join_s, Client(address) as client:
        return {"join_tcp_s": join_s, "submissions_tcp_per_s": submissions_per_s(client)}


def ours() -> dict[str, float]:
    """Measure a run on a cluster of the workbench, and Dask's own tasks there, with TLS."""
    connection = get("local").connection()
    if connection is None:
        raise SystemExit("the cluster is gone")
    files = [str(f) for f in (connection.ca, connection.certificate, connection.key)]
    with swarm(connection.address, *files) as join_s:
        with connect("local") as client:
            rate = submissions_per_s(client)
        return {
            "join_tls_s": join_s,
            "submissions_tls_per_s": rate,
            "tasks_per_s": items_per_s(ITEMS),
            "records_per_s": items_per_s(SINGLE_ITEMS, batch_s="0"),
        }


def items_per_s(items: int, batch_s: str = "2") -> float:
    """Return how many items of a run are done in a second, start of the driver included.

    Parameters
    ----------
    batch_s
        0: every item is a batch, and a record, of its own.
    """
    os.environ["WORKBENCH_BATCH_S"] = batch_s
    begun = time.monotonic()
    finished(start_run("bench.items", items=items))
    return items / (time.monotonic() - begun)


def measured(repeats: int) -> dict[str, object]:
    """Measure in turn."""
    rounds = []
    for _ in range(repeats):
        found = plain()
        with home(workers=1):
            found |= ours()
        told("round", **found)
        rounds.append(found)
    return {name: spread([one[name] for one in rounds]) for name in rounds[0]}


if __name__ == "__main__":
    figures = measured(arguments(__doc__, repeats=3).repeats)
    for name, found in figures.items():
        target = f"at least {TARGET}" if name == "tasks_per_s" else ""
        say(name.replace("_", " "), found, target=target)
    leave("many_workers", {"workers": WORKERS, **figures})
