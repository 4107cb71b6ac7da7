import errno
import io
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from workbench import service
from workbench.cli import main, show
from workbench.runs.files import read_json, replace_json
from workbench.runs.folder import new_run_folder
from workbench.runs.manifest import Manifest, read_manifest, write_manifest
from workbench.runs.status import DONE, describe, empty_status, write_status


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def a_run(state="completed", parameters=None, **more):
    folder = new_run_folder("mylab.dimer")
    manifest = Manifest(
        run_id=folder.name,
        recipe="mylab.dimer",
        version="1",
        pack="mylab-dimer",
        parameters=parameters or {},
        inputs={},
        clusters=("local",),
        code_hash="c",
        packages={},
        python="3.11",
        host="h",
        created="2026-01-01T00:00:00Z",
    )
    write_manifest(folder, manifest)
    write_status(folder, {**empty_status(3), "state": state, **more})
    return folder


def call(*words):
    return CliRunner().invoke(main, words)


@pytest.mark.parametrize("text", ["{", "[]", '{"v": 1}', '{"v": 2}', "of two folders"])
def test_a_damaged_run_is_told_and_hides_no_other(text):
    good, bad, last = a_run(), a_run(), a_run()
    (bad / "manifest.json").write_text(text)
    done = call("run", "list", "--json")
    assert done.exit_code == 0
    listed = [run["run_id"] for run in json.loads(done.stdout)["runs"]]
    assert sorted(listed) == sorted([good.name, last.name])
    assert str(bad) in done.stderr
    old = call("run", "delete", "--older-than", "1d", "--json")
    assert sorted(json.loads(old.stdout)["deleted"]) == sorted([good.name, last.name])
    assert bad.exists()


@pytest.mark.parametrize(
    ("altered", "words"),
    [
        ({"created": 7}, "is altered: its created is 7. Restore it"),
        ({"inputs": {"numbers": 3}}, "is altered: "),
        ({"inputs": {"numbers": {"path": "x", "bytes": 1}}}, "is altered: it has no stored. "),
        ({"inputs": {"numbers": {}}}, "is altered: "),
    ],
)
def test_a_description_that_was_altered_is_told(altered, words):
    folder = a_run()
    replace_json(folder / "manifest.json", {**read_json(folder / "manifest.json"), **altered})
    said = call("run", "show", folder.name)
    assert said.exit_code == 1
    assert f"{folder / 'manifest.json'} {words}" in said.output
    assert "defect" not in said.output


def test_a_run_elsewhere_whose_entry_is_damaged_hides_no_other(home):
    good = a_run()
    link = home / "runs" / "20260101-000000-away-000000.link.json"
    link.write_text("{")
    listed = json.loads(call("run", "list", "--json").stdout)["runs"]
    assert [run["run_id"] for run in listed] == [good.name]
    name = link.name.removesuffix(".link.json")
    assert f"Forget the run with: workbench run delete {name}" in call("run", "show", name).output
    assert call("run", "delete", name).exit_code == 0
    assert not link.exists()


def test_a_description_that_cannot_be_read_is_told():
    folder = a_run()
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").mkdir()
    said = call("run", "show", folder.name)
    assert said.exit_code == 4
    assert "manifest.json cannot be read or written: Is a directory." in said.output
    assert call("run", "list").exit_code == 0


ODD = [{"notes": 5}, {"notes": [1]}, {"per_cluster": [1]}, {"error": "x"}, {"after_epoch": "1"}]


@pytest.mark.parametrize(
    "text",
    ["{", "", "[]", '{"state": 3}', '{"v": 1, "state": "running"}']
    + [json.dumps({**empty_status(3), "state": "stopped", **odd}) for odd in ODD],
)
def test_a_status_that_was_damaged_from_outside_costs_no_run(text):
    good, hurt = a_run(), a_run("stopped")
    (hurt / "status.json").write_text(text)
    listed = json.loads(call("run", "list", "--json").stdout)["runs"]
    assert {run["run_id"] for run in listed} == {good.name, hurt.name}
    shown = json.loads(call("run", "show", hurt.name, "--json").stdout)
    assert shown["state"] == "stopped"
    assert "was damaged. What is finished is not lost" in shown["message"]
    assert call("run", "delete", hurt.name).exit_code == 0


