"""What is larger than a worker's memory: halved tasks, streamed databases, tasks that share."""

import gzip
import random

import numpy as np
import pytest

from tests.faults.kit import MEMORY_BYTES, Place, same
from workbench.runs.handle import Run

RESIDUES = 1000
SEQUENCES = MEMORY_BYTES * 11 // (10 * RESIDUES)
APART = SEQUENCES // 5 + 1


def values(run):
    """The result but for the numbers of the processes."""
    return {name: value for name, value in run.result().items() if name != "process"}


def test_a_task_that_needs_too_much_is_computed_in_halves_and_says_so(shared):
    whole = shared.start("faults.halves")
    assert whole.wait() == "completed", whole.log()
    assert not any("halved" in line for line in whole.receipts())
    run = shared.start("faults.halves", most=2)
    assert run.wait() == "completed", run.log()
    assert sorted(task for line in run.receipts() for task in line["halved"]) == [
        *[0] * 3, *[1] * 3, *[2] * 3, *[3] * 3,
    ]  # fmt: skip
    same(values(run), values(whole))
    none = shared.start("faults.halves", most=0)
    assert none.wait() == "failed"
    assert none.describe()["error"]["code"] == "memory"


def test_tasks_of_one_affinity_prefer_one_worker():
    with Place(WORKBENCH_BATCH_S="0") as place:
        run = place.start("faults.halves", n=120, size=1, seconds=0.03)
        assert run.wait() == "completed", run.log()
        process = Run(run.folder).open()["process"].values
    shares = [np.unique(process[one::2], return_counts=True)[1].max() for one in (0, 1)]
    assert len(np.unique(process)) == 2
    assert min(shares) > 45, shares


def test_figures_are_drawn_where_workers_have_little_memory(shared):
    code, document = shared.json("run", "start", "proteins.search", "--example", "globins")
    assert code == 0, document
    run = shared.seen(document["folder"], shared.side())
    assert run.wait() == "completed", run.log()
    assert run.describe()["notes"] == []
    assert {path.name for path in (run.folder / "figures").glob("*.svg")} == {
        "identity.svg",
        "ranks.svg",
    }
    assert "died" not in (run.folder / "log").read_text()


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_database_larger_than_the_memory_streams(place):
    dice = random.Random(4)
    found, *some = (
        bytes(dice.choices(b"ACDEFGHIKLMNPQRSTVWY", k=RESIDUES)) + b"\n" for _ in range(17)
    )
    queries, database = place.root / "queries.fa", place.root / "database.fa.gz"
    queries.write_bytes(b">q\n" + found[:40] + b"\n")
    with gzip.open(database, "wb", compresslevel=1) as file:
        for number in range(SEQUENCES):
            file.write(b">s%d\n" % number + (some[number % 16] if number % APART else found))
    sets = ("--set", f"queries={queries}", "--set", f"database={database}", "--set", "evalue=1e-3")
    code, document = place.json("run", "start", "proteins.search", *sets)
    assert code == 0, document
    run = place.seen(document["folder"], place.side())
    assert run.wait(within_s=500) == "completed", run.log()
    assert "died" not in (run.folder / "log").read_text()
    attrs = run.opened().attrs
    assert (attrs["Z"], attrs["database_residues"]) == (SEQUENCES, SEQUENCES * RESIDUES)
    assert attrs["database_residues"] > MEMORY_BYTES
    # A target may have several domains.
    targets = dict.fromkeys(run.opened()["target"].values.tolist())
    assert list(targets) == [f"s{APART * n}" for n in range(5)]
