"""Jobs that run without any worker of theirs, and clusters that cannot listen: all say why."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.slurm.work import Work, until

CPU = ("--partition", "cpu")
INTERFACE = 'interface = "lo"'
PROLOGUE = "prologue = ["


@pytest.fixture(scope="module")
def homes(slurm):
    """Homes with wrong site files, each with its cluster started."""
    sites = {
        "python": {INTERFACE: f'{INTERFACE}\npython = "/usr/bin/python3"'},
        "silent": {PROLOGUE: f'{PROLOGUE}"echo waiting for the licence", "sleep 600", '},
        "interface": {INTERFACE: 'interface = "ib0"'},
    }
    homes = {name: Work(slurm, site=site, WORKBENCH_CONNECT_S="3") for name, site in sites.items()}

    def start(name):
        return homes[name].call("cluster", "start", name, *CPU, "--json", timeout=300)

    try:
        with ThreadPoolExecutor(3) as pool:
            yield homes, dict(zip(homes, pool.map(start, homes), strict=True))
    finally:
        for work in homes.values():
            work.end()
        slurm.cancel("--jobname=none", *(n for w in homes.values() for n in w.queue()))


def test_a_node_without_the_package_is_told_with_the_log(homes):
    work = homes[0]["python"]
    status = work.wait(
        "python", lambda s: any(job["state"] == "failed" for job in s["jobs"]), "a failed job"
    )
    job = next(job for job in status["jobs"] if job["state"] == "failed")
    assert job["exit"] == 1
    assert "No module named" in job["log_tail"]
    shown = work.call("cluster", "show", "python").stdout
    assert "No module named" in shown
    work.wait("python", lambda s: "jobs failed in a row" in s["problem"], "growing pauses")
    assert work.submitted("python") < 6


def test_a_job_that_never_connects_is_told_with_its_log(homes):
    work = homes[0]["silent"]
    told = "no worker of it has connected"
    status = work.wait(
        "silent", lambda s: any(told in (job["plain"] or "") for job in s["jobs"]), "why"
    )
    job = status["jobs"][0]
    assert job["state"] == "starting"
    assert "waiting for the licence" in job["log_tail"]
    assert work.submitted("silent") == 1
    stopped = work.json("cluster", "stop", "silent")
    assert stopped["state"] == "stopped"
    until(lambda: all(s == "COMPLETING" for _, s in work.queue().values()), "the job is gone")


def test_an_interface_that_is_not_there_is_told_with_those_that_are(homes):
    _, answers = homes
    assert answers["interface"].returncode == 4
    assert "names the interface 'ib0'" in answers["interface"].stdout
    assert "lo (127.0.0.1)" in answers["interface"].stdout
    assert "Set 'interface' in the site file" in answers["interface"].stdout
    assert homes[0]["interface"].submitted("interface") == 0
