import itertools

import pytest

from workbench.clusters.cluster import KILLED
from workbench.clusters.folder import ON_REQUEST
from workbench.driver.approach import (
    LONGEST_S,
    Pauses,
    gave_up,
    not_running,
    starting,
    step,
    without_worker,
)


def test_a_cluster_is_started_at_once_then_after_pauses_that_grow_to_a_minute():
    pauses, started = Pauses(), []
    for clock in range(400):
        if pauses.due(float(clock)):
            started.append(clock)
    gaps = [b - a for a, b in itertools.pairwise(started)]
    assert started[0] == 0
    assert gaps[:6] == [1, 2, 4, 8, 16, 32]
    assert set(gaps[6:]) == {int(LONGEST_S)}


def test_a_cluster_that_ran_for_a_minute_is_started_at_once_again():
    pauses = Pauses()
    assert pauses.due(0.0)
    pauses.lasted(30.0)
    assert not pauses.due(30.0 - 29.5)
    pauses.lasted(LONGEST_S + 1)
    assert pauses.due(LONGEST_S + 1.0)
    assert pauses.count == 1


def job(state, **changes):
    return {"state": state, "reason": None, "plain": None, "start": None, **changes}


@pytest.mark.parametrize(
    ("jobs", "said"),
    [
        ([], "cluster b has no worker yet"),
        (
            [job("starting", plain="It has begun.", start="2026-11-26")],
            "cluster b has no worker yet: 1 job starting (It has begun)",
        ),
        (
            [job("pending", reason="Priority", plain="others come first", start="2026-11-26")] * 2,
            "cluster b has no worker yet: 2 jobs pending (others come first), expected to start "
            "at 2026-11-26",
        ),
        (
            [job("pending", reason="Resources"), job("failed", reason="exit 127")],
            "cluster b has no worker yet: 1 job failed (exit 127)",
        ),
        ([job("gone")], "cluster b has no worker yet"),
    ],
)
def test_a_cluster_without_worker_says_what_its_jobs_do(jobs, said):
    assert without_worker({"name": "b", "jobs": jobs}) == said


def test_why_a_cluster_does_not_run_is_said():
    status = {"name": "b", "state": "failed", "reason": "it was killed"}
    assert not_running(status) == "cluster b is failed (it was killed)"
    assert not_running({**status, "reason": ""}) == "cluster b is failed"


def test_a_cluster_says_itself_why_it_has_no_worker():
    status = {"name": "b", "jobs": [job("gone")], "problem": "its 3 jobs were refused"}
    assert without_worker(status) == "cluster b has no worker yet: its 3 jobs were refused"


@pytest.mark.parametrize(
    ("state", "reason", "found"),
    [
        ("failed", "no such account", True),
        ("failed", KILLED, False),
        ("failed", "", False),
        ("stopped", "no run and no work for 300 seconds", False),
    ],
)
def test_a_cluster_that_gave_up_is_told_from_one_that_was_killed(state, reason, found):
    assert gave_up({"state": state, "reason": reason}) is found


@pytest.mark.parametrize(
    ("state", "reason", "found"),
    [
        ("running", "", "connect"),
        ("starting", "", "wait"),
        ("stopping", ON_REQUEST, "leave"),
        ("stopped", ON_REQUEST, "leave"),
        ("stopped", "no run and no work for 300 seconds", "start"),
        ("failed", KILLED, "start"),
    ],
)
def test_a_dead_cluster_is_started_and_a_stopped_one_left_alone(state, reason, found):
    assert step({"state": state, "reason": reason}) == found


def test_a_cluster_that_nobody_started_is_started():
    assert step(None) == "start"


def test_what_holds_up_a_start_is_said():
    assert starting({"name": "b"}) == "cluster b is starting"
    status = {"name": "b", "problem": "its job waits"}
    assert starting(status) == "cluster b is starting: its job waits"
