import json
import os
import subprocess
import sys
import time

import pytest

from workbench.clusters import handle
from workbench.clusters.folder import ClusterFolder, identity
from workbench.errors import NotFound, ParameterError, Refused
from workbench.home import private_folder
from workbench.runs.lock import silent_s

CLAIM = """
import json
import sys
from pathlib import Path
from workbench.clusters.folder import ClusterFolder
folder = ClusterFolder(Path(sys.argv[1]))
sys.stdin.read()
print(json.dumps([n for n in range(1, 21) if folder.claim(n)]))
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path))
    made = ClusterFolder.of("a")
    made.make()
    return made


def status_of(pid, state="running", **changes):
    known = {"generation": 1, "state": state, "reason": "", "partition": "local"}
    return {**known, **identity(pid), **changes}


def test_each_generation_is_claimed_by_exactly_one(folder):
    claimants = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIM, folder.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for claimant in claimants:
        claimant.stdin.close()
    claimed = [n for claimant in claimants for n in json.load(claimant.stdout)]
    for claimant in claimants:
        assert claimant.wait() == 0
        claimant.stdout.close()
    assert sorted(claimed) == list(range(1, 21))
    assert folder.claimant_gone(1)


def test_a_claim_that_was_cleared_away_is_worth_nothing(folder):
    folder.write_status(status_of(os.getpid(), generation=5))
    folder.forget_claims(before=5)
    assert not folder.claim(4)
    assert folder.claim(6)
    assert not folder.claimant_gone(6)


def test_the_process_table_tells_who_is_alive(folder):
    assert not folder.alive(None)
    assert folder.alive(status_of(os.getpid()))
    assert not folder.alive(status_of(os.getpid(), state="stopped"))
    assert not folder.alive(status_of(os.getpid(), start_ticks=1))
    assert not folder.alive(status_of(os.getpid(), boot_id="another"))
    child = subprocess.Popen([sys.executable, "-c", ""])
    ended = status_of(child.pid)
    child.wait()
    assert not folder.alive(ended)


def test_on_another_host_silence_tells(folder):
    status = status_of(1, host="elsewhere")
    folder.write_status(status)
    file = folder.path / "status.json"
    assert silent_s(file) < 30
    assert folder.alive(status)
    old = time.time() - 120
    os.utime(file, (old, old))
    assert silent_s(file) > 100
    assert not folder.alive(status)


def test_a_cluster_elsewhere_is_not_used_from_here(folder):
    workers = {"asked": 1, "min": 1, "max": 1, "connected": 1}
    names = {"name": "a", "workers": workers, "worker_processes": []}
    folder.write_status(status_of(1, host="elsewhere", **names))
    for use in (handle.ensure, handle.start):
        with pytest.raises(Refused, match="is on elsewhere, and only that computer reaches it"):
            use("a")


def test_folders_are_closed_to_others(folder):
    for path in (folder.path, folder.path.parent, *(p for p in folder.path.iterdir())):
        assert path.stat().st_mode & 0o777 == 0o700
    folder.path.chmod(0o755)
    folder.make()
    assert folder.path.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(Refused, match="a link"):
        private_folder(tmp_path / "link")


def test_unknown_clusters(folder):
    folder.write_status(status_of(1, state="stopped"))
    assert [cluster.name for cluster in handle.clusters()] == ["a"]
    with pytest.raises(NotFound, match="There is: a"):
        handle.get("b")
    with pytest.raises(NotFound, match="workbench cluster start b"):
        handle.ensure("b")
    with pytest.raises(ParameterError):
        handle.get("../a")


def test_the_log_ends_with_its_last_lines(folder):
    assert folder.tail(3) == ""
    folder.log.write_text("".join(f"line {n}\n" for n in range(5000)))
    assert folder.tail(2) == "line 4998\nline 4999"


@pytest.mark.parametrize("text", ['{"a', "[1]", "{}", '{"name": 3}'])
def test_a_request_that_was_damaged_from_outside_is_none(tmp_path, text):
    folder = ClusterFolder(tmp_path / "c")
    folder.path.mkdir()
    (folder.path / "spec.json").write_text(text)
    assert folder.read_spec() is None
