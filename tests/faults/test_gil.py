"""A kernel that holds the GIL: its worker answers nobody for a while, and is not dead for that."""

import pytest


def workers(place):
    return {worker["pid"] for worker in place.cluster()["worker_processes"]}


def held(place, seconds):
    """Hold the GIL in one kernel; return the workers before and after."""
    place.start("faults.steps", n=4).wait()
    before = workers(place)
    run = place.start("faults.steps", n=40, bad=f"20:hold-{seconds}")
    assert run.wait(within_s=seconds + 60) == "completed", run.log()
    assert set(run.calls().values()) == {1}
    [receipt] = [line for line in run.receipts() if line["wall_s"] > seconds - 1]
    assert any(start <= 20 < stop for start, stop in receipt["tasks"])
    said = (run.folder / "log").read_text() + (place.home / "clusters/local/log").read_text()
    assert "died" not in said
    assert "ended: replaced" not in said
    return before, workers(place)


def test_a_kernel_may_hold_the_gil_for_20_seconds(place):
    before, after = held(place, 20)
    assert before == after


@pytest.mark.long
@pytest.mark.timeout(240)
def test_a_kernel_may_hold_the_gil_for_100_seconds(place):
    before, after = held(place, 100)
    assert before == after
