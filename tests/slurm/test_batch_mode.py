"""Callers inside batch jobs: what must outlive them gets jobs of its own."""

import json
import shlex
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.packs import install
from tests.slurm.kit import WORKBENCH, Place
from tools.rig.faults import kill_job_processes
from tools.rig.processes import until

FAULTS = Path(__file__).parents[1] / "faults"
POINTS = {"faults.steps": "fault_pack:recipe"}
N = 200


@pytest.fixture(scope="module")
def place(slurm):
    """A home with a cluster of two workers on cards, which every host reaches."""
    with Place(slurm, WORKBENCH_RESTART_DELAYS_S="0.5,1,2", WORKBENCH_SILENCE_S="6") as found:
        pack = found.root / "pack"
        pack.mkdir()
        text = (FAULTS / "pack" / "fault_pack.py").read_text()
        install(pack, "fault-pack", POINTS, {"fault_pack": text})
        site = found.root / "site.toml"
        site.write_text(Path(found.env["WORKBENCH_SITE"]).read_text())
        found.env |= {"PYTHONPATH": str(pack), "WORKBENCH_SITE": str(site)}
        words = ("--partition", "npu", "--accelerator", "npu:910b", "--workers", "2")
        found.json("cluster", "start", "cards", *words)
        yield found
        found.call("cluster", "stop", "cards")


@pytest.fixture
def site(place):
    """Change the site file for one test: lines before its tables, and tables of its own."""
    file = Path(place.env["WORKBENCH_SITE"])
    text = file.read_text()

    def change(first="", *, batch='partition = "cpu"', last=""):
        changed = text.replace('partition = "cpu"', batch)
        file.write_text(f"{first}\n{changed}\n{last}\n")

    yield change
    file.write_text(text)


@pytest.fixture(autouse=True)
def side(place):
    """The file that notes every kernel call, empty for each test."""
    file = place.root / "side"
    file.unlink(missing_ok=True)
    return file


def run_words(place, *options, seconds=0.1):
    side = place.root / "side"
    pairs = (f"n={N}", f"seconds={seconds}", f"side={side}")
    return ["run", "start", "faults.steps", *options, *(w for p in pairs for w in ("--set", p))]


def in_job(place, *words):
    """Call the command line inside a job that goes on; return its number, and where it prints."""
    out = place.root / "out"
    out.unlink(missing_ok=True)
    names = ("HOME", "SITE", "POLL_S", "SILENCE_S", "RESTART_DELAYS_S")
    keep = ("PYTHONPATH", "TMPDIR", *(f"WORKBENCH_{name}" for name in names))
    env = " ".join(f"{name}={place.env[name]}" for name in keep)
    command = shlex.join([WORKBENCH, *map(str, words)])
    wrap = f"env {env} {command} >{out} 2>{out}.err; echo >>{out}; sleep 600"
    return place.rig.submit("--partition=cpu", "--time=30", "--mem=4000", wrap=wrap), out


def told(out):
    """What a command in a job printed on standard error, once it has ended."""
    until(lambda: out.exists() and out.read_text().endswith("\n\n"), 60, f"the end of {out}")
    return out.with_name("out.err").read_text()


def shown(place, run_id):
    return place.json("run", "show", run_id)


def calls(place):
    side = place.root / "side"
    lines = side.read_text().splitlines() if side.exists() else []
    return Counter(int(line.split()[1]) for line in lines)


def finished(folder):
    """Numbers of the tasks whose record is in the journal."""
    lines = [
        json.loads(line)
        for file in sorted(Path(folder).glob("tasks.*.jsonl"))
        for line in file.read_text().splitlines()
    ]
    return {t for line in lines for a, b in line["tasks"] for t in range(a, b)}


def run_once(place, run_id):
    """Wait for the end of a run; every task must have exactly one call."""
    ended = place.json("run", "wait", run_id)
    assert ended["state"] == "completed"
    assert calls(place) == dict.fromkeys(range(N), 1)


