"""The list of runs: searched, paged, true to the folders, rebuilt wherever it is lost."""

import json
import os
import time

import pytest

from workbench.runs.index import RunIndex
from workbench.runs.manifest import Input, Manifest, write_manifest
from workbench.runs.status import empty_status, write_status


def make(home, run_id, state="completed", recipe="lab.one", file="a.txt"):
    """A run as its submitter and its driver leave it."""
    folder = home / "runs" / run_id
    folder.mkdir(parents=True, exist_ok=True)
    entry = Input(path=f"/data/{file}", stored=None, bytes=1, sha256="0", ends=None)
    told = {"code_hash": "0", "packages": {}, "python": "3", "host": "h", "pack": "lab"}
    manifest = Manifest(
        run_id=run_id,
        recipe=recipe,
        version="1",
        parameters={},
        inputs={"file": entry},
        clusters=("local",),
        created="2026-01-01T00:00:00Z",
        **told,
    )
    write_status(folder, {**empty_status(1), "state": state})
    write_manifest(folder, manifest)
    return folder


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def index(home, tmp_path):
    for n in range(1, 8):
        make(home, f"2026010{n}-one-{n}")
    make(home, "20260201-two-a", state="failed", recipe="lab.two", file="B_50%.txt")
    found = RunIndex(tmp_path / "index.sqlite")
    yield found
    found.close()


def ids(page):
    return [run["run_id"] for run in page["runs"]]


def test_pages_follow_each_other_the_newest_first(index):
    first = index.page(limit=3)
    assert ids(first) == ["20260201-two-a", "20260107-one-7", "20260106-one-6"]
    assert first["total"] == 8
    rest = index.page(limit=3, after=first["next"])
    assert ids(rest) == ["20260105-one-5", "20260104-one-4", "20260103-one-3"]
    last = index.page(limit=3, after=rest["next"])
    assert ids(last) == ["20260102-one-2", "20260101-one-1"]
    assert last["next"] is None


def test_every_word_has_to_be_there(index):
    assert ids(index.page(text="b_50% TWO")) == ["20260201-two-a"]
    assert ids(index.page(text="b_50% one")) == []
    assert ids(index.page(text="a.txt", limit=2)) == ["20260107-one-7", "20260106-one-6"]
    assert index.page(text="a.txt", limit=2)["total"] == 7


def test_signs_of_the_query_language_are_letters(index):
    for text in ("%", "_", "'", '"', "x' OR '1'='1", "\\", "\0"):
        assert len(ids(index.page(text=text))) == (1 if text in "%_" else 0), text


def test_states_are_those_of_the_folders(home, index):
    assert ids(index.page(states=["failed"])) == ["20260201-two-a"]
    assert index.page(states=["completed"])["total"] == 7
    folder = home / "runs" / "20260103-one-3"
    write_status(folder, {**empty_status(1), "state": "stopped"})
    os.utime(folder / "status.json", ns=(1, 1))
    assert (
        next(run for run in index.page()["runs"] if "one-3" in run["run_id"])["state"] == "stopped"
    )
    assert ids(index.page(states=["stopped"])) == ["20260103-one-3"]


def test_what_comes_and_goes_is_seen(home, index):
    assert index.page()["total"] == 8
    make(home, "20260301-three-b")
    assert ids(index.page(text="three")) == ["20260301-three-b"]
    (home / "runs" / "20260301-three-b" / "manifest.json").unlink()
    for file in (home / "runs" / "20260301-three-b").iterdir():
        file.unlink()
    (home / "runs" / "20260301-three-b").rmdir()
    assert ids(index.page(text="three")) == []
    assert index.page()["total"] == 8


def test_live_runs_are_told_and_read_anew(home, index):
    folder = make(home, "20260401-live-c", state="running")
    assert [run["run_id"] for run in index.running()] == ["20260401-live-c"]
    write_status(folder, {**empty_status(1), "state": "completed"})
    assert index.running() == []


def test_a_damaged_run_hides_no_other(home, index):
    (home / "runs" / "20260501-bad-d").mkdir()
    (home / "runs" / "20260501-bad-d" / "manifest.json").write_text("{")
    assert "20260201-two-a" in ids(index.page())
    assert index.page(text="one")["total"] == 7


def test_a_lost_or_broken_index_is_made_again(home, index, tmp_path):
    assert index.page(text="one")["total"] == 7
    index.close()
    (tmp_path / "index.sqlite").write_bytes(b"no database" * 1000)
    again = RunIndex(tmp_path / "index.sqlite")
    assert again.page(text="one")["total"] == 7
    again.close()


def test_an_index_that_is_removed_or_broken_while_it_is_used_is_made_again(home, index, tmp_path):
    file = tmp_path / "index.sqlite"
    assert index.page(text="one")["total"] == 7
    file.unlink()
    assert index.page(text="one")["total"] == 7
    assert file.exists()
    with file.open("r+b") as broken:
        broken.write(b"no database" * 10_000)
    make(home, "20260601-one-more")
    assert index.page(text="one")["total"] == 8


def test_where_no_index_can_be_written_the_runs_are_found_all_the_same(index, tmp_path):
    (tmp_path / "no-file").mkdir()
    inner = RunIndex(tmp_path / "no-file")
    assert inner.page(text="one")["total"] == 7
    inner.close()


def test_the_index_is_private(index, tmp_path):
    assert (tmp_path / "index.sqlite").stat().st_mode & 0o077 == 0


def test_many_runs_are_filled_in_little_by_little(home, index):
    for n in range(60):
        make(home, f"20250101-many-{n:02}")
    steps = 0
    while not index.fill(20):
        steps += 1
    assert steps >= 2
    found = index.page(text="many", limit=500)
    assert (found["total"], found["complete"]) == (60, True)
    assert json.dumps(found)


def test_a_page_waits_for_nobody_else_to_be_read(home, index):
    for n in range(300):
        make(home, f"20240101-old-{n:03}")
    begun = time.monotonic()
    assert len(ids(index.page(limit=5))) == 5
    assert time.monotonic() - begun < 2.0


def test_a_run_that_is_seen_while_its_folder_is_made_is_listed_a_moment_later(home, index):
    assert index.running() == []
    (home / "runs" / "20260301-late").mkdir()
    assert index.running() == []
    make(home, "20260301-late", state="running")
    assert [run["run_id"] for run in index.running()] == ["20260301-late"]


def test_news_is_what_begins_and_what_ends(home, index):
    before = index.news()
    assert index.news() == before
    folder = make(home, "20260301-new", state="queued")
    begun = index.news()
    assert begun != before
    assert index.news() == begun
    write_status(folder, {**empty_status(1), "state": "completed"})
    ended = index.news()
    assert ended != begun
    assert index.news() == ended
