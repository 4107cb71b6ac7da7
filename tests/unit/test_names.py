"""Names that are nearly right."""

import pytest

from tests.packs import workbench
from workbench.errors import did_you_mean


def test_a_name_in_other_case_is_near():
    assert did_you_mean("EMT", ["tersoff-si", "emt"]) == " Did you mean 'emt'?"
    assert did_you_mean("emt", ["EMT"]) == " Did you mean 'EMT'?"
    assert did_you_mean("xyz", ["emt"]) == ""


def test_the_last_part_of_a_name_is_near():
    known = ["materials.elastic", "proteins.search"]
    assert did_you_mean("Elastic", known) == " Did you mean 'materials.elastic'?"
    assert did_you_mean("k100", ["dcu:k100"]) == " Did you mean 'dcu:k100'?"
    assert did_you_mean("search", ["search", "proteins.search"]) == " Did you mean 'search'?"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("runs", "Did you mean 'workbench run'?"),
        ("start", "Did you mean 'workbench cluster start' or 'workbench run start'?"),
        ("strat", "Did you mean 'workbench cluster start' or 'workbench run start'?"),
        ("xyzzy", "There is no command 'xyzzy'.\n"),
    ],
)
def test_a_command_that_is_nearly_one_is_told_whole(typed, meant):
    done = workbench(typed)
    assert done.returncode == 2
    assert meant in done.stderr


def test_a_misspelt_cluster_is_told_and_started_by_nobody(tmp_path):
    home = tmp_path / "home"
    words = ("run", "start", "proteins.search", "--example", "globins", "--on")
    try:
        assert workbench("cluster", "start", "here", "--workers", "1", home=home).returncode == 0
        for command in (("show",), ("stop",), ("logs",), ("scale",)):
            size = ("1",) if command == ("scale",) else ()
            said = workbench("cluster", *command, "hero", *size, home=home).stderr
            assert "Did you mean 'here'?" in said
            assert "cluster start" not in said
        assert "cluster start" not in workbench("doctor", "hero", home=home).stderr
        assert "cluster start" not in workbench(*words, "hero", home=home).stderr
        assert "cluster start" not in workbench("cluster", "stop", "nix", home=home).stderr
        # Nothing is near, and somebody wants to work there.
        assert "workbench cluster start nix" in workbench(*words, "nix", home=home).stderr
    finally:
        workbench("cluster", "stop", "here", home=home)
