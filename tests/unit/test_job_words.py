"""What ``cluster show`` says of a job in each of its states."""

import pytest

from workbench.cli.cluster import _print_job
from workbench.clusters.jobs import JOB_STATES
from workbench.pool.schedulers.slurm_words import REASONS

KNOWN = {"job_id": "7", "name": "wb-a-00000000-1", "start": None, "exit": None, "log_tail": None}


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (("submitted", None, None), "submitted"),
        (
            ("pending", "Priority", REASONS["Priority"]),
            "pending  Other jobs are before it in the queue (Priority). The scheduler expects to "
            "start it at 2026-11-26T12:00:00Z.",
        ),
        (
            ("pending", "None", REASONS["None"]),
            "pending  Slurm has not come to it yet. The scheduler expects to start it at "
            "2026-11-26T12:00:00Z.",
        ),
        (("starting", None, "It has begun."), "starting  It has begun."),
        (("connected", None, None), "connected"),
        (("finishing", None, "its time limit is near"), "finishing  Its time limit is near."),
        (
            ("gone", "CANCELLED", "the cluster was stopped"),
            "ended  The cluster was stopped (CANCELLED).",
        ),
        (
            ("failed", "it is not in the queue any more", "it is not in the queue any more"),
            "failed, signal 9  It is not in the queue any more.",
        ),
    ],
)
def test_a_job_in_each_state(capsys, job, said):
    state, reason, plain = job
    start = "2026-11-26T12:00:00Z" if state in ("pending", "starting") else None
    exit_ = -9 if state == "failed" else None
    found = {"state": state, "reason": reason, "plain": plain, "start": start, "exit": exit_}
    _print_job({**KNOWN, **found})
    assert capsys.readouterr().out == f"  job      7  {said}\n"
    assert state in JOB_STATES


def test_a_job_that_the_scheduler_has_not_answered_for(capsys):
    _print_job({**KNOWN, "job_id": None, "state": "submitted", "reason": None, "plain": None})
    assert capsys.readouterr().out == "  job      wb-a-00000000-1  submitted\n"
