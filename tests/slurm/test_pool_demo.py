"""``make pool-demo`` shows what it says, and leaves nothing behind, also after Ctrl-C."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.needs import require_slurm
from tests.slurm.work import until
from tools import pool_demo
from tools.rig.processes import processes_with

REPOSITORY = Path(__file__).parents[2]
WORDS = [sys.executable, "-m", "tools.pool_demo"]


def nothing_left(folder):
    """Neither files nor processes."""
    assert not Path(folder).exists()
    assert processes_with(SLURM_CONF=f"{folder}/slurm.conf") == []


@pytest.mark.long
def test_it_shows_a_run_over_two_kinds_of_cards():
    require_slurm()
    done = subprocess.run(WORDS, cwd=REPOSITORY, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout + done.stderr
    for said in ("dcu:k100", "Finished, 5 of 5 items", "hygon K100 card", "nvidia A100 card"):
        assert said in done.stdout
    nothing_left(re.search(r"(\S+)/homes/root", done.stdout)[1])


@pytest.mark.long
def test_ctrl_c_leaves_nothing():
    require_slurm()
    demo = subprocess.Popen(
        WORDS, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    lines = []
    until(lambda: lines.append(demo.stdout.readline()) or "folder" in lines[-1], "a cluster")
    folder = lines[-1].split()[1].partition("/homes/")[0]
    os.killpg(demo.pid, signal.SIGINT)
    out, _ = demo.communicate(timeout=100)
    assert demo.returncode == 130, out
    assert "Everything was ended and removed" in out
    nothing_left(folder)


def test_who_is_not_root_is_told_what_it_takes(monkeypatch):
    monkeypatch.setattr(pool_demo.os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", "/nowhere")
    said = pool_demo.missing()
    assert "You are not root." in said
    assert "Not installed: slurmctld, slurmd, sbatch, munged." in said
