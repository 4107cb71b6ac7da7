import pytest

from workbench.driver.explain import PATIENCE_S, explained

WORKER = "wb-dcu-12345678-7-0"


def status(state, *, explained=None, there=()):
    job = {"name": "wb-dcu-12345678-7", "state": state, "explained": explained}
    other = {"name": "wb-dcu-12345678-70", "state": "gone", "explained": True}
    return {"jobs": [other, job], "worker_processes": [{"name": name} for name in there]}


@pytest.mark.parametrize(
    ("state", "job_explained", "since_s", "expected"),
    [
        ("gone", True, 0.1, True),  # cancelled, preempted, time limit
        ("failed", True, 0.1, True),  # its node failed
        ("failed", False, 0.1, False),  # what ran in it ended it
        ("pending", None, 0.1, True),  # requeued
        ("finishing", None, 0.1, True),
        ("connected", None, 0.1, None),  # the status may be older than the death
        ("starting", None, 10.0, None),  # the queue has not been looked at yet
        ("starting", None, PATIENCE_S + 1, False),
    ],
)
def test_a_death_is_explained_by_its_job(state, job_explained, since_s, expected):
    assert explained(status(state, explained=job_explained), WORKER, since_s) is expected


def test_a_worker_that_is_back_died_by_itself():
    assert explained(status("connected", there=[WORKER]), WORKER, 5.0) is False
    assert explained(status("connected", there=["wb-dcu-12345678-7-1"]), WORKER, 5.0) is None


def test_workers_of_this_computer_have_no_job():
    assert explained({"jobs": [], "worker_processes": []}, "local-0", 1.0) is False
