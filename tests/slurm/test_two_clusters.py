"""One run over clusters of different cards on a real Slurm; one of them in trouble."""

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.packs import install
from tests.slurm.kit import Place
from tools.rig.processes import until

FAULTS = Path(__file__).parents[1] / "faults"
CARDS = {"dcu": "dcu:k100", "npu": "npu:910b", "spare": "npu:910b"}
N = 300


@pytest.fixture(scope="module")
def place(slurm):
    with Place(slurm, WORKBENCH_SILENCE_S="6") as found:
        pack = found.root / "pack"
        pack.mkdir()
        text = (FAULTS / "pack" / "fault_pack.py").read_text()
        points = {"faults.steps": "fault_pack:recipe"}
        install(pack, "fault-pack", points, {"fault_pack": text})
        site = found.root / "site.toml"
        site.write_text(Path(found.env["WORKBENCH_SITE"]).read_text())
        found.env |= {"PYTHONPATH": str(pack), "WORKBENCH_SITE": str(site)}
        yield found
        for name in CARDS:
            stop_cluster(found, name)


def start_cluster(place, name):
    words = ("--partition", name, "--accelerator", CARDS[name], "--workers", "1")
    place.json("cluster", "start", name, *words)


def stop_cluster(place, name):
    """Stop a cluster, if there is one, to its end: its jobs are gone then."""
    if name in {each["name"] for each in place.json("cluster", "list")["clusters"]}:
        place.call("cluster", "stop", name)
        ended = ("stopped", "failed")
        until(lambda: place.json("cluster", "show", name)["state"] in ended, 60, "its end")


def connected(place, name):
    return place.json("cluster", "show", name)["workers"]["connected"]


def start_run(place, *clusters, seconds=0.1):
    side = place.root / "side"
    side.unlink(missing_ok=True)
    values = (f"n={N}", f"seconds={seconds}", f"side={side}")
    words = [w for name in clusters for w in ("--on", name)]
    words += [w for value in values for w in ("--set", value)]
    return place.json("run", "start", "faults.steps", *words)


def receipts(run):
    return [
        json.loads(line)
        for file in sorted(Path(run["folder"]).glob("tasks.*.jsonl"))
        for line in file.read_text().splitlines()
    ]


def clusters_of(run):
    return {line["cluster"] for line in receipts(run)}


def calls(place):
    lines = (place.root / "side").read_text().splitlines()
    return Counter(int(line.split()[1]) for line in lines)


def jobs(place, name):
    """Numbers of a cluster's jobs that run."""
    shown = place.json("cluster", "show", name)["jobs"]
    return [job["job_id"] for job in shown if job["state"] == "connected"]


def problem(place, run, name):
    found = place.json("run", "show", run["run_id"])["per_cluster"]
    return next((c["problem"] for c in found if c["name"] == name), "")


def test_both_kinds_of_cards_work_and_records_say_which(place):
    for name in ("dcu", "npu"):
        start_cluster(place, name)
    run = start_run(place, "dcu", "npu")
    assert place.json("run", "wait", run["run_id"])["state"] == "completed"
    assert calls(place) == dict.fromkeys(range(N), 1)
    vendors = {line["cluster"]: line["card"]["vendor"] for line in receipts(run)}
    assert vendors == {"dcu": "hygon", "npu": "ascend"}


def test_a_cluster_whose_job_is_cancelled_holds_nothing_up(place):
    for name in ("dcu", "npu"):
        start_cluster(place, name)
        until(lambda name=name: connected(place, name), 60, f"a worker of {name}")
    run = start_run(place, "dcu", "npu")
    until(lambda: len(clusters_of(run)) == 2, 60, "records of both clusters")
    for job in jobs(place, "npu"):
        place.rig.cancel(job)
    assert place.json("run", "wait", run["run_id"])["state"] == "completed"
    assert max(calls(place).values()) <= 2


def test_a_preempted_cluster_gives_its_work_to_the_other(place):
    # All cards of its node are wanted for this.
    stop_cluster(place, "npu")
    for name in ("dcu", "spare"):
        start_cluster(place, name)
        until(lambda name=name: connected(place, name), 60, f"a worker of {name}")
    run = start_run(place, "dcu", "spare")
    until(lambda: len(clusters_of(run)) == 2, 60, "records of both clusters")
    urgent = place.rig.preempt()
    try:
        until(lambda: not connected(place, "spare"), 30, "the loss of the worker")
        ended = place.json("run", "wait", run["run_id"])
        assert "has no worker yet" in problem(place, run, "spare")
    finally:
        place.rig.cancel(urgent)
    assert ended["state"] == "completed"
    assert set(calls(place)) == set(range(N))
    assert max(calls(place).values()) <= 2


def test_a_cluster_that_is_refused_for_good_is_told_and_holds_nothing_up(place):
    for name in ("dcu", "npu"):
        start_cluster(place, name)
    stop_cluster(place, "npu")
    site = Path(place.env["WORKBENCH_SITE"])
    text = site.read_text()
    site.write_text(text + '\n[partitions.npu]\naccount = "nobody"\n')
    try:
        run = start_run(place, "dcu", "npu", seconds=1)
        until(lambda: "account" in problem(place, run, "npu"), 120, "the refusal")
        before = len(receipts(run))
        until(lambda: len(receipts(run)) > before, 60, "another record")
        assert place.json("run", "show", run["run_id"])["state"] == "running"
        place.json("run", "stop", run["run_id"])
    finally:
        site.write_text(text)
    assert clusters_of(run) == {"dcu"}
