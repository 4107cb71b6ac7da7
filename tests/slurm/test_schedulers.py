"""Schedulers' files against the real ones: what is asked, what is answered, how long it takes."""

import json
import os
import subprocess
import sys
import time

import pytest

from tests.slurm.kit import Place
from tools.rig.processes import RigError, until
from workbench.pool.schedulers.slurm import Slurm

COLLECT = """
import json, resource, sys, time
from workbench.pool.collect import latest
from workbench.pool.pool import Pool
from workbench.pool.site import load_site
site = load_site()
took, worked = [], []
def work_s():
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
for _ in range(int(sys.argv[1])):
    time.sleep(0.11)
    began, before = time.monotonic(), work_s()
    snapshot = latest(site)
    cards = sum(count.total for node in snapshot.nodes for count in node.cards.values())
    jobs = len(snapshot.jobs)
    took.append(time.monotonic() - began)
    worked.append(work_s() - before)
pool = Pool.now(site, starts=False)
print(json.dumps([took, worked, cards, jobs, len(pool.cards().payload()), snapshot.problems]))
"""
LOOK = """
from workbench.pool.collect import latest
from workbench.pool.site import load_site
print(latest(load_site()).number)
"""
# A job as a cluster sends it, by dask-jobqueue's class, of a scheduler's file.
SUBMIT = """
import asyncio, json, sys
from pathlib import Path
from workbench.clusters.process.batch_job import build, submit
from workbench.pool.plugins import scheduler
from workbench.pool.scheduler import JobRequest
told = json.loads(sys.argv[1])
told["log"] = Path(told["log"])
for name in ("command", "card_words", "prologue"):
    told[name] = tuple(told[name])
ours = scheduler(sys.argv[2])
job = build(ours, JobRequest(**told))
print(asyncio.run(submit(ours, job, told["log"].with_suffix(".sh"))))
"""


def python(place, code, *words, timeout=60):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    child = place.spawn(sys.executable, "-c", code, *words, **pipes)
    out, err = child.communicate(timeout=timeout)
    assert child.returncode == 0, err
    return out


def test_32000_cards_are_collected_within_0_3_seconds(big_slurm):
    """Of one CPU in any case; by the clock on a machine that has nothing else to do."""
    with Place(big_slurm, WORKBENCH_POLL_S="0.1") as place:
        took, worked, cards, jobs, size, problems = json.loads(python(place, COLLECT, "6"))
    assert (cards, problems) == (32_000, [])
    assert jobs > 0
    assert size <= 40_000
    assert min(worked) <= 0.3
    if os.getloadavg()[0] < 0.5 * os.cpu_count():
        assert min(took) <= 0.3


def test_twelve_processes_ask_slurm_once(slurm):
    with Place(slurm, WORKBENCH_POLL_S="30") as place:
        started = [
            place.spawn(sys.executable, "-c", LOOK, stdout=subprocess.PIPE) for _ in range(12)
        ]
        assert {child.communicate(timeout=60)[0].strip() for child in started} == {"1"}
        assert len(list((place.home / "pool").glob("snapshot-*"))) == 1


@pytest.mark.parametrize(
    ("words", "said", "permanent"),
    [
        (("--partition=nope",), "no such partition", True),
        (("--partition=short", "--time=5"), "less time", True),
        (("--partition=dcu", "--gres=dcu:k200:1"), "never start", True),
        (("--partition=dcu", "--nodes=3"), "more nodes", True),
        (("--partition=dcu", "--account=staff"), "may not use this partition", True),
        (("--partition=private",), "group may not use", True),
        (("--partition=dcu", "--qos=nope"), "quality of service", True),
        (("--partition=dcu", "--qos=strict", "--time=2:00:00"), "larger or longer", True),
    ],
)
def test_refusals_of_the_real_one_are_known(slurm, words, said, permanent):
    with pytest.raises(RigError) as caught:
        slurm.submit(*words, user="wbeve")
    refusal = Slurm().refusal(str(caught.value))
    assert said in refusal.plain
    assert refusal.permanent is permanent


EXPLAIN = """
import sys
from pathlib import Path
from workbench.pool.explain import explained
from workbench.pool.scheduler import JobRequest
from workbench.pool.schedulers.slurm import Slurm
request = JobRequest(
    name="wb-x", partition="dcu", account="staff", command=("true",), cpus=1, memory_bytes=None,
    time_limit_s=60, log=Path("/cluster/log"),
)
print(explained(Slurm(), sys.argv[1], request).plain)
"""


def test_a_wrong_account_is_answered_with_the_right_ones(slurm):
    with pytest.raises(RigError) as caught:
        slurm.submit("--partition=dcu", "--account=staff", user="wbada")
    with Place(slurm, "wbada") as place:
        said = python(place, EXPLAIN, str(caught.value))
    assert "Account staff may not use partition dcu, or is not yours." in said
    mine = slurm.call(
        "sacctmgr", "-nP", "show", "associations", "user=wbada", "format=account"
    ).split()
    assert mine
    assert f"These of yours may: {', '.join(sorted(set(mine)))}." in said


