"""A real Grid Engine: the same clusters, runs and refusals."""

import pytest

from tests.slurm.work import Work, until

DCU = ("--partition", "cards.q", "--accelerator", "dcu")
GPU = ("--partition", "cards.q", "--accelerator", "gpu")


@pytest.fixture(scope="module")
def work(sge):
    with Work(sge) as found:
        yield found


def jobs(sge):
    """Numbers of all jobs that Grid Engine has."""
    return {line.split()[0] for line in sge.call("qstat", "-u", "*").splitlines()[2:]}


def test_the_pool_shows_the_cards(work):
    partitions, shown = work.pool()
    assert shown["scheduler"] == "sge"
    cards = partitions["cards.q"]
    assert (cards["dcu"]["cards"]["total"], cards["gpu"]["cards"]["total"]) == (4, 2)


def test_a_cluster_computes_and_replaces_a_cancelled_job(sge, work):
    work.cluster("grid", *DCU, workers=2)
    assert jobs(sge) == set(work.job_ids("grid"))
    run = work.start("faults.steps", "--on", "grid", n=500, seconds=0.05)
    until(run.finished, "a first record", tell=run.log)
    finished, job = run.finished(), work.job_ids("grid")[0]
    sge.call("qdel", job)
    work.wait("grid", lambda s: job not in {j["job_id"] for j in s["jobs"] if j["state"] in (
        "starting", "connected", "pending", "submitted")}, "the job is gone")  # fmt: skip
    work.full("grid", 2)
    work.ends(run)
    assert {run.calls()[task] for task in finished} == {1}
    assert run.describe()["items"]["failed"] == 0
    cards = {(line["card"]["vendor"], line["card"]["model"]) for line in run.receipts()}
    assert cards == {("hygon", "K100")}
    indices = [p["card"]["index"] for p in work.status("grid")["worker_processes"]]
    assert len(set(indices)) == 2
    work.json("cluster", "stop", "grid")
    until(lambda: not jobs(sge), "no job is left")


def test_what_it_refuses_is_told(sge, work):
    error = work.json("cluster", "start", "big", *GPU, "--workers", "3", code=4)["error"]
    assert "3 workers need 3 cards; partition cards.q has 2" in error["message"]
    site = {'request = "-l gpu={n}"': 'request = "-l tpu={n}"'}
    with Work(sge, site=site) as other:
        error = other.json("cluster", "start", "odd", *GPU, code=4, timeout=300)["error"]
        assert 'unknown resource "tpu"' in error["message"]
        assert error["code"] == "scheduler"
    assert jobs(sge) == set()
