"""``workbench pool show`` against what the schedulers themselves say."""

import re
import time
from collections import Counter

import pytest

from tests.slurm.kit import Place

TOP = {"scheduler", "collected", "age_s", "stale", "problems", "partitions"}
PARTITION = {"name", "scheduler", "time_limit_s", "nodes", "accelerators"}
NODES = {"total", "idle", "mixed", "allocated", "out_of_service"}
ACCELERATOR = {
    "name", "vendor", "model", "memory_bytes", "per_node", "cards", "pending_jobs",
    "pending_reasons", "start",
}  # fmt: skip
CARDS = {"total", "free", "allocated", "out_of_service", "mine"}
OUT = {"DRAIN", "DOWN", "FAIL", "MAINT", "NOT_RESPONDING"}


@pytest.fixture(scope="module")
def place(slurm):
    with Place(slurm) as found:
        yield found


@pytest.fixture
def jobs(slurm):
    """Jobs of one test, by ``jobs(options)``; cancelled at its end."""
    submitted = []

    def submit(*options, **named):
        submitted.append(slurm.submit(*options, **named))
        return submitted[-1]

    yield submit
    slurm.cancel(*submitted)
    for job in submitted:
        slurm.wait_job(job)


def fields(line):
    """One line of ``scontrol -o`` as a dict."""
    return dict(pair.split("=", 1) for pair in re.split(r"\s+(?=\w+=)", line.strip()))


def cards_by_scontrol(rig):
    """``{(partition, kind): Counter(total, free, allocated, out_of_service)}`` by Slurm's words."""
    found = {}
    for line in rig.call("scontrol", "show", "node", "-d", "-o").splitlines():
        node = fields(line)
        if ":" not in node["Gres"]:
            continue
        family, model, total = node["Gres"].split(":")
        used = sum(map(int, re.findall(rf"{family}:{model}:(\d+)", node["GresUsed"])))
        out = bool(OUT & set(re.split(r"[+*]", node["State"]))) and not re.search(
            "POWERING_UP", node["State"]
        )
        for partition in node["Partitions"].split(","):
            count = found.setdefault((partition, f"{family}:{model}"), Counter())
            count.update(total=int(total), allocated=used)
            count["out_of_service" if out else "free"] += int(total) - used
    return {key: {name: count[name] for name in CARDS - {"mine"}} for key, count in found.items()}


def cards_by_us(partitions):
    """The same from the pool's document."""
    return {
        (partition, kind): {name: each["cards"][name] for name in CARDS - {"mine"}}
        for partition, accelerators in partitions.items()
        if partition != "local"
        for kind, each in accelerators.items()
    }


def test_the_document_is_the_one_that_scripts_rely_on(place):
    _, shown = place.pool()
    assert shown.keys() >= TOP
    assert (shown["scheduler"], shown["stale"]) == ("slurm", False)
    assert [p["name"] for p in shown["partitions"] if p["name"] != "local"] == [
        "cpu", "dcu", "gpu", "npu", "spare", "urgent", "short", "private"
    ]  # fmt: skip
    for partition in shown["partitions"]:
        assert partition.keys() >= PARTITION
        assert partition["nodes"].keys() >= NODES
        for accelerator in partition["accelerators"]:
            assert accelerator.keys() >= ACCELERATOR
            assert accelerator["cards"].keys() >= CARDS
    limits = {p["name"]: p["time_limit_s"] for p in shown["partitions"]}
    assert (limits["cpu"], limits["gpu"], limits["short"]) == (86400, 14400, 120)


def test_names_of_cards_come_from_the_site_file(place):
    partitions, _ = place.pool()
    named = {kind: (each["vendor"], each["model"], each["memory_bytes"], each["per_node"])
             for partition in partitions if partition != "local"
             for kind, each in partitions[partition].items()}  # fmt: skip
    assert named == {
        "dcu:k100": ("hygon", "K100", 64_000_000_000, 8),
        "gpu:a100": ("nvidia", "A100", 80_000_000_000, 4),
        "npu:910b": ("ascend", "Ascend 910B", 64_000_000_000, 8),
    }


def test_cards_in_use_are_counted_and_mine_among_them(slurm, place, jobs):
    mine = jobs("--partition=dcu", "--gres=dcu:k100:3", "--time=5")
    other = jobs("--partition=dcu", "--gres=dcu:k100:2", "--time=5", user="wbada")
    for job in (mine, other):
        slurm.wait_job(job, "RUNNING")
    time.sleep(0.5)
    partitions, _ = place.pool()
    cards = partitions["dcu"]["dcu:k100"]["cards"]
    assert {name: cards[name] for name in CARDS} == {
        "total": 16, "free": 11, "allocated": 5, "out_of_service": 0, "mine": 3
    }  # fmt: skip
    assert cards_by_us(partitions) == cards_by_scontrol(slurm)
    with Place(slurm, "wbada") as hers:
        assert hers.pool()[0]["dcu"]["dcu:k100"]["cards"]["mine"] == 2


