import os
from pathlib import Path

import pytest

from workbench.runs.journal import Journal, read_epochs, read_lines, standing_failures


def test_lines_come_back_in_order_of_epochs(tmp_path: Path):
    for epoch in (1, 2):
        journal = Journal(tmp_path / f"tasks.{epoch}.jsonl")
        journal.append([{"n": epoch}, {"n": epoch + 10}])
        journal.close()
    assert [line["n"] for line in read_epochs(tmp_path, "tasks", 2)] == [1, 11, 2, 12]


def test_a_torn_last_line_is_no_line(tmp_path: Path):
    path = tmp_path / "tasks.1.jsonl"
    path.write_bytes(b'{"n": 1}\n{"n": 2')
    assert [line["n"] for line in read_lines(path)] == [1]


def test_nothing_of_a_line_stays_when_there_is_no_room(tmp_path: Path, monkeypatch):
    journal = Journal(tmp_path / "tasks.1.jsonl")
    journal.append([{"n": 1}])
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", _no_room)
        with pytest.raises(OSError, match="No space"):
            journal.append([{"n": 2}])
    journal.append([{"n": 3}])
    journal.close()
    assert [line["n"] for line in read_lines(tmp_path / "tasks.1.jsonl")] == [1, 3]


def _no_room(_: int) -> None:
    raise OSError(28, "No space left on device")


def test_a_failure_stands_until_its_task_is_computed_again():
    def line(stage, tasks, *failed):
        return {"stage": stage, "tasks": tasks, "failed": [{"task": t} for t in failed]}

    lines = [line("a", [[0, 4]], 1, 3), line("b", [[1, 2]], 1), line("a", [[3, 4], [1, 2]], 3)]
    found = standing_failures(lines)
    assert list(found) == [("b", 1), ("a", 3)]
    assert found["a", 3][0] is lines[2]
