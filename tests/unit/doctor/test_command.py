"""``workbench doctor`` on a computer without a scheduler."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.cli.doctor import _print
from workbench.doctor.findings import Finding

WORKBENCH = str(Path(sys.executable).with_name("workbench"))
CHECKS = {
    "site file", "scheduler", "interface", "home", "space", "shared folder", "clock", "python",
    "packages", "packs", "logout", "batch job", "login node", "open files", "cards",
}  # fmt: skip


@pytest.fixture
def doctor(tmp_path):
    """The command, with no program of a scheduler or vendor on PATH."""
    home = tmp_path / "workbench"
    home.mkdir(mode=0o700)
    inherited = ("WORKBENCH_", "SLURM_", "SBATCH_")
    clean = {n: v for n, v in os.environ.items() if not n.startswith(inherited)}

    def doctor(*words, code=0, **env):
        done = subprocess.run(
            [WORKBENCH, "doctor", *words],
            env={**clean, "PATH": "/nowhere", "WORKBENCH_HOME": str(home), **env},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    doctor.home = home
    return doctor


def test_every_check_is_shown_also_the_good_ones(doctor):
    document = json.loads(doctor("--json"))
    assert {"host", "cluster", "findings"} <= document.keys()
    assert document["cluster"] is None
    assert {finding["check"] for finding in document["findings"]} >= CHECKS
    for finding in document["findings"]:
        assert {"check", "state", "said", "fix"} <= finding.keys()
        assert finding["state"] in {"good", "warning", "bad", "unknown"}
        assert bool(finding["fix"]) == (finding["state"] != "good")


def test_people_see_the_same_with_the_fix_below(doctor):
    doctor.home.chmod(0o750)
    out = doctor()
    (line,) = [i for i, line in enumerate(out.splitlines()) if line.startswith("warning home")]
    assert f"chmod 700 {doctor.home}" in out.splitlines()[line + 1]
    assert " good" in out.splitlines()[-1]


def test_what_is_bad_makes_the_command_fail(doctor):
    (doctor.home / "site.toml").write_text('interface = "ib99"\n')
    found = json.loads(doctor("--json", code=1))["findings"]
    (finding,) = [one for one in found if one["state"] == "bad"]
    assert finding["check"] == "interface"
    assert "'ib99'" in finding["said"]
    assert str(doctor.home / "site.toml") in finding["fix"]


def test_a_broken_site_file_leaves_the_other_checks_alone(doctor):
    (doctor.home / "site.toml").write_text("interfaze = 1\nscheduler = 2\n")
    found = json.loads(doctor("--json", code=1))["findings"]
    assert [one["check"] for one in found if one["state"] == "bad"] == ["site file", "site file"]
    assert {finding["check"] for finding in found} >= CHECKS


def test_there_is_nothing_to_draft_without_a_scheduler(doctor):
    error = json.loads(doctor("--write", "--json", code=4))["error"]
    assert error["code"] == "no_scheduler"
    assert not (doctor.home / "site.toml").exists()


def test_a_cluster_that_never_was_is_not_found(doctor):
    assert json.loads(doctor("nosuch", "--json", code=3))["error"]["code"] == "not_found"


def test_a_draft_is_of_no_cluster(doctor):
    assert json.loads(doctor("some", "--write", "--json", code=2))["error"]["code"] == "parameters"


def test_the_workers_of_this_computer_are_looked_at(doctor):
    workbench = {"env": os.environ | {"WORKBENCH_HOME": str(doctor.home)}, "check": True}
    subprocess.run([WORKBENCH, "cluster", "start", "local", "--workers", "1"], **workbench)
    try:
        found = json.loads(doctor("local", "--json"))["findings"]
    finally:
        subprocess.run([WORKBENCH, "cluster", "stop", "local"], **workbench)
    there = {finding["check"] for finding in found if finding["node"]}
    assert there >= {"python", "packages", "packs", "scratch", "limits"}
    assert {finding["state"] for finding in found} <= {"good", "warning"}


def test_nodes_that_are_well_are_told_in_one_line_where_there_are_many(capsys):
    well = [Finding("clock", "good", "it goes right", node=f"n{i}") for i in range(5)]
    _print([*well, Finding("clock", "bad", "it is 90 s off", "Ask for NTP", node="n9")])
    out = capsys.readouterr().out
    assert "all good: n0, n1, n2, n3, n4" in out
    assert "n9\nbad     clock  it is 90 s off" in out
    assert "5 good, 1 bad" in out
    assert out.count("clock") == 1
