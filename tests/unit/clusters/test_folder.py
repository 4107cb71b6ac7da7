import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from workbench.cli import main
from workbench.clusters import handle, launch
from workbench.clusters.folder import ClusterFolder
from workbench.clusters.spec import ClusterSpec
from workbench.clusters.status import first_status
from workbench.errors import NotFound, ParameterError, Refused
from workbench.home import private_folder
from workbench.process import identity
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
    spec = ClusterSpec(name="a", minimum=1, maximum=1)
    known = first_status(Path("a"), spec, 1, identity(pid))
    return {**known, "state": state, **changes}


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
    folder.write_status(status_of(1, host="elsewhere"))
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
def test_a_request_that_was_damaged_is_told_and_taken_from_the_status(folder, text):
    folder.write_status(status_of(1, state="stopped", partition="dcu", accelerator="dcu:k100"))
    (folder.path / "spec.json").write_text(text)
    assert folder.read_spec() is None
    found = folder.read_spec(folder.read_status())
    assert (found.partition, found.accelerator, found.maximum) == ("dcu", "dcu:k100", 1)
    for words in (("cluster", "list"), ("cluster", "show", "a")):
        said = CliRunner().invoke(main, words)
        assert said.exit_code == 0
        assert "stopped" in said.stdout
        assert f"{folder.path / 'spec.json'} was damaged" in said.stderr
        assert "workbench cluster stop a" in said.stderr


@pytest.mark.parametrize("text", ["", '{"a', "[1]", "{}", '{"state": 3}', '{"state": "running"}'])
def test_a_damaged_cluster_is_listed_as_such_and_hides_no_other(folder, text):
    folder.write_spec(ClusterSpec(name="a", partition="dcu", minimum=2, maximum=2))
    assert folder.claim(7)
    other = ClusterFolder.of("b")
    other.make()
    other.write_status({**status_of(1, state="stopped"), "name": "b"})
    (folder.path / "status.json").write_text(text)
    listed = CliRunner().invoke(main, ["cluster", "list"])
    assert listed.exit_code == 0
    assert f"dcu  0/2 workers  failed: {folder.path / 'status.json'} was damaged" in listed.stdout
    assert "workbench cluster start a" in listed.stdout
    assert "b  This computer" in listed.stdout
    assert folder.read_status()["generation"] == 7
    assert CliRunner().invoke(main, ["cluster", "show", "a"]).exit_code == 0
    assert CliRunner().invoke(main, ["cluster", "stop", "a"]).exit_code == 0


def test_a_cluster_of_which_nothing_can_be_read_says_what_to_do(folder):
    for name in ("spec.json", "status.json"):
        (folder.path / name).write_text("{")
    with pytest.raises(Refused, match=r"status.json was damaged.* with --partition and the other"):
        handle.ensure("a")
    assert "a  unknown" in CliRunner().invoke(main, ["cluster", "list"]).stdout


def test_who_lives_may_mend_its_status_before_another_one_is_started(folder, monkeypatch):
    monkeypatch.setattr(launch, "PATIENCE_S", 0.3)
    file = folder.path / "status.json"
    file.write_text("{")
    with pytest.raises(Refused, match="is being started or stopped"):
        launch.launch(folder, ClusterSpec(name="a", minimum=1, maximum=1))
    folder.write_status(status_of(os.getpid()))
    assert not launch.launch(folder, ClusterSpec(name="a", minimum=1, maximum=1))
