"""What somebody typed is quoted, but not all of five thousand letters of it."""

import pytest
from click.testing import CliRunner

from workbench.cli import main
from workbench.errors import NotFound, did_you_mean, quoted

LONG = "a" * 5000
CALLS = {
    "recipe": ("recipe", "show", LONG),
    "start": ("run", "start", LONG),
    "run": ("run", "show", LONG),
    "cluster": ("cluster", "show", LONG),
    "partition": ("cluster", "start", "a", "--partition", LONG),
    "between": ("cluster", "scale", "a", LONG),
    "time": ("cluster", "start", "a", "--time", LONG),
    "example": ("run", "start", "proteins.search", "--example", LONG),
    "parameter": ("run", "start", "proteins.search", "--set", f"{LONG}=1"),
    "pair": ("run", "start", "proteins.search", "--set", LONG),
    "value": ("run", "start", "proteins.search", "--set", f"evalue={LONG}"),
    "on": ("run", "start", "proteins.search", "--example", "globins", "--on", LONG),
    "age": ("run", "delete", "--older-than", LONG),
    "command": (LONG,),
    "option": ("run", "list", f"--{LONG}"),
    "number": ("cluster", "start", "a", "--workers", LONG),
}


@pytest.mark.parametrize("what", CALLS)
def test_a_very_long_name_is_quoted_by_its_beginning(what, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path))
    for words in (CALLS[what], (*CALLS[what], "--json")):
        said = CliRunner().invoke(main, words)
        assert said.exit_code in (2, 3, 4)
        assert len(said.output) < 1500, said.output
        assert "aaaa" in said.output


def test_the_nearest_name_is_shortened_too():
    there = [f"{LONG}b"]
    assert len(str(NotFound.named("recipe", LONG[:100], there))) < 6000
    assert did_you_mean("alpah", ["alpha"]) == " Did you mean 'alpha'?"
    assert quoted("a b") == "'a b'"
    assert quoted(LONG).endswith("... (5,002 characters)")