def test_waiting_jobs_are_counted_by_reason(slurm, place, jobs):
    held = jobs("--partition=gpu", "--gres=gpu:a100:1", "--hold")
    running = jobs("--partition=gpu", "--gres=gpu:a100:4", "--time=5")
    slurm.wait_job(running, "RUNNING")
    waiting = jobs("--partition=gpu", "--gres=gpu:a100:2", "--time=5")
    slurm.wait_job(held, "PENDING")
    deadline = time.monotonic() + 20
    while slurm.job_states()[waiting] != ("PENDING", "Resources"):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    time.sleep(0.5)
    gpu = place.pool()[0]["gpu"]["gpu:a100"]
    assert gpu["pending_jobs"] == 2
    assert gpu["pending_reasons"] == {"JobHeldUser": 1, "Resources": 1}
    assert gpu["cards"]["free"] == 0
    assert gpu["start"]["at"] > gpu["start"]["collected"]
    assert "Resources" in place.call("pool", "show").stdout


def test_idle_cards_of_a_draining_node_are_out_of_service(slurm, place, jobs):
    job = jobs("--partition=npu", "--gres=npu:910b:3", "--time=5")
    slurm.wait_job(job, "RUNNING")
    slurm.drain("npu1", "fan broken")
    try:
        time.sleep(0.5)
        partitions, shown = place.pool()
        npu = next(p for p in shown["partitions"] if p["name"] == "npu")
        assert npu["nodes"]["out_of_service"] == 1
        cards = partitions["npu"]["npu:910b"]["cards"]
        assert [cards[name] for name in sorted(CARDS)] == [3, 0, 3, 5, 8]
        assert cards_by_us(partitions) == cards_by_scontrol(slurm)
    finally:
        slurm.resume("npu1")


def test_a_partition_that_is_out_of_service_is_not_said_to_refuse_jobs(slurm, jobs):
    slurm.drain("gpu1", "new fans")
    try:
        time.sleep(0.5)
        # A home of its own, where nobody has asked this before.
        with Place(slurm) as place:
            start = place.pool()[0]["gpu"]["gpu:a100"]["start"]
            assert start["at"] is None
            assert "waits for them" in start["refused"]
            assert "no start in sight" in place.call("pool", "show").stdout
        # Nor does Slurm.
        slurm.wait_job(jobs("--partition=gpu", "--gres=gpu:a100:1", "--time=5"), "PENDING")
    finally:
        slurm.resume("gpu1")


def test_without_a_controller_the_last_look_is_shown_as_stale(slurm, place):
    before = place.pool()[1]
    with slurm.controller_down():
        time.sleep(0.6)
        began = time.monotonic()
        shown = place.json("pool", "show", timeout=30)
        assert time.monotonic() - began < 15
        assert shown["stale"] is True
        assert shown["age_s"] > 0.5
        assert shown["collected"] == before["collected"]
        assert shown["partitions"][0]["nodes"] == before["partitions"][0]["nodes"]
        assert "Unable to contact slurm controller" in " ".join(shown["problems"])
    time.sleep(0.6)
    assert place.pool()[1]["stale"] is False


def test_a_large_pool_is_counted_as_slurm_counts_it(big_slurm):
    with Place(big_slurm) as place:
        partitions, shown = place.pool()
        assert cards_by_us(partitions) == cards_by_scontrol(big_slurm)
        totals = Counter()
        for (_, _), cards in cards_by_us(partitions).items():
            totals.update(cards)
        assert totals["total"] == 32_000
        assert totals["allocated"] == 8 * 8 * 300 + 3 * 100 + 8 * 100
        assert totals["out_of_service"] == 8 * (16 + 4 + 1)
        waiting = partitions["dcu"]["dcu:k100"]
        assert waiting["pending_jobs"] == 3
        assert waiting["pending_reasons"].keys() <= {"Resources", "Priority"}

        big_slurm.drain("npu0400")
        time.sleep(0.5)
        again = place.pool()[0]["npu"]["npu:910b"]["cards"]
        assert again["out_of_service"] == 8 * 2
        assert again["free"] == partitions["npu"]["npu:910b"]["cards"]["free"] - 8
        assert shown["collected"] < place.pool()[1]["collected"]
