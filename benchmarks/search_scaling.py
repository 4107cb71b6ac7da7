"""proteins.search beside one pyhmmer call on the same files, and two workers beside one.

200 queries against 20,000 proteins of UniProt (``$WORKBENCH_DATA/proteins``).  The peer is one
process that reads both files and calls ``pyhmmer.phmmer(queries, targets, cpus=2)``; the run's
time goes from its first kernel call, which reads the files too, to the complete result with its
figures.  What comes before (start-up) is told apart.
"""

from __future__ import annotations

import gzip
import os
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

import pyhmmer
from common import (
    WORKERS,
    arguments,
    finished,
    first_call_s,
    home,
    leave,
    say,
    scale,
    seconds,
    spread,
    start_run,
    told,
)
from pyhmmer.easel import Alphabet, DigitalSequenceBlock, SequenceFile

QUERIES = 200
EVALUE = 10.0
TARGET_RATIO, TARGET_SPEEDUP = 1.1, 1.8


def write_queries(source: Path, target: Path) -> None:
    """Copy the first queries to a file of their own."""
    with gzip.open(source, "rt", encoding="utf-8") as text:
        records = islice(text.read().split(">"), 1, 1 + QUERIES)
        target.write_text("".join(f">{record}" for record in records), encoding="utf-8")


def read_sequences(path: Path) -> DigitalSequenceBlock:
    """Read a FASTA file as pyhmmer's users do."""
    with (
        gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file,
        SequenceFile(file, format="fasta", digital=True, alphabet=Alphabet.amino()) as sequences,
    ):
        return sequences.read_block()


def by_pyhmmer(queries: Path, database: Path) -> tuple[float, int]:
    """Return the seconds of one call, and how many targets it reports."""
    begun = time.monotonic()
    found = pyhmmer.phmmer(
        read_sequences(queries), read_sequences(database), cpus=WORKERS, E=EVALUE
    )
    targets = sum(len(hits.reported) for hits in found)
    return time.monotonic() - begun, targets


def by_workbench(queries: Path, database: Path) -> dict[str, float]:
    """Return the seconds of a run, before its first kernel call and from there on."""
    begun = time.time()
    folder = start_run("proteins.search", queries=queries, database=database, evalue=EVALUE)
    ended = finished(folder)["ended"]
    first = first_call_s(folder)
    return {"startup_s": first - begun, "wall_s": seconds(ended) - first}


def measured(repeats: int, data: Path) -> dict[str, Any]:
    """Measure pyhmmer, two workers and one in turn."""
    peers, two, one = [], [], []
    database = data / "proteins" / "targets.fasta.gz"
    with tempfile.TemporaryDirectory() as name, home():
        queries = Path(name, "queries.fasta")
        write_queries(data / "proteins" / "queries.fasta.gz", queries)
        for _ in range(repeats):
            taken, targets = by_pyhmmer(queries, database)
            peers.append(taken)
            told("pyhmmer", wall_s=taken)
            two.append(by_workbench(queries, database))
            told("2 workers", **two[-1])
            scale(1)
            one.append(by_workbench(queries, database))
            told("1 worker", **one[-1])
            scale(WORKERS)
    walls = {"two": [run["wall_s"] for run in two], "one": [run["wall_s"] for run in one]}
    return {
        "queries": QUERIES,
        "targets_reported": targets,
        "ratio": spread([a / b for a, b in zip(walls["two"], peers, strict=True)]),
        "speedup": spread([a / b for a, b in zip(walls["one"], walls["two"], strict=True)]),
        "pyhmmer_s": spread(peers),
        "two_workers_s": spread(walls["two"]),
        "one_worker_s": spread(walls["one"]),
        "startup_s": spread([run["startup_s"] for run in (*two, *one)]),
    }


if __name__ == "__main__":
    given = arguments(__doc__, repeats=3)
    if "WORKBENCH_DATA" not in os.environ:
        print("skipped: $WORKBENCH_DATA does not say where proteins/targets.fasta.gz lies")
        sys.exit()
    figures = measured(given.repeats, Path(os.environ["WORKBENCH_DATA"]))
    say("pyhmmer, 2 threads", figures["pyhmmer_s"], " s")
    say("workbench, 2 workers", figures["two_workers_s"], " s")
    say("workbench, 1 worker", figures["one_worker_s"], " s")
    say("start-up", figures["startup_s"], " s")
    say("2 workers / pyhmmer", figures["ratio"], target=f"at most {TARGET_RATIO:g}")
    say("1 worker / 2 workers", figures["speedup"], target=f"at least {TARGET_SPEEDUP:g}")
    leave("search_scaling", figures, ["pyhmmer", "science-workbench-proteins"])
