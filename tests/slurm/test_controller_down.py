"""Slurm's controller is away: runs go on, nobody waits for ever, no wish is lost."""

import time

import pytest

from tests.slurm.work import Work, until

STEPS = {"n": 2000, "seconds": 0.05}
CPU = ("--partition", "cpu")
# Slurm's own commands give up after 9 s; two of them may come one after the other.
BOUND_S = 40


@pytest.mark.parametrize("away_s", [15, pytest.param(60, marks=pytest.mark.long)])
def test_nothing_is_lost_while_the_controller_is_away(slurm, away_s):
    with Work(slurm) as work:
        work.cluster("goes-on", *CPU, workers=1, full=False)
        work.cluster("ends", *CPU, workers=1, full=False)
        work.full("goes-on", 1)
        work.full("ends", 1)
        run = work.start("faults.steps", "--on", "goes-on", **STEPS)
        until(run.finished, "a first record", tell=run.log)
        began = time.monotonic()
        with slurm.controller_down():
            finished = run.finished()
            pool = stale_pool(work)
            assert any("controller" in problem for problem in pool["problems"]), pool["problems"]
            assert {part["name"] for part in pool["partitions"]} >= {"cpu", "dcu", "gpu"}
            scaled = work.json("cluster", "scale", "goes-on", "2")
            assert scaled["workers"]["max"] == 2
            stopping = work.json("cluster", "stop", "ends", timeout=BOUND_S)
            assert stopping["state"] in {"stopping", "stopped"}
            told = work.wait("goes-on", lambda s: s["problem"], "that Slurm does not answer")
            assert told["state"] == "running"
            until(lambda: time.monotonic() - began > away_s, "the time away", away_s + 5)
            assert run.finished() > finished, "the run stood still"
        work.full("goes-on", 2)
        work.wait("ends", lambda s: s["state"] == "stopped", "it stopped in the end")
        until(lambda: not work.queue("ends"), "the job is gone", tell=lambda: str(work.queue()))
        work.wait("goes-on", lambda s: not s["problem"], "no problem any more")
        work.json("run", "stop", run.id)
        run.wait("stopped")
        assert set(run.calls().values()) == {1}
        work.json("cluster", "stop", "goes-on")


def stale_pool(work):
    """What the pool shows meanwhile, in bounded time."""

    def look():
        began = time.monotonic()
        shown = work.json("pool", "show", timeout=BOUND_S)
        assert time.monotonic() - began < BOUND_S
        return shown if shown["stale"] else None

    shown = until(look, "the pool is stale")
    assert shown["age_s"] > 0
    return shown
