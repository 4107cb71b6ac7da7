"""Runs by the beginning or the end of their ids, and files and words that were typed in haste."""

import json

import pytest
from click.testing import CliRunner

from tests.packs import workbench
from workbench import service
from workbench.cli import main
from workbench.errors import NotFound
from workbench.runs.folder import delete_run
from workbench.submission import check_values
from workbench_proteins.search import recipe

START = ("run", "start", "proteins.search", "--example", "globins")


@pytest.fixture
def three(tmp_path, monkeypatch):
    """Three runs that were prepared and not started, the newest first."""
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    values = recipe.examples[0].values()
    made = [service.prepare("proteins.search", values).id for _ in range(3)]
    return sorted(made, reverse=True)


def call(*words):
    return CliRunner().invoke(main, words)


def shown(text):
    """Exit code and id of what ``run show`` shows for a text."""
    done = call("run", "show", text, "--json")
    return done.exit_code, json.loads(done.stdout).get("run_id", done.stdout)


def test_an_end_of_an_id_or_the_word_last_will_do(three):
    assert shown(three[1][-6:]) == (0, three[1])
    assert shown("last") == (0, three[0])
    assert shown(three[2]) == (0, three[2])
    listed = json.loads(call("run", "list", "--after", three[0][-6:], "--json").stdout)
    assert [run["run_id"] for run in listed["runs"]] == three[1:]


def test_what_is_deleted_is_named_in_full(three):
    for part in (three[1][-6:], "last"):
        assert call("run", "delete", part).exit_code == 3
    assert call("run", "delete", three[0], three[1]).exit_code == 0
    assert [run.id for run in service.runs()] == [three[2]]
    assert shown(three[2][:10]) == (0, three[2])


def test_what_may_be_several_runs_is_refused_and_too_little_is_no_name(three):
    code, said = shown(three[0][:6])
    assert (code, "may be each of 3 runs" in said) == (2, True)
    assert shown(three[0][-3:])[0] == 3
    assert call("run", "delete", "").exit_code == 3
    assert len(list(service.runs())) == 3


def test_other_front_ends_give_whole_ids(three):
    with pytest.raises(NotFound):
        service.open_run("last")
    with pytest.raises(NotFound):
        service.open_run(three[0][-6:])


def test_last_of_no_runs(three):
    for one in three:
        delete_run(one)
    assert "There is no run yet" in call("run", "show", "last").output


def test_a_value_that_is_given_twice_is_refused_with_both(three):
    said = call(*START, "--set", "queries=a.fa", "--set", "queries=b.fa")
    assert said.exit_code == 2
    assert "queries: --set gives it twice, 'a.fa' and 'b.fa': give it once." in said.output


def test_a_file_of_parameters_that_is_not_there(three):
    said = call(*START, "--params", "nofile")
    assert said.exit_code == 2
    assert "--params nofile: there is no such file" in said.output


@pytest.mark.parametrize("blanks", ["  {} ", "{}\n", "\t{}"])
def test_blanks_around_a_path_are_no_part_of_it(three, tmp_path, blanks):
    values = recipe.examples[0].values()
    there = tmp_path / "mine.fa"
    there.write_bytes(values["queries"].read_bytes())
    checked = check_values(recipe, {**values, "queries": blanks.format(there)})
    assert checked.problems == ()
    assert checked.parameters.queries == there
    odd = tmp_path / " mine.fa "
    odd.write_bytes(there.read_bytes())
    assert check_values(recipe, {**values, "queries": str(odd)}).parameters.queries == odd


def test_a_run_below_another_folder_says_where_it_lies(tmp_path):
    home, other = tmp_path / "home", tmp_path / "new" / "one"
    try:
        done = workbench(*START, "--folder", other, home=home)
        assert done.returncode == 0, done.stderr
        [folder] = other.iterdir()
        assert f"lies in {folder}" in done.stdout.replace("\n", "")
        assert workbench("run", "wait", "last", home=home).returncode == 0
    finally:
        workbench("cluster", "stop", "local", home=home)