def test_a_run_whose_driver_did_not_begin_is_interrupted_and_says_so():
    folder = a_run("queued")
    assert describe(folder)["state"] == "queued"
    os.utime(folder / "status.json", (1e9, 1e9))
    assert describe(folder)["state"] == "interrupted"
    assert describe(folder)["message"].startswith("No driver has taken it up; the end of ")
    assert f"workbench run resume {folder.name}" in call("run", "show", folder.name).output


def test_a_run_that_was_moved_away_is_not_suggested_under_its_own_name():
    folder = a_run()
    (folder / "manifest.json").unlink()
    said = call("run", "show", folder.name)
    assert said.exit_code == 3
    assert "holds no manifest.json: the run was moved away" in said.output
    assert "Did you mean" not in said.output


def test_a_place_where_nothing_may_be_written_is_refused(home, monkeypatch):
    def read_only(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system", str(home / "runs"))

    monkeypatch.setattr(Path, "mkdir", read_only)
    said = call("run", "list")
    assert said.exit_code == 4
    assert "Read-only file system" in said.output
    assert "WORKBENCH_HOME" in said.output


def test_a_page_of_runs_names_where_the_next_begins():
    names = sorted((a_run().name for _ in range(3)), reverse=True)
    first = json.loads(call("run", "list", "--limit", "2", "--json").stdout)
    assert [run["run_id"] for run in first["runs"]] == names[:2]
    assert first["next"] == names[1]
    after = ("run", "list", "--limit", "2", "--after", first["next"], "--json")
    rest = json.loads(call(*after).stdout)
    assert [run["run_id"] for run in rest["runs"]] == names[2:]
    assert rest["next"] is None
    assert call("run", "list", "--limit", "0").exit_code == 2


def test_figures_that_failed_are_told():
    folder = a_run(DONE[1], notes=["Figure ranks could not be drawn: no data"])
    assert "Figure ranks could not be drawn" in call("run", "show", folder.name).output


def test_a_complete_run_is_not_resumed_and_it_is_said_what_to_do():
    folder = a_run("completed_with_failures")
    with pytest.raises(service.Refused, match=f"workbench run retry {folder.name}$"):
        service.open_run(folder.name).resume()


def test_a_manifest_with_more_in_it_is_read():
    folder = a_run()
    replace_json(folder / "manifest.json", {**read_json(folder / "manifest.json"), "later": 1})
    assert read_manifest(folder).run_id == folder.name


def test_a_place_that_holds_no_folders_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(service.Refused, match=r"file: Not a directory\. .*--folder DIR"):
        new_run_folder("mylab.dimer", tmp_path / "file")


def test_a_home_that_is_a_file_is_refused(home):
    home.parent.mkdir(exist_ok=True)
    home.touch()
    done = call("run", "list")
    assert (done.exit_code, done.stderr.count("\n")) == (4, 1)
    assert f"The folder {home} of runs and clusters cannot be made" in done.stderr


def test_where_nothing_can_be_written_a_defect_is_told_all_the_same(home, monkeypatch):
    def defect(**_):
        raise ZeroDivisionError

    monkeypatch.setattr(service, "runs", defect)
    home.parent.mkdir(exist_ok=True)
    home.touch()
    done = call("run", "list", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["error"]["code"] == "unexpected"
    assert "Traceback" in done.stderr


def test_a_parameter_that_nobody_gave_is_not_set():
    folder = a_run(parameters={"max_hits": None, "evalue": 10.0})
    shown = call("run", "show", folder.name).stdout
    assert "max_hits    not set" in shown
    assert "None" not in shown
    page = call("recipe", "show", "proteins.search").stdout
    assert "max_hits  (default: not set" in page
    assert "None" not in page
    assert "evalue  (default 10.0" in page


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_a_list_on_a_narrow_terminal_cuts_nothing(monkeypatch, width):
    items = {"total": 12000, "done": 11999, "failed": 1, "not_run": 0}
    folders = [a_run("completed_with_failures", items=items), a_run("running")]
    out = io.StringIO()
    monkeypatch.setattr(show, "console", lambda: Console(file=out, width=width))
    assert call("run", "list").exit_code == 0
    lines = out.getvalue().splitlines()
    assert all(len(line) <= width for line in lines)
    assert "…" not in out.getvalue()
    for folder in folders:
        assert sum(f" {folder.name} " in line and "mylab.dimer" in line for line in lines) == 1
    words = {word for line in lines for word in line.split()}
    assert {"Finished,", "12,000", "failed", "Running"} <= words
    assert ("2026-01-01" in words) == (width > 100)
