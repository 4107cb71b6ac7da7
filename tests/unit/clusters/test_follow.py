import pytest

from workbench.clusters.jobs import Job
from workbench.clusters.process.follow import BEGUN, LOST, BackOff, connects, decide, follow
from workbench.pool.seen import QueuedJob


def job(number=1, state="submitted", **changes):
    made = Job(f"wb-a-{number}", number, workers=1, time_limit_s=3600.0, accepted=100.0)
    made.state = state
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def queued(state, **changes):
    known = {"job_id": "7", "name": "wb-a-1", "user": "ada", "partition": "dcu"}
    return QueuedJob(**known, state=state, **changes)


def test_a_waiting_job_says_why_and_when():
    mine = job()
    waits = queued("pending", reason="Priority", start="2026-11-26T12:00:00Z")
    assert follow(mine, waits, 200.0, 0) is None
    assert (mine.state, mine.reason, mine.start) == ("pending", "Priority", "2026-11-26T12:00:00Z")


@pytest.mark.parametrize(("connected", "state"), [(0, "starting"), (1, "connected")])
def test_a_running_job_is_connected_when_its_workers_are(connected, state):
    mine = job(reason="Priority")
    assert follow(mine, queued("running"), 200.0, connected) is None
    assert (mine.state, mine.reason) == (state, None)


def test_a_job_that_begins_does_not_say_any_more_why_it_waited():
    mine = job()
    follow(mine, queued("pending", reason="Priority"), 200.0, 0)
    mine.plain = "Other jobs are before it in the queue."
    follow(mine, queued("running"), 201.0, 0)
    assert mine.plain == BEGUN
    mine.plain = "It has been running for 90 s, but no worker of it has connected."
    follow(mine, queued("running"), 202.0, 0)
    assert "90 s" in mine.plain
    connects(mine, 1)
    assert (mine.state, mine.plain) == ("connected", None)
    connects(mine, 0)
    assert (mine.state, mine.plain) == ("starting", LOST)


def test_a_requeued_job_waits_again_and_stays_ours():
    mine = job(state="connected", connected_once=True, job_id="7")
    assert follow(mine, queued("pending", reason="BeginTime"), 200.0, 0) is None
    assert mine.state == "pending"
    assert mine.coming, "the same job comes back: none is submitted in its place"


def test_an_ending_job_that_nobody_here_ended_may_come_back_for_a_while():
    mine = job(state="connected", connected_once=True)
    follow(mine, queued("finishing"), 200.0, 0)
    assert mine.state == "finishing"
    assert mine.coming, "it may be on its way back into the queue"
    follow(mine, queued("finishing"), 230.0, 0)
    assert not mine.coming, "it hangs: another one is needed"
    follow(mine, queued("pending"), 240.0, 0)
    assert mine.coming


def test_an_ending_job_that_was_asked_to_end_is_not_waited_for():
    mine = job(state="connected", cancelled="fewer workers are needed")
    follow(mine, queued("finishing"), 200.0, 0)
    assert not mine.coming


def test_a_query_from_before_the_job_was_taken_says_nothing():
    assert follow(job(), None, 101.0, 0) is None
    assert follow(job(), None, 106.0, 0).state == "failed"


def test_workers_that_are_connected_outweigh_an_empty_queue():
    assert follow(job(state="connected"), None, 500.0, 1) is None


@pytest.mark.parametrize(
    ("outside", "exit_", "connected_once", "state", "explained"),
    [
        (True, None, True, "gone", True),  # scancel, preemption, time limit, node failure
        (True, None, False, "failed", True),  # ended before it ever connected
        (False, 1, True, "failed", False),  # what ran in it failed
        (False, 0, True, "gone", True),  # it ended by itself
        (None, None, True, "gone", True),
    ],
)
def test_how_a_job_ended(outside, exit_, connected_once, state, explained):
    mine = job(state="connected", connected_once=connected_once)
    end = follow(mine, queued("ended", reason="X", exit=exit_, outside=outside), 200.0, 0)
    assert (end.state, end.exit, end.explained) == (state, exit_, explained)


def test_what_we_cancelled_is_gone_and_not_failed():
    mine = job(cancelled="fewer workers are needed")
    end = follow(mine, queued("ended", exit=-15, outside=False), 200.0, 0)
    assert (end.state, end.explained) == ("gone", True)


def test_missing_jobs_are_submitted():
    assert decide([], 3, 1, {}).submit == 3
    assert decide([job()], 3, 2, {}).submit == 1
    leaving = job(state="connected", cancelled="its time limit is near")
    assert decide([leaving], 1, 1, {}).submit == 1
    assert decide([job(state="finishing")], 1, 1, {}).submit == 1


def test_those_that_have_not_begun_go_first_then_the_least_busy():
    jobs = [job(n, state) for n, state in enumerate(["connected", "connected", "pending"], 1)]
    busy = {"wb-a-1": 0, "wb-a-2": 2}
    for wanted, gone in ((2, [3]), (1, [3, 1]), (0, [3, 1, 2])):
        decision = decide(jobs, wanted, 1, busy)
        assert [one.number for one in decision.release] == gone
        assert decision.submit == 0


def test_connecting_clears_what_was_said_of_waiting():
    mine = job(state="starting", reason="x", plain="y", log_tail="z")
    connects(mine, 1)
    assert (mine.state, mine.reason, mine.plain, mine.log_tail) == ("connected", None, None, None)
    connects(mine, 0)
    assert mine.state == "starting"
    assert mine.connected_once


def test_pauses_double_until_something_works():
    clock = [0.0]
    pauses = BackOff(2.0, 10.0, lambda: clock[0])
    found = []
    for _ in range(4):
        pauses.failed()
        found.append(pauses.left_s)
    assert found == [2, 4, 8, 10]
    clock[0] = 9.0
    assert pauses.left_s == 1
    pauses.worked()
    pauses.failed()
    assert pauses.left_s == 2
