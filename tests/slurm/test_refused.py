"""What a scheduler does not take is told at once, in its words and in plain ones."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.slurm.work import Work

REQUEST = 'request = "--gres=dcu:k100:{n}"'
DCU = ("--partition", "dcu", "--accelerator", "dcu:k100")

# Site file, words of the command line, Slurm's words, what is said in plain ones.
CASES = {
    "partition": (
        {"[batch]": '[partitions.dcu]\ndirectives = ["--partition=private"]\n\n[batch]'},
        DCU,
        "User's group not permitted to use this partition",
        "Choose another, or ask the site's staff",
    ),
    "account": (
        {'interface = "lo"': 'interface = "lo"\naccount = "staff"'},
        DCU,
        "Invalid account or account/partition combination specified",
        "Account staff may not use partition dcu, or is not yours. These of yours may: chem",
    ),
    "quality": (
        {REQUEST: 'request = "--gres=dcu:k100:3 --qos=strict"'},
        DCU,
        "Job violates accounting/QOS policy",
        "Your limits: sacctmgr show associations",
    ),
    "card": (
        {REQUEST: 'request = "--gres=dcu:k200:{n}"'},
        DCU,
        "Requested node configuration is not available",
        "Ask for less, or in another partition",
    ),
    "memory": (
        {"[batch]": '[partitions.dcu]\nmemory_per_card = "900 GB"\n\n[batch]'},
        DCU,
        "Memory specification can not be satisfied",
        "Ask for less for each worker",
    ),
}

# A site may have a wrapper of its own: this one notes when sbatch had answered.
WRAPPER = """#!/bin/sh
{real} "$@"
code=$?
date +%s.%N > {note}
exit $code
"""


@pytest.fixture(scope="module")
def refused(slurm):
    """What ``cluster start`` said in every case: ``{case: (document, seconds after sbatch)}``."""

    def start(case):
        site, words, *_ = CASES[case]
        with Work(slurm, "wbada", site=site) as work:
            note = watch_sbatch(work)
            shown = work.json("cluster", "start", case, *words, code=4, timeout=300)
            return shown["error"], time.time() - float(note.read_text()), work.queue()

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(CASES, pool.map(start, CASES), strict=True))


def watch_sbatch(work):
    """Have sbatch's answer noted; return the file that tells when it came."""
    programs = work.root / "bin"
    programs.mkdir()
    real = work.rig.call("which", "sbatch").strip()
    note = work.root / "tmp" / "answered"
    (programs / "sbatch").write_text(WRAPPER.format(real=real, note=note))
    (programs / "sbatch").chmod(0o755)
    work.env["PATH"] = f"{programs}:{work.env['PATH']}"
    return note


@pytest.mark.parametrize("case", CASES)
def test_a_refusal_is_told_in_slurms_words_and_in_plain_ones(refused, case):
    error, _, queue = refused[case]
    _, _, words, plain = CASES[case]
    assert words in error["message"]
    assert plain in error["message"]
    assert error["code"] == "scheduler"
    assert queue == {}


def test_a_refusal_is_told_within_two_seconds(refused):
    assert min(seconds for _, seconds, _ in refused.values()) < 2


def test_a_limit_that_lets_some_jobs_pass_is_told_and_tried_again(slurm):
    """``few`` may have three jobs in the queue; a fourth one waits until there is room."""
    with Work(slurm, "wbada", site={"[batch]": 'account = "few"\n\n[batch]'}) as work:
        other = slurm.submit("--partition=dcu", "--account=few", user="wbada")
        try:
            work.cluster("crowd", "--partition", "cpu", workers=3, full=False)
            status = work.wait("crowd", lambda status: status["problem"], "a problem")
            assert "You have as many jobs in the queue as the site allows" in status["problem"] or (
                "jobs failed in a row" in status["problem"]
            )
            refused = work.wait(
                "crowd",
                lambda s: any("MaxSubmitJob" in str(job["reason"]) for job in s["jobs"]),
                "the refused job",
            )
            assert refused["state"] == "running"
        finally:
            slurm.cancel(other)
        work.full("crowd", 3)
        work.json("cluster", "stop", "crowd")


IMPOSSIBLE = {
    "size": ((*DCU, "--workers", "17"), "17 workers need 17 cards; partition dcu has 16"),
    "card": (
        ("--partition", "gpu", "--accelerator", "gpu:h100"),
        "Partition gpu has no card named 'gpu:h100'. Did you mean 'gpu:a100'?",
    ),
    "partition": (("--partition", "dcuu"), "no partition named 'dcuu'. Did you mean 'dcu'?"),
    "time": (
        ("--partition", "gpu", "--time", "9:00:00"),
        "Partition gpu allows 04:00:00, 09:00:00 was asked",
    ),
}


def test_what_can_never_run_is_refused_before_it_is_sent(slurm):
    with Work(slurm) as work:
        note = watch_sbatch(work)
        for case, (words, said) in IMPOSSIBLE.items():
            error = work.json("cluster", "start", f"never-{case}", *words, code=4)["error"]
            assert said in error["message"]
            assert error["code"] == "never_runs"
        assert not note.exists()
        assert work.processes() == []
