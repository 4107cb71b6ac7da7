"""Jobs on one node of a real Slurm: who gets which card."""

import json
import os
import shlex
import sys

from tools.rig.processes import until

# Each prints what Slurm told it and which card it holds, and keeps it.
JOB = """
import json, os, sys, time
from workbench.pool.plugins import vendor
from workbench.pool.held import hold
kind = vendor(sys.argv[1])
said = {name: os.environ[name] for name in kind.visible_variables if name in os.environ}
held = hold(kind, int(sys.argv[2]), environ=os.environ, per_node=8, patience_s=0)
print(json.dumps([said, [one.card.index for one in held]]), flush=True)
time.sleep(600)
"""


def submit(slurm, out, vendor, cards, *words):
    """Submit a job that holds cards; return its number."""
    command = [sys.executable, "-c", JOB, vendor, str(cards)]
    # Other runs of these tests play the same nodes on this computer.
    node = f"env WORKBENCH_NODE=$SLURMD_NODENAME-{os.getpid()}"
    return slurm.submit(*words, f"--output={out}", wrap=f"{node} {shlex.join(command)}")


def told(out):
    """What a job printed, once it has."""
    until(lambda: out.exists() and out.read_text().endswith("\n"), 60, f"a line in {out}")
    return json.loads(out.read_text())


def test_jobs_that_slurm_only_counts_cards_for_never_share_one(slurm, tmp_path):
    outs = [tmp_path / str(number) for number in range(4)]
    words = ("--partition=dcu", "--nodelist=dcu1", "--gres=dcu:k100:1", "--mem=100")
    jobs = [submit(slurm, out, "hygon", 1, *words) for out in outs]
    try:
        found = [told(out) for out in outs]
    finally:
        for job in jobs:
            slurm.cancel(job)
    assert [said for said, _ in found] == [{}] * 4, "Slurm names the cards: nothing is proved here"
    assert sorted(index for _, held in found for index in held) == [0, 1, 2, 3]


def test_jobs_hold_the_cards_that_slurm_names(slurm, tmp_path):
    outs = [tmp_path / str(number) for number in range(2)]
    words = ("--partition=gpu", "--gres=gpu:a100:2", "--mem=100")
    jobs = [submit(slurm, out, "nvidia", 2, *words) for out in outs]
    try:
        found = [told(out) for out in outs]
    finally:
        for job in jobs:
            slurm.cancel(job)
    for said, held in found:
        assert said["CUDA_VISIBLE_DEVICES"] == ",".join(map(str, held))
    assert sorted(index for _, held in found for index in held) == [0, 1, 2, 3]
