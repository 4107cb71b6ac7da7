"""Jobs that end under a cluster: cancelled, put back in line, on a node that dies, out of time.

All this happens at the same time, each to a cluster of its own that computes a run.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.faults.kit import Seen
from tests.slurm.work import Work, until
from tools.rig.slurm import Slurm

STEPS = {"n": 500, "seconds": 0.05}
LONG_STEPS = {"n": 2, "seconds": 32.0}
DCU = ("--partition", "dcu", "--accelerator", "dcu:k100")
NPU = ("--partition", "spare", "--accelerator", "npu:910b")
GPU = ("--partition", "gpu", "--accelerator", "gpu:a100")
CPU = ("--partition", "cpu")

CLUSTERS = {
    "cancelled": (2, CPU),
    "requeued": (1, CPU),
    "preempted": (1, NPU),
    "dead-node": (1, DCU),
    "drained": (1, GPU),
    "out-of-time": (1, (*CPU, "--time", "0:01:00")),
    "killed-by-limit": (1, CPU),
}


@dataclass
class Scene:
    """A rig with clusters and the run that each computes.

    Attributes
    ----------
    first
        The jobs that each cluster began with.
    finished
        What each run had finished when its fault struck.
    """

    rig: Slurm
    work: Work
    runs: dict[str, Seen]
    first: dict[str, list[str]]
    finished: dict[str, set[tuple[str, int]]]

    def strike(self, name):
        """Note what is finished, and return the first job, which is about to be hurt."""
        self.finished[name] = self.runs[name].finished()
        return self.first[name][0]

    def told(self, name, what, true):
        """Wait until a cluster says something of its first job."""

        def look(status):
            job = next(job for job in status["jobs"] if job["job_id"] == self.first[name][0])
            return true(job)

        status = self.work.wait(name, look, what)
        return next(job for job in status["jobs"] if job["job_id"] == self.first[name][0])

    def nothing_lost(self, name, most=2):
        """The run ends well, and what was finished before the fault was computed once."""
        run = self.work.ends(self.runs[name])
        calls = run.calls()
        assert {calls[task] for task in self.finished[name]} == {1}, run.log()
        assert max(calls.values()) <= most
        assert run.describe()["items"] == {
            "total": STEPS["n"], "done": STEPS["n"], "failed": 0, "not_run": 0
        }  # fmt: skip
        values = run.opened()["square"].values
        assert (values == run.opened()["x"].values ** 2).all()


@pytest.fixture(scope="module")
def scene(slurm):
    """Seven clusters, each with a run that has finished some of its work."""
    with Work(slurm, WORKBENCH_DRAIN_S="20", WORKBENCH_CONNECT_S="12") as work:
        with ThreadPoolExecutor(3) as pool:
            starts = [
                pool.submit(work.cluster, name, *words, workers=size, full=False)
                for name, (size, words) in CLUSTERS.items()
            ]
        for start in starts:
            start.result()
        steps = dict.fromkeys(CLUSTERS, STEPS) | {"killed-by-limit": LONG_STEPS}
        runs = {name: work.start("faults.steps", "--on", name, **steps[name]) for name in CLUSTERS}
        first = {name: work.job_ids(name) for name in CLUSTERS}
        for name, run in runs.items():
            began = run.calls if name == "killed-by-limit" else run.finished
            until(began, f"a first call or record of {name}", tell=run.log)
        yield Scene(slurm, work, runs, first, {})


@pytest.fixture(scope="module")
def hurt(scene):
    """The scene after every fault was injected."""
    rig, hosts = scene.rig, scene.work.status("dead-node")["worker_processes"]
    rig.cancel(scene.strike("cancelled"))
    rig.requeue(scene.strike("requeued"))
    rig.expire(scene.strike("killed-by-limit"))
    scene.strike("preempted")
    urgent = rig.preempt()
    scene.strike("drained")
    rig.drain("gpu1", "new power supply")
    scene.strike("dead-node")
    rig.kill_node(hosts[0]["host"])
    try:
        yield scene
    finally:
        if "drain" in rig.node_states()["gpu1"]:
            rig.resume("gpu1")
        rig.start_node(hosts[0]["host"])
        rig.cancel(urgent)
        until(rig.is_up, "all nodes in service again")


def test_a_cancelled_job_is_replaced(hurt):
    job = hurt.told("cancelled", "the job is gone", lambda job: job["state"] == "gone")
    assert job["reason"] == "CANCELLED"
    assert job["plain"] == "It was cancelled."
    status = hurt.work.full("cancelled", 2)
    assert {job["job_id"] for job in status["jobs"]} > set(hurt.first["cancelled"])
    assert hurt.work.submitted("cancelled") == 3
    hurt.nothing_lost("cancelled")


def test_a_job_put_back_in_line_is_waited_for_and_not_replaced(hurt):
    hurt.nothing_lost("requeued")
    assert hurt.work.full("requeued", 1)["jobs"][0]["job_id"] == hurt.first["requeued"][0]
    assert hurt.work.submitted("requeued") == 1


def test_a_preempted_job_is_waited_for_and_goes_on_afterwards(hurt):
    job = hurt.told("preempted", "it waits", lambda job: job["state"] == "pending")
    assert job["reason"] in {"Resources", "BeginTime", "Priority", "PREEMPTED"}
    assert job["plain"]
    assert hurt.work.status("preempted")["workers"]["connected"] == 0
    hurt.rig.cancel(*(n for n, s in hurt.rig.job_states().items() if n not in hurt.work.queue()))
    hurt.nothing_lost("preempted")
    assert hurt.work.full("preempted", 1)["jobs"][0]["job_id"] == hurt.first["preempted"][0]
    assert hurt.work.submitted("preempted") == 1


def test_a_node_out_of_service_keeps_its_job_and_gets_no_other(hurt):
    hurt.work.json("cluster", "scale", "drained", "2")
    shown = hurt.work.wait(
        "drained",
        lambda status: "nodes it needs are out of service" in str(status["jobs"][-1]["plain"]),
        "why the second job waits",
    )
    assert "DRAINED" in shown["jobs"][1]["reason"]
    assert shown["problem"] == ""
    assert shown["jobs"][0]["state"] == "connected"
    hurt.nothing_lost("drained", most=1)
    assert hurt.work.status("drained")["workers"]["connected"] == 1
    hurt.rig.resume("gpu1")
    hurt.work.full("drained", 2)


def test_the_work_of_a_dead_node_goes_on_elsewhere(hurt):
    hurt.nothing_lost("dead-node")
    job = hurt.work.job("dead-node", hurt.first["dead-node"][0])
    assert job["plain"] == "its node fell silent"
    hurt.work.full("dead-node", 1)


def test_jobs_are_replaced_before_their_time_is_over(scene):
    name = "out-of-time"
    job = scene.told(name, "it ends", lambda job: job["state"] == "gone")
    assert job["plain"] == "its time limit is near"
    status = scene.work.full(name, 1)
    assert status["jobs"][-1]["job_id"] != job["job_id"]
    run = scene.work.ends(scene.runs[name])
    assert run.describe()["items"]["failed"] == 0


def test_a_time_limit_that_strikes_in_mid_task_costs_that_task_alone(hurt):
    name = "killed-by-limit"
    run = hurt.work.ends(hurt.runs[name])
    calls = run.calls()
    assert run.describe()["items"]["done"] == LONG_STEPS["n"]
    assert sorted(calls.values()) == [1, 2], run.log()
    job = hurt.told(name, "it ended", lambda job: job["state"] in ("gone", "failed"))
    assert "time limit" in job["plain"]
    assert hurt.work.submitted(name) == 2
