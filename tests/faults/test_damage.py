"""Files that were altered, cut or removed: named by ``--verify``, refused by ``open``."""

import json

import pytest

from tests.faults.kit import same, until
from workbench.errors import DamagedResult
from workbench.runs.handle import Run

OWNERS = {"n": 12, "probes": 4}


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)


def cut(path):
    path.write_bytes(path.read_bytes()[:-2])


DAMAGES = {"flipped": flip, "cut": cut, "empty": lambda path: path.write_bytes(b"")}
DAMAGES["removed"] = lambda path: path.unlink()


@pytest.fixture(scope="module")
def finished(shared):
    run = shared.start("faults.owners", **OWNERS)
    assert run.wait() == "completed", run.log()
    return run


@pytest.fixture(scope="module")
def stopped(shared):
    """A run stopped in its second stage."""
    run = shared.start("faults.owners", seconds=0.2, **OWNERS)
    until(lambda: any(stage == "measure" for stage, _ in run.finished()), 30, "a second stage")
    Run(run.folder).stop()
    assert run.wait() == "stopped", run.log()
    return run


class Damaged:
    """One damaged file, put back at the end."""

    def __init__(self, path, how):
        self.path = path
        self.kept = path.read_bytes()
        DAMAGES[how](path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.path.write_bytes(self.kept)


def files_of(folder, *patterns):
    found = [path for pattern in patterns for path in folder.glob(pattern) if path.is_file()]
    assert found, patterns
    return sorted(found)


@pytest.mark.parametrize("how", DAMAGES)
def test_every_file_of_a_result_is_watched(finished, how):
    run = Run(finished.folder)
    assert run.verify() == {"sound": True, "problems": []}
    for path in files_of(run.folder, "result.json", "result.zarr/**/*"):
        file = path.relative_to(run.folder).as_posix()
        with Damaged(path, how):
            said = run.verify()
            assert not said["sound"], file
            assert file in [problem["file"] for problem in said["problems"]]
            with pytest.raises(DamagedResult, match=file):
                run.open().load()
    assert run.verify()["sound"]


def test_the_command_line_names_what_is_damaged(shared, finished):
    code, document = shared.json("run", "show", finished.id, "--verify")
    assert (code, document["verify"]["sound"]) == (0, True)
    path = files_of(finished.folder, "result.zarr/total/c/*")[0]
    file = path.relative_to(finished.folder).as_posix()
    with Damaged(path, "flipped"):
        code, document = shared.json("run", "show", finished.id, "--verify")
        assert (code, document["state"]) == (1, "completed")
        assert [problem["file"] for problem in document["verify"]["problems"]] == [file]
        said = shared.call("run", "show", finished.id, "--verify")
        assert said.returncode == 1
        assert file in said.stdout
        refused = shared.call("run", "open", finished.id)
        assert (refused.returncode, file in refused.stderr) == (1, True), refused
        assert shared.json("run", "show", finished.id)[0] == 0


@pytest.mark.parametrize("how", DAMAGES)
def test_every_part_of_an_unfinished_run_is_watched(stopped, how):
    run = Run(stopped.folder)
    assert run.verify() == {"sound": True, "problems": []}
    paths = files_of(run.folder, "parts/*.npz", "plans/*.npz")
    if how != "removed":
        # A record that is gone is made again from the journals.
        paths += files_of(run.folder, "stages/*.json")
    for path in paths:
        file = path.relative_to(run.folder).as_posix()
        with Damaged(path, how):
            said = run.verify()
            assert file in [problem["file"] for problem in said["problems"]], file
    with pytest.raises(DamagedResult, match="not complete"):
        run.open()


def test_an_altered_line_of_a_journal_is_named(stopped):
    journal = stopped.folder / "tasks.1.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    with Damaged(journal, "flipped"):
        journal.write_bytes(b"".join([lines[0], b"\0" * 40 + b"\n", *lines[1:]]))
        said = Run(stopped.folder).verify()["problems"]
        assert {"file": "tasks.1.jsonl", "message": "line 2 is not what was written"} in said


def test_a_resume_computes_what_was_lost_and_nothing_else(shared, stopped, finished):
    lost = files_of(stopped.folder, "parts/measure.*.npz")[0]
    file = lost.relative_to(stopped.folder).as_posix()
    [receipt] = [
        line for line in stopped.receipts() if line["part"] and line["part"]["file"] == file
    ]
    tasks = {("measure", task) for a, b in receipt["tasks"] for task in range(a, b)}
    before = stopped.calls()
    lost.unlink()
    torn = stopped.folder / "tasks.1.jsonl"
    beyond = json.dumps({**receipt, "tasks": [[10**6, 10**6 + 1]], "failed": []}).encode()
    torn.write_bytes(torn.read_bytes() + b'{"v": 1}\n' + beyond + b'\n{"v": 1, "stage": "mea')
    assert shared.call("run", "resume", stopped.id, "--wait").returncode == 0, stopped.log()
    log = (stopped.folder / "log").read_text()
    assert file in log
    assert "is not what was written" in log
    assert "tasks that stage measure does not have" in log
    again = {task for task in before if stopped.calls()[task] > before[task]}
    assert again == tasks
    same(stopped.result(), finished.result())
