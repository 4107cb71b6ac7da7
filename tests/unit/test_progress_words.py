"""What stands behind a bar of progress, from the run's document alone."""

import pytest

from workbench.cli.progress import said


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "2 failed, 10 s left"),
        ({"workers": 0}, "2 failed, 40 s left"),
        ({"left_s": None}, "2 failed"),
        ({"state": "waiting", "message": "no room"}, "2 failed, no room"),
    ],
)
def test_what_is_left_is_told_from_the_document(changes, text):
    stage = {"name": "main", "tasks_failed": 2}
    document = {"state": "running", "message": "", "left_s": 40.0, "workers": 4, "stages": [stage]}
    assert said({**document, **changes}, stage) == text
