import json
import logging
import os
from pathlib import Path

import pytest

from workbench.runs.journal import (
    Journal,
    altered_lines,
    read_epochs,
    read_lines,
    standing_failures,
)

PART = {"file": "parts/main.1.b1.npz", "bytes": 10, "crc32c": "00000000"}
FAILURE = {"task": 3, "items": [3], "code": "raised", "message": "no", "attempts": 1}
RECEIPT = {
    "v": 1,
    "stage": "main",
    "tasks": [[0, 4]],
    "part": PART,
    "failed": [FAILURE],
    "cluster": "local",
    "worker": "w",
    "host": "h",
}
FOLD = {"v": 1, "stage": "main", "sources": ["a"], "part": PART, "tasks": [[0, 4]]}
EVENT = {"v": 1, "event": "accepted", "job": "wb-a-00000000-1", "job_id": "7", "at": 1.0}


def test_lines_come_back_in_order_of_epochs(tmp_path: Path):
    for epoch in (1, 2):
        journal = Journal(tmp_path / f"notes.{epoch}.jsonl")
        journal.append([{"n": epoch}, {"n": epoch + 10}])
        journal.close()
    assert [line["n"] for line in read_epochs(tmp_path, "notes", 2)] == [1, 11, 2, 12]


def test_a_torn_last_line_is_no_line(tmp_path: Path):
    path = tmp_path / "notes.1.jsonl"
    path.write_bytes(b'{"n": 1}\n{"n": 2')
    assert [line["n"] for line in read_lines(path)] == [1]


def test_nothing_of_a_line_stays_when_there_is_no_room(tmp_path: Path, monkeypatch):
    journal = Journal(tmp_path / "notes.1.jsonl")
    journal.append([{"n": 1}])
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", _no_room)
        with pytest.raises(OSError, match="No space"):
            journal.append([{"n": 2}])
    journal.append([{"n": 3}])
    journal.close()
    assert [line["n"] for line in read_lines(tmp_path / "notes.1.jsonl")] == [1, 3]


def _no_room(_: int) -> None:
    raise OSError(28, "No space left on device")


def test_a_failure_stands_until_its_task_is_computed_again():
    def line(stage, tasks, *failed):
        return {"stage": stage, "tasks": tasks, "failed": [{"task": t} for t in failed]}

    lines = [line("a", [[0, 4]], 1, 3), line("b", [[1, 2]], 1), line("a", [[3, 4], [1, 2]], 3)]
    found = standing_failures(lines)
    assert list(found) == [("b", 1), ("a", 3)]
    assert found["a", 3][0] is lines[2]


@pytest.mark.parametrize(
    ("kind", "sound", "damaged"),
    [
        ("tasks", RECEIPT, {"v": 1}),
        ("tasks", RECEIPT, {**RECEIPT, "stage": 3}),
        ("tasks", RECEIPT, {**RECEIPT, "tasks": [[4, 0]]}),
        ("tasks", RECEIPT, {**RECEIPT, "tasks": None}),
        ("tasks", RECEIPT, {**RECEIPT, "part": {"file": "parts/a"}}),
        ("tasks", RECEIPT, {**RECEIPT, "failed": [{"task": 3}]}),
        ("tasks", RECEIPT, {**RECEIPT, "files": [PART]}),
        ("folds", FOLD, {**FOLD, "sources": "a"}),
        ("folds", FOLD, {**FOLD, "part": None}),
        ("jobs", EVENT, {"v": 1}),
        ("jobs", EVENT, {**EVENT, "event": "forgotten"}),
        ("jobs", EVENT, {"v": 1, "event": "intended", "job": "a"}),
    ],
)
def test_a_line_that_is_no_record_is_left_out_and_named(tmp_path, caplog, kind, sound, damaged):
    path = tmp_path / f"{kind}.1.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in (sound, damaged, sound)))
    with caplog.at_level(logging.WARNING):
        assert list(read_lines(path)) == [sound, sound]
    assert "line 2 is not what was written" in caplog.text
    assert altered_lines(path) == [2]
