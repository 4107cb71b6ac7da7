"""Whoever dies, the jobs are still there for the successor, and nothing is submitted twice."""

import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.kit import kill
from tests.slurm.kit import WORKBENCH
from tests.slurm.work import Work, alive, until
from workbench.clusters.jobs import job_name

STEPS = {"n": 150, "seconds": 0.05}
CPU = ("--partition", "cpu")
GPU = ("--partition", "gpu", "--accelerator", "gpu:a100")


@pytest.fixture(scope="module")
def work(slurm):
    with Work(slurm) as found:
        yield found


def test_a_killed_cluster_finds_its_running_and_waiting_jobs_again(slurm, work):
    other = slurm.submit("--partition=gpu", "--gres=gpu:a100:2", "--mem=100")
    try:
        slurm.wait_job(other, "RUNNING")
        work.cluster("adopted", *GPU, workers=4, full=False)
        work.wait(
            "adopted",
            lambda s: sorted(j["state"] for j in s["jobs"]) == ["connected"] * 2 + ["pending"] * 2,
            "two jobs run and two wait",
        )
        before = set(work.job_ids("adopted"))
        # Long enough that the waiting jobs serve its end.
        run = work.start("faults.steps", "--on", "adopted", n=900, seconds=0.05)
        until(run.finished, "a first record", tell=run.log)
        finished, pid = run.finished(), work.pid("adopted")
        kill(pid, "group")
        status = work.wait(
            "adopted",
            lambda s: s["pid"] != pid and s["workers"]["connected"] == 2,
            "the successor has both workers",
        )
        assert status["generation"] == 2
        assert {job["job_id"] for job in status["jobs"]} == before
    finally:
        slurm.cancel(other)
    work.full("adopted", 4)
    work.ends(run)
    assert {run.calls()[task] for task in finished} == {1}
    assert {line["job_id"] for line in run.receipts()} == before
    assert set(work.queue("adopted")) == before
    assert work.submitted("adopted") == 4
    cards = [(p["host"], p["card"]["index"]) for p in work.status("adopted")["worker_processes"]]
    assert sorted(cards) == [("gpu1", index) for index in range(4)]


def test_driver_and_shell_may_die(work):
    work.cluster("kept", *CPU, workers=2)
    side = work.root / "side-shell"
    words = [WORKBENCH, "run", "start", "faults.steps", "--on", "kept", "--wait", "--json"]
    words += [
        "--folder",
        str(work.root / "shell"),
        "--set",
        "n=400",
        "--set",
        "seconds=0.05",
        "--set",
        f"side={side}",
    ]
    shell = work.spawn(
        "sh", "-c", '"$@"; true', "sh", *words,
        start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    folder = until(lambda: list((work.root / "shell").glob("*/tasks.*.jsonl")), "a run")[0].parent
    run = work.seen(folder, side, "kept")
    until(run.finished, "a first record", tell=run.log)
    os.killpg(shell.pid, signal.SIGKILL)
    shell.wait()
    finished, driver = run.finished(), run.driver()
    kill(driver, "group")
    work.ends(run)
    assert {run.calls()[task] for task in finished} == {1}
    assert run.describe()["driver"] is None or run.describe()["driver"]["pid"] != driver
    assert {line["epoch"] for line in run.receipts()} == {1, 2}


def test_two_runs_share_a_cluster(work):
    work.cluster("kept", *CPU, workers=2)
    runs = [work.start("faults.steps", "--on", "kept", **STEPS) for _ in range(2)]
    for run in runs:
        work.ends(run)
        assert set(run.calls().values()) == {1}
    spans = [[line["started"] for line in run.receipts()] for run in runs]
    assert max(map(min, spans)) < min(map(max, spans)), "one came after the other"


def test_two_starts_of_one_name_are_one_cluster(work):
    def start(_):
        return work.json("cluster", "start", "twin", *CPU, "--workers", "1")

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(start, range(2))
    assert (first["pid"], first["generation"]) == (second["pid"], second["generation"])
    error = work.json("cluster", "start", "twin", *GPU, code=4)["error"]
    assert "runs already, on partition cpu" in error["message"]
    assert "workbench cluster stop twin" in error["message"]
    work.full("twin", 1)
    assert work.submitted("twin") == 1


def test_orphans_are_cancelled_and_nobody_elses_jobs(slurm, work):
    folder = work.home / "clusters" / "twin"
    work.cluster("twin", *CPU)
    names = {
        "orphan": job_name(folder, 99),
        "other-home": "wb-twin-00000000-1",
        "other-cluster": job_name(folder.with_name("kept"), 99).replace("kept", "never"),
        "plain": "twin",
    }
    jobs = {
        kind: slurm.submit("--partition=cpu", f"--job-name={name}", "--mem=100")
        for kind, name in names.items()
    }
    try:
        slurm.wait_job(jobs.pop("orphan"), within_s=90)
        states = slurm.job_states()
        assert {states[job][0] for job in jobs.values()} <= {"RUNNING", "PENDING"}
    finally:
        slurm.cancel(*jobs.values())
    assert "belongs to nobody: cancelled" in (folder / "log").read_text()
    work.full("twin", 1)


def test_a_stopped_cluster_leaves_no_job_and_no_process(work):
    for name in ("adopted", "kept", "twin"):
        pid = work.pid(name)
        assert work.json("cluster", "stop", name)["state"] == "stopped"
        until(lambda pid=pid: not alive(pid), "the end of its process")
    until(lambda: not work.queue(), "no job is left", tell=lambda: str(work.queue()))
    until(lambda: not work.processes(), "no process is left", tell=lambda: str(work.processes()))


@pytest.mark.long
@pytest.mark.parametrize("round", range(10))
def test_clusters_killed_while_they_submit_never_submit_twice(slurm, work, round):
    """The process dies at any moment of its first seconds; the number of jobs is right."""
    name = f"early-{round}"
    child = work.spawn(WORKBENCH, "cluster", "start", name, *CPU, "--workers", "3")
    ledger = work.home / "clusters" / name / "jobs.jsonl"
    until(ledger.exists, "the cluster's process")
    time.sleep(0.15 * round)
    kill(work.pid(name), "group")
    child.wait(60)
    work.json("cluster", "start", name, *CPU, "--workers", "3")
    work.full(name, 3)
    assert len([1 for _, state in work.queue(name).values() if state != "COMPLETING"]) == 3
    work.json("cluster", "stop", name)
