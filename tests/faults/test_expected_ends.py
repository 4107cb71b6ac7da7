"""What ends because somebody asked for it leaves no traceback in the cluster's log."""

import asyncio
import logging
import sys
import time

import pytest
from distributed.comm.core import CommClosedError

from tests.faults.kit import Place, until
from workbench.clusters.process.lines import InOneLine

GRACE_S = 15


def log(place, name="local"):
    return (place.home / "clusters" / name / "log").read_text()


def test_a_stop_gives_up_long_batches_in_time_and_says_so():
    with Place() as place:
        run = place.start("faults.steps", n=3, seconds=300.0)
        until(lambda: len(run.calls()) == 2, 60, "both workers at work")
        before = {one["pid"] for one in place.cluster()["worker_processes"]}
        began = time.monotonic()
        _, document = place.json("run", "stop", run.id)
        assert document["state"] == "stopped", run.log()
        assert GRACE_S < time.monotonic() - began < 3 * GRACE_S
        assert "stopped: 2 batches take longer than 15 s; they are given up" in run.log()
        until(lambda: len(place.cluster()["worker_processes"]) == 2, 30, "two workers again")
        assert not before & {one["pid"] for one in place.cluster()["worker_processes"]}
        assert "Traceback" not in log(place)
        assert "Task cancelled" not in log(place)
        assert "gives up run_batch-" in log(place)
        assert not run.finished()


def test_workers_that_leave_leave_no_traceback(place):
    # Each leaves while it may be waiting for the scheduler to take its heartbeat.
    for count in range(2):
        name = f"wide-{count}"
        assert place.json("cluster", "start", name, "--workers", "16")[0] == 0
        until(lambda n=name: place.cluster(n)["workers"]["connected"] == 16, 90, "16 workers")
        assert place.json("cluster", "scale", name, "1")[0] == 0
        until(lambda n=name: place.cluster(n)["workers"]["connected"] == 1, 90, "one worker")
        time.sleep(1)
        assert place.json("cluster", "stop", name)[0] == 0
        assert "Traceback" not in log(place, name)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (CommClosedError("in <TLS 100%>: Stream is closed"), True),
        (asyncio.CancelledError(), True),
        (ZeroDivisionError("by 100%"), False),
    ],
)
def test_only_what_was_not_expected_keeps_its_traceback(error, expected):
    try:
        raise error
    except BaseException:
        record = logging.LogRecord(
            "distributed.worker", logging.ERROR, __file__, 1, "No answer at %s.", ("one",),
            sys.exc_info(),
        )  # fmt: skip
    assert InOneLine().filter(record)
    text = logging.Formatter().format(record)
    assert text.startswith("No answer at one")
    assert (str(error) or "CancelledError") in text
    assert ("Traceback" not in text) == expected
    assert ("\n" not in text) == expected