def test_a_run_outlives_the_job_that_it_was_started_in(place):
    job, out = in_job(place, *run_words(place, "--on", "cards"), "--json")
    assert "Its driver is job" in told(out)
    run = json.loads(out.read_text())
    until(lambda: finished(run["folder"]), 60, "a first record")
    driver = shown(place, run["run_id"])["driver"]
    assert driver["job_id"] not in (None, job)
    assert f"in job {driver['job_id']} on cpu1" in place.call("run", "show", run["run_id"]).stdout
    place.rig.cancel(job)
    kill_job_processes(job)
    run_once(place, run["run_id"])


def test_where_a_site_ends_what_is_left_behind_a_dead_driver_gets_another_job(place, site):
    site("kills_at_logout = true")
    run = place.json(*run_words(place, "--on", "cards"))
    until(lambda: finished(run["folder"]), 60, "a first record")
    first = shown(place, run["run_id"])["driver"]
    place.rig.cancel(first["job_id"])
    done = finished(run["folder"])
    until(lambda: finished(run["folder"]) - done, 60, "a record of the next driver")
    second = shown(place, run["run_id"])["driver"]
    assert second["job_id"] not in (None, first["job_id"])
    assert second["epoch"] == first["epoch"] + 1
    assert place.json("run", "wait", run["run_id"])["state"] == "completed"
    assert {calls(place)[task] for task in done} == {1}


def test_where_no_job_is_given_the_run_says_when_it_will_end(place, site):
    site(last='[partitions.cpu]\naccount = "nobody"')
    job, out = in_job(place, *run_words(place, "--on", "cards", seconds=0.01), "--json")
    said = told(out)
    assert "There is no job of its own for its driver: " in said
    assert f"It ends with this job ({job}) at " in said
    run = json.loads(out.read_text())
    run_once(place, run["run_id"])
    place.rig.cancel(job)


def test_a_run_on_this_computer_stays_in_the_job(place):
    job, out = in_job(place, *run_words(place, seconds=0.01), "--wait", "--json")
    said = told(out)
    assert f"It ends with this job ({job}) at " in said
    run = json.loads(out.read_text())
    assert run["state"] == "completed"
    assert not (Path(run["folder"]) / "driver_job.json").exists()
    place.rig.cancel(job)


def test_a_driver_that_waits_in_line_is_no_dead_driver(place, site):
    site("kills_at_logout = true", batch='partition = "gpu"')
    place.rig.call("scontrol", "update", "nodename=gpu1", "state=drain", "reason=test")
    try:
        run = place.json(*run_words(place, "--on", "cards", seconds=0.01))
        waits = run["driver_job"]
        assert (run["state"], run["driver"]) == ("queued", None)
        assert f"job {waits['job_id']} of slurm" in place.call("run", "show", run["run_id"]).stdout
        refused = place.json("run", "resume", run["run_id"], code=4)
        assert refused["error"]["code"] == "held"
        with pytest.raises(subprocess.TimeoutExpired):
            # As long as it takes to think a driver dead, and to start it three times more.
            place.call("run", "wait", run["run_id"], timeout=8)
        assert shown(place, run["run_id"])["driver_job"] == waits
    finally:
        place.rig.call("scontrol", "update", "nodename=gpu1", "state=resume")
    run_once(place, run["run_id"])
    assert shown(place, run["run_id"])["driver_job"] is None


def test_a_run_whose_driver_waits_in_line_can_be_stopped(place, site):
    site("kills_at_logout = true", batch='partition = "gpu"')
    place.rig.call("scontrol", "update", "nodename=gpu1", "state=drain", "reason=test")
    try:
        run = place.json(*run_words(place, "--on", "cards"))
        assert place.json("run", "stop", run["run_id"])["state"] == "stopped"
    finally:
        place.rig.call("scontrol", "update", "nodename=gpu1", "state=resume")
    assert calls(place) == {}


def test_the_host_that_one_logs_in_to_is_found_out(place, site):
    words = ("cluster", "start", "here", "--workers", "2")
    refused = place.json(*words, code=4)
    assert refused["error"]["code"] == "login_node"
    assert "login_node = false" in refused["error"]["message"]
    site("login_node = false")
    place.json(*words)
    place.json("cluster", "stop", "here")
