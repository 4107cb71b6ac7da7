"""Asking when a job would start: rarely, from one budget with submitting, for all processes."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.pool import estimate, pace
from workbench.pool.scheduler import JobRequest
from workbench.pool.schedulers.lsf import Lsf
from workbench.pool.schedulers.slurm import Slurm
from workbench.pool.seen import Refusal, StartEstimate

SLURM = Slurm()
REQUEST = JobRequest(
    name="wb-x",
    partition="dcu",
    command=("true",),
    cpus=2,
    memory_bytes=2**30,
    time_limit_s=600,
    log=Path("/cluster/log"),
    card_words=("--gres=dcu:k100:1 --constraint=k100",),
    directives=("--qos=normal",),
)
ASK = """
from tests.unit.pool.test_estimate import REQUEST, SLURM
from workbench.pool import estimate
print(estimate.test_only(SLURM, REQUEST, wait=False).at)
"""


@pytest.fixture(autouse=True)
def sbatch(home, programs):
    programs.put("sbatch", "echo 'sbatch: Job 7 to start at 2026-11-27T08:00:00 using 1' >&2")
    return programs


def ask(asked=REQUEST, wait=False):
    return estimate.test_only(SLURM, asked, wait=wait)


def test_a_request_is_asked_for_in_words_without_a_shell(sbatch):
    found = ask()
    assert isinstance(found, StartEstimate)
    assert found.at == "2026-11-27T08:00:00Z"
    [call] = sbatch.calls("sbatch")
    assert call.split()[1:] == [
        "--test-only", "--job-name=wb-x", "--partition=dcu", "--time=00:10:00", "--nodes=1",
        "--ntasks=1", "--cpus-per-task=2", "--output=/dev/null", "--mem=1024M",
        "--gres=dcu:k100:1", "--constraint=k100", "--qos=normal", "--wrap=true",
    ]  # fmt: skip


def test_the_same_question_within_half_a_minute_is_not_asked_again(sbatch, monkeypatch):
    assert ask() == ask()
    assert len(sbatch.calls("sbatch")) == 1
    ask(dataclasses.replace(REQUEST, cpus=3))
    assert len(sbatch.calls("sbatch")) == 2
    monkeypatch.setattr("workbench.pool.estimate.SAME_S", 0.0)
    ask()
    assert len(sbatch.calls("sbatch")) == 3


def test_other_processes_are_answered_from_what_was_said(sbatch):
    ask()
    other = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == "2026-11-27T08:00:00Z"
    assert len(sbatch.calls("sbatch --test-only")) == 1


def test_it_draws_from_the_budget_of_submitting(sbatch):
    for _ in range(pace.BURST):
        pace.slot()
    assert ask() is None
    assert sbatch.calls("sbatch") == []
    assert isinstance(ask(wait=True), StartEstimate)


def test_a_refusal_is_kept_as_well(sbatch):
    sbatch.put("sbatch", "echo 'sbatch: error: invalid partition specified: dcu' >&2; exit 1")
    first = ask()
    assert isinstance(first, Refusal)
    assert first.permanent
    assert ask() == first
    assert len(sbatch.calls("sbatch")) == 1


def test_a_command_that_is_missing_or_hangs_says_nothing_of_the_job(sbatch, monkeypatch):
    monkeypatch.setattr("workbench.pool.estimate.TIMEOUT_S", 0.3)
    sbatch.put("sbatch", "exec sleep 30")
    assert ask() is None
    assert ask() is None
    # Nor is one that hangs asked again at once.
    assert len(sbatch.calls("sbatch")) == 1
    (sbatch.folder / "sbatch").unlink()
    assert ask(dataclasses.replace(REQUEST, cpus=9)) is None


def test_a_scheduler_without_such_a_command_gives_no_answer():
    assert estimate.test_only(Lsf(), REQUEST, wait=True) is None


def test_answers_are_cleared_away(home, monkeypatch):
    ask()
    monkeypatch.setattr("workbench.pool.estimate.SHOWN_S", -1.0)
    ask(dataclasses.replace(REQUEST, cpus=5))
    assert len(list((home / "pool" / "asked").iterdir())) == 1