def test_too_many_jobs_are_no_refusal_for_good(slurm):
    words = ("--partition=dcu", "--account=few")
    jobs = [slurm.submit(*words, user="wbada") for _ in range(3)]
    with pytest.raises(RigError) as caught:
        slurm.submit(*words, user="wbada")
    refusal = Slurm().refusal(str(caught.value))
    slurm.cancel(*jobs)
    assert "as many jobs" in refusal.plain
    assert not refusal.permanent


def test_a_controller_that_is_down_is_no_refusal_for_good(slurm):
    with slurm.controller_down(), pytest.raises(RigError) as caught:
        slurm.submit("--partition=dcu")
    refusal = Slurm().refusal(str(caught.value))
    assert "does not answer" in refusal.plain
    assert not refusal.permanent


def found(slurm, *names, user=None):
    """Jobs by name, as a cluster looks for its own after an unclear answer."""
    command = Slurm().find_command(names)
    return {job.name: job for job in Slurm().parse_jobs(slurm.call(*command, user=user))}


def test_jobs_are_found_by_name_with_how_they_ended(slurm):
    submitted = [
        slurm.submit("--partition=dcu", "--job-name=wbx-fails", wrap="exit 3"),
        slurm.submit("--partition=dcu", "--job-name=wbx-killed", wrap="kill -9 $$"),
        slurm.submit("--partition=dcu", "--job-name=wbx-cancelled"),
        slurm.submit("--partition=dcu", "--job-name=wbx-runs", "--gres=dcu:k100:2"),
        slurm.submit("--partition=dcu", "--job-name=wbx-other", user="wbada"),
    ]
    slurm.wait_job(submitted[2], "RUNNING")
    slurm.wait_job(submitted[3], "RUNNING")
    slurm.cancel(submitted[2])
    for job in submitted[:3]:
        slurm.wait_job(job)
    names = [f"wbx-{word}" for word in ("fails", "killed", "cancelled", "runs", "other")]
    jobs = found(slurm, *names)
    slurm.cancel(*submitted)
    assert jobs.keys() == set(names) - {"wbx-other"}
    ended = {name: (jobs[name].exit, jobs[name].outside) for name in names[:2]}
    assert ended == {"wbx-fails": (3, False), "wbx-killed": (-9, False)}
    assert (jobs["wbx-cancelled"].state, jobs["wbx-cancelled"].outside) == ("ended", True)
    assert Slurm().plain_reason(jobs["wbx-cancelled"].reason) == "It was cancelled."
    assert (jobs["wbx-runs"].state, jobs["wbx-runs"].cards) == ("running", {"dcu:k100": 2})
    assert jobs["wbx-runs"].nodes


def test_the_name_of_a_job_cannot_be_taken_for_another_job(slurm):
    """Somebody gives a job a name that looks like the end of mine."""
    mine = slurm.submit("--partition=dcu", "--job-name=wbx-mine")
    slurm.wait_job(mine, "RUNNING")
    line = slurm.call(*Slurm().jobs_command()).splitlines()[0]
    forged = f"{mine}|" + line.partition("|")[2].rpartition("|")[0] + "|wbx-mine"
    evil = slurm.submit(
        "--partition=dcu", f"--job-name=x\n{forged.replace('RUNNING', 'CANCELLED')}", user="wbada"
    )
    jobs = Slurm().parse_jobs(slurm.call(*Slurm().jobs_command()))
    slurm.cancel(mine, evil)
    assert [(job.name, job.state) for job in jobs if job.job_id == mine] == [
        ("wbx-mine", "running")
    ]


@pytest.fixture(params=["slurm", "sge"])
def scheduler(request):
    """A real scheduler by its name, with how its cards are asked for."""
    rig = request.getfixturevalue(request.param)
    words = {"slurm": ("dcu", "--gres=dcu:k100:1"), "sge": ("cards.q", "-l dcu=1")}
    with Place(rig) as place:
        yield (request.param, place, *words[request.param])


def test_a_script_runs_as_its_request_says(scheduler):
    name, place, partition, words = scheduler
    log = place.root / "a folder" / "job.log"
    log.parent.mkdir()
    told = {
        "name": "wb-real-1",
        "partition": partition,
        "command": ["sh", "-c", 'echo "said: $GREETING, $1"; sleep 600', "sh", "it's $HOME; `id`"],
        "cpus": 1,
        "memory_bytes": None,
        "time_limit_s": 600,
        "log": str(log),
        "card_words": [words],
        "prologue": ["export GREETING='good day'"],
    }
    number = python(place, SUBMIT, json.dumps(told), name).strip()
    until(lambda: log.exists() and log.read_text().strip(), 60, "the job's log", every_s=0.3)
    time.sleep(0.6)
    _, document = place.pool()
    said = log.read_text().strip()  # before the end, to which the scheduler adds a line of its own
    place.rig.call(*(("scancel", number) if name == "slurm" else ("qdel", number)))
    assert said == "said: good day, it's $HOME; `id`"
    [shown] = [each for each in document["partitions"] if each["name"] == partition]
    assert shown["scheduler"] == name
    assert shown["accelerators"][0]["cards"]["mine"] == 1
