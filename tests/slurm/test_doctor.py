"""``workbench doctor`` on a real Slurm: a draft that works, and broken things that are found."""

import re
import shutil
import subprocess
import sys
import sysconfig
import time
import venv
from pathlib import Path

import pytest

from tests.slurm.kit import Place

DRAFTED = {"WORKBENCH_SITE": ""}


@pytest.fixture
def place(slurm):
    """A home without any site file."""
    with Place(slurm, **DRAFTED) as found:
        yield found


def state_of(found, check, node=None):
    """States and words of one check."""
    chosen = [one for one in found if one["check"] == check and (node is None) == (not one["node"])]
    return [one["state"] for one in chosen], " ".join(one["said"] + one["fix"] for one in chosen)


def wait(place, name, done, within_s=60):
    """Status of a cluster when it is so."""
    deadline = time.monotonic() + within_s
    while not done(status := place.json("cluster", "show", name)):
        assert time.monotonic() < deadline, status
        time.sleep(0.3)
    return status


def connected(status):
    return status["workers"]["connected"] == status["workers"]["asked"] > 0


def failed(status):
    return any(job["state"] == "failed" for job in status["jobs"])


def write_site(place, text):
    place.home.mkdir(mode=0o700, exist_ok=True)
    (place.home / "site.toml").write_text(text)


def test_a_drafted_site_file_starts_a_cluster_whose_nodes_are_well(place):
    drafted = place.json("doctor", "--write")
    assert drafted["file"] == str(place.home / "site.toml")
    assert Path(drafted["file"]).stat().st_mode & 0o077 == 0
    again = place.json("doctor", "--write", code=4)["error"]
    assert again["code"] == "exists"
    assert "workbench doctor --write FILE" in again["message"]

    here = place.json("doctor")["findings"]
    assert [one["said"] for one in here if one["state"] == "bad"] == []
    assert "5 nodes, 8 partitions" in state_of(here, "scheduler")[1]
    partitions, shown = place.pool()
    assert shown["problems"] == []
    assert partitions["dcu"]["dcu:k100"]["vendor"] == "hygon"

    words = ("--partition", "dcu", "--accelerator", "dcu:k100", "--workers", "2")
    place.json("cluster", "start", "dcu", *words)
    wait(place, "dcu", connected)
    found = place.json("doctor", "dcu")["findings"]
    nodes = {one["node"] for one in found} - {None}
    assert nodes <= {"dcu1", "dcu2"}
    for check in ("network", "python", "packages", "packs", "shared folder", "clock", "limits"):
        states, said = state_of(found, check, node="any")
        assert set(states) == {"good"}, said
    held = re.findall(r"held: hygon K100 ([\d, ]+) \(", state_of(found, "card", node="any")[1])
    assert len(", ".join(held).split(", ")) == 2
    assert not list(place.home.rglob(".doctor-*"))


def test_a_cluster_that_waits_is_told_with_the_reason(slurm, place):
    every = slurm.submit("--partition=gpu", "--gres=gpu:a100:4", "--time=10")
    slurm.wait_job(every, "RUNNING")
    try:
        words = ("--partition", "gpu", "--accelerator", "gpu:a100", "--workers", "1")
        place.json("cluster", "start", "gpu", *words)
        wait(place, "gpu", lambda status: status["jobs"][0]["state"] == "pending")
        found = place.json("doctor", "gpu")["findings"]
    finally:
        slurm.cancel(every)
    states, said = state_of(found, "job")
    assert states == ["warning"]
    assert "It is next, and waits for nodes, cards" in said
    assert {one["node"] for one in found} == {None}
    place.json("cluster", "stop", "gpu")
    stopped = place.json("doctor", "gpu", code=1)["findings"]
    assert "gpu is stopped: on request" in state_of(stopped, "cluster")[1]


def test_a_wrong_interface_and_wrong_names_are_found(place):
    write_site(place, 'interface = "ib77"\n[batch]\npartition = "cpus"\n')
    place.home.chmod(0o750)
    found = place.json("doctor", code=1)["findings"]
    states, said = state_of(found, "interface")
    assert states == ["bad"]
    assert all(word in said for word in ("'ib77'", "lo (127.0.0.1)"))
    states, said = state_of(found, "site file")
    assert "bad" in states
    assert "Did you mean 'cpu'?" in said
    assert state_of(found, "home")[0] == ["warning"]


def test_an_unknown_account_is_found(slurm):
    with Place(slurm, user="wbada", **DRAFTED) as place:
        ours = place.json("doctor")["findings"]
        states, said = state_of(ours, "jobs")
        assert "bad" not in states
        assert "would be taken by cpu" in said
        # Whoever may not use a partition is told so by Slurm.
        assert "private refuses a small job" in said

        site = place.root / "site.toml"
        site.write_text('account = "nosuch"\n')
        shutil.chown(site, "wbada")
        place.env["WORKBENCH_SITE"] = str(site)
        found = place.json("doctor", code=1)["findings"]
        states, said = state_of(found, "jobs")
        assert set(states) == {"bad"}
        assert "Invalid account" in said


def test_another_python_on_the_nodes_is_found(place):
    bare = place.root / "bare"
    venv.create(bare, with_pip=False)
    write_site(place, f'python = "{bare}/bin/python"\n')
    place.json("cluster", "start", "bare", "--partition", "cpu", "--workers", "1")
    wait(place, "bare", failed)
    found = place.json("doctor", "bare", code=1)["findings"]
    states, said = state_of(found, "job")
    assert "bad" in states
    assert "No module named 'workbench'" in said
    assert "'python' in the site file" in said
    place.json("cluster", "stop", "bare")

    # The same packages, but for one that claims to be of another version.
    ours = Path(sysconfig.get_path("purelib", vars={"base": str(bare)}))
    (ours / "zstandard-0.0.1.dist-info").mkdir()
    (ours / "zstandard-0.0.1.dist-info/METADATA").write_text("Name: zstandard\nVersion: 0.0.1\n")
    lines = [sysconfig.get_path("purelib"), *editable()]
    (ours / "ours.pth").write_text("\n".join(lines) + "\n")
    place.json("cluster", "start", "bare", "--partition", "cpu", "--workers", "1")
    wait(place, "bare", connected)
    found = place.json("doctor", "bare", code=1)["findings"]
    states, said = state_of(found, "packages", node="cpu1")
    assert states == ["bad"]
    assert "zstandard 0.0.1 (here " in said
    assert state_of(found, "packs", node="cpu1")[0] == ["good"]


def editable():
    """Folders from which Python takes what was installed in editable mode."""
    code = "import sys; print(*sys.path[1:], sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )
    return [line for line in done.stdout.splitlines() if line and "lib/python" not in line]


def test_a_home_that_a_node_does_not_see_is_told(slurm, place):
    """A node that has an empty folder in its place."""
    write_site(place, "")
    node = str(slurm.daemons.process("slurmd-cpu1").pid)
    inside = ("nsenter", "-t", node, "-m")
    subprocess.run([*inside, "mount", "-t", "tmpfs", "tmpfs", place.home], check=True)
    try:
        place.json("cluster", "start", "cpu", "--partition", "cpu", "--workers", "1")
        wait(place, "cpu", failed)
        found = place.json("doctor", "cpu", code=1)["findings"]
        place.json("cluster", "stop", "cpu")
    finally:
        subprocess.run([*inside, "umount", place.home], check=True)
    states, said = state_of(found, "job")
    assert "bad" in states
    assert "WORKBENCH_HOME has to lie on a file system that this host and all nodes see" in said
