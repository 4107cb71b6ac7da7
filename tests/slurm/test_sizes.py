"""Clusters that grow and shrink with the work, twenty at once, and a run over several of them."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.slurm.work import Work, until

CPU = ("--partition", "cpu")
DCU = ("--partition", "dcu", "--accelerator", "dcu:k100")
GPU = ("--partition", "gpu", "--accelerator", "gpu:a100")
SHRINK = {"WORKBENCH_SHRINK_AFTER_S": "4"}


def test_a_cluster_grows_with_the_work_and_releases_idle_cards(slurm):
    with Work(slurm, **SHRINK) as work:
        work.cluster(
            "flexible", *DCU, "--between", "0:3", "--idle-timeout", "10", workers=None, full=False
        )
        assert work.status("flexible")["workers"] == {
            "asked": 0,
            "min": 0,
            "max": 3,
            "connected": 0,
        }
        assert work.queue() == {}
        run = work.start("faults.steps", "--on", "flexible", n=600, seconds=0.1)
        work.full("flexible", 3)
        work.ends(run)
        assert set(run.calls().values()) == {1}
        until(lambda: not work.queue(), "no card is held", tell=lambda: work.log("flexible"))
        ended = work.wait("flexible", lambda s: s["state"] == "stopped", "it ends itself")
        assert ended["reason"] == "no run and no work for 10 seconds"
        cards = {(line["card"]["model"], line["card"]["index"]) for line in run.receipts()}
        assert cards == {("K100", index) for index in range(3)}


@pytest.mark.long
def test_a_run_over_different_cards_outlives_one_of_its_clusters(slurm):
    with Work(slurm) as work:
        work.cluster("dcu", *DCU, workers=2, full=False)
        work.cluster("gpu", *GPU, workers=1, full=False)
        work.full("dcu", 2)
        work.full("gpu", 1)
        run = work.start("faults.steps", "--on", "dcu", "--on", "gpu", n=900, seconds=0.05)
        both = {"dcu", "gpu"}
        until(lambda: {r["cluster"] for r in run.receipts()} == both, "both work", tell=run.log)
        finished = run.finished()
        work.json("cluster", "stop", "gpu")
        work.ends(run)
        assert {run.calls()[task] for task in finished} == {1}
        assert len(run.finished()) == 900
        made = {
            (line["cluster"], line["card"]["vendor"], line["card"]["model"], line["host"])
            for line in run.receipts()
        }
        assert made <= {
            ("dcu", "hygon", "K100", "dcu1"), ("dcu", "hygon", "K100", "dcu2"),
            ("gpu", "nvidia", "A100", "gpu1"),
        }  # fmt: skip
        assert {cluster for cluster, *_ in made} == both
        [stopped] = [c for c in run.describe()["per_cluster"] if c["name"] == "gpu"]
        assert "was stopped" in stopped["problem"]
        work.json("cluster", "stop", "dcu")


def test_two_workers_never_share_a_card(slurm):
    """Two clusters on nodes whose cards Slurm only counts."""
    with Work(slurm) as work:
        names = ("one", "two")
        for name in names:
            work.cluster(name, *DCU, workers=3, full=False)
        held = []
        for name in names:
            status = work.full(name, 3)
            held += [(p["host"], p["card"]["index"]) for p in status["worker_processes"]]
        assert len(set(held)) == 6, held
        for name in names:
            work.json("cluster", "stop", name)


@pytest.mark.parametrize("count", [6, pytest.param(20, marks=pytest.mark.long)])
def test_many_clusters_at_once(slurm, count):
    with Work(slurm) as work:
        names = [f"many-{number}" for number in range(count)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda name: work.cluster(name, *CPU, full=False), names))
        for name in names:
            work.full(name, 1, within_s=400)
        shown = work.json("cluster", "list")["clusters"]
        assert [c["name"] for c in shown] == sorted(names)
        assert len({c["pid"] for c in shown}) == count
        assert len(work.queue()) == count
        with ThreadPoolExecutor(4) as pool:
            ended = list(pool.map(lambda n: work.json("cluster", "stop", n), names))
        assert {status["state"] for status in ended} == {"stopped"}
        until(lambda: not work.queue(), "no job is left")
