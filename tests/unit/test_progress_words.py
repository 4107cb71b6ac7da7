"""What stands behind a bar of progress, from the run's document alone."""

import io

import pytest
from rich.console import Console

from workbench.cli import progress
from workbench.cli.progress import Bars, Lines, said


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "2 failed, 40 s left"),
        ({"left_s": None}, "2 failed"),
        ({"state": "waiting", "message": "no room"}, "2 failed, no room"),
    ],
)
def test_what_is_left_is_told_from_the_document(changes, text):
    stage = {"name": "main", "tasks_failed": 2}
    document = {"state": "running", "message": "", "left_s": 40.0, "workers": 4, "stages": [stage]}
    assert said({**document, **changes}, stage) == text


def test_a_bar_says_what_it_counts(monkeypatch):
    terminal = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=100)
    monkeypatch.setattr(progress, "Console", lambda **_: terminal)
    stage = {"name": "main", "tasks": 77, "tasks_done": 12, "tasks_failed": 0}
    document = {"state": "running", "message": "", "left_s": None, "workers": 1, "per_cluster": []}
    with Bars() as bars:
        bars.show({**document, "stages": []})
        bars.show({**document, "stages": [stage]})
    assert "12/77 tasks" in terminal.file.getvalue()
    assert "0/1 tasks" not in terminal.file.getvalue()


@pytest.mark.parametrize(
    ("clusters", "text"),
    [
        ((), "12 of 77 tasks"),
        (("a", "b"), "12 of 77 tasks; a: 2 workers, 5 done; b: 2 workers, 5 done"),
    ],
)
def test_a_line_says_what_each_of_several_clusters_did(capsys, clusters, text):
    stage = {"name": "main", "tasks": 77, "tasks_done": 12, "tasks_failed": 0}
    per_cluster = [{"name": n, "workers": 2, "tasks_done": 5, "rate": 0.0} for n in clusters]
    document = {"state": "running", "message": "", "left_s": None, "workers": 4, "stages": [stage]}
    Lines().show({**document, "per_cluster": per_cluster})
    assert capsys.readouterr().err == f"  running    main: {text}\n"
