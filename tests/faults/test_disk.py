"""A full disk: said, waited for, and lost nothing; a run that cannot fit is refused."""

import gzip
import os
import subprocess
import time

import pytest

from tests.faults.kit import kill, same, until
from tests.needs import require_root

START = ("run", "start", "proteins.search", "--example", "globins")
VALUES = {"n": 2000, "size": 20, "seconds": 0.03}


@pytest.fixture
def small(place):
    """A file system of 24 MB below the place."""
    require_root("mounting a small file system")
    folder = place.root / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], check=True)
    yield folder
    # Detached at once, gone when the last process has left it.
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder, name="ballast", *, leave=0):
    """Take all room but `leave` bytes; return the file that holds it."""
    ballast = folder / name
    free = os.statvfs(folder)
    with ballast.open("wb", buffering=0) as file:
        file.truncate()
        os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - leave)
    return ballast


@pytest.fixture(scope="module")
def unbroken(shared):
    run = shared.start("faults.steps", **VALUES)
    assert run.wait() == "completed", run.log()
    return run.result()


@pytest.mark.parametrize("leave", [0, 65536])
def test_a_full_disk_is_said_and_the_run_goes_on_when_there_is_room(place, small, unbroken, leave):
    run = place.start("faults.steps", "--folder", small, **VALUES)
    until(run.finished, 30, "a first receipt")
    ballast = fill(small, leave=leave)
    run.wait("waiting", within_s=30)
    finished = run.finished()
    code, document = place.json("run", "show", run.id)
    assert (code, document["state"], document["error"]["code"]) == (0, "waiting", "no_space")
    assert f"The file system {small} that holds {run.folder} is full" in document["message"]
    assert " free). Make room: workbench run du" in document["message"]
    assert "goes on by itself once" in document["message"]

    ballast.unlink()
    assert run.wait() == "completed", run.log()
    assert run.describe()["error"] is None
    assert {run.calls()[task] for task in finished} == {1}
    same(run.result(), unbroken)


def test_a_driver_that_dies_on_a_full_disk_loses_nothing(place, small):
    run = place.start("faults.steps", "--folder", small, **VALUES)
    until(run.finished, 30, "a first receipt")
    ballast = fill(small)
    run.wait("waiting", within_s=30)
    finished = run.finished()
    # What the driver had kept in reserve to say so is taken, too.
    rest = fill(small, "rest")
    kill(run.driver(), "pid")
    time.sleep(5)
    assert run.state in ("interrupted", "waiting"), run.log()
    rest.unlink()
    ballast.unlink()
    assert run.wait() == "completed", run.log()
    assert {run.calls()[task] for task in finished} == {1}


def test_a_full_disk_while_the_result_is_written(place, small):
    run = place.start("faults.steps", "--folder", small, **VALUES)
    until(lambda: len(run.finished()) > 60, 30, "most of the run")
    ballast = fill(small, leave=300_000)
    run.wait("waiting", "completed", within_s=30)
    ballast.unlink()
    assert run.wait() == "completed", run.log()


def test_a_stopped_run_on_a_full_disk_stops(place, small):
    run = place.start("faults.steps", "--folder", small, **VALUES)
    until(run.finished, 30, "a first receipt")
    ballast = fill(small, leave=32768)
    run.wait("waiting", within_s=30)
    (run.folder / "control" / "stop.json").write_text("{}")
    assert run.wait("stopped", within_s=30) == "stopped"
    rest = fill(small, "rest")
    code, document = place.json(*place.words("faults.steps", "--folder", small, n=10, side=""))
    assert (code, document["error"]["code"]) == (4, "no_space")
    assert "Make room" in document["error"]["message"]
    rest.unlink()
    ballast.unlink()
    assert place.call("run", "resume", run.id, "--wait").returncode == 0, run.log()


def test_what_does_not_begin_says_which_disk_is_full(place, small):
    folder = small / "home" / "runs"
    folder.mkdir(parents=True)
    home, place.env["WORKBENCH_HOME"] = place.env["WORKBENCH_HOME"], str(small / "home")
    ballast = fill(small, leave=30_000)
    starts = place.words("faults.steps", n=10, side=""), ["cluster", "start", "a"]
    told = (
        f"are free on the file system of {small / 'home'}",
        f"The file system {small} that holds {small / 'home'}",
    )
    for words, disk in zip(starts, told, strict=True):
        code, document = place.json(*words)
        said = document["error"]["message"]
        assert (code, document["error"]["code"]) == (4, "no_space"), said
        assert disk in said
        assert "workbench run du shows what runs take" in said
    rest = fill(small, "rest")
    for words in starts:
        code, document = place.json(*words)
        assert (code, document["error"]["code"]) == (4, "no_space")
        assert "0 B" in document["error"]["message"]
    assert place.json("run", "list")[1]["runs"] == []
    rest.unlink()
    ballast.unlink()
    place.env["WORKBENCH_HOME"] = home


@pytest.mark.parametrize("leave", [8192, 65536])
def test_a_run_on_a_disk_without_room_for_its_status_says_so(place, small, leave):
    run = place.start("faults.steps", "--folder", small, **VALUES)
    until(run.finished, 30, "a first receipt")
    assert place.call("run", "stop", run.id).returncode == 0
    assert run.wait() == "stopped"
    # What a driver keeps in reserve to say so is taken, too.
    ballast = fill(small, leave=leave)
    again = place.call("run", "resume", run.id)
    assert again.returncode == 0, again.stderr
    full = f"The file system {small} that holds {run.folder} is full"
    until(lambda: full in run.describe()["message"], 20, "what holds it up")
    assert "goes on by itself once 8 MB are free" in run.describe()["message"]
    ballast.unlink()
    assert run.wait() == "completed", run.log()


def test_a_run_that_cannot_fit_is_refused(place, small):
    code, document = place.json(
        *place.words("faults.steps", "--folder", small, n=1_000_000, side="")
    )
    assert (code, document["error"]["code"]) == (4, "no_space")
    assert "free on the file system" in document["error"]["message"]
    assert list(small.iterdir()) == []
    assert place.json("run", "list")[1]["runs"] == []


def test_a_search_whose_database_would_not_fit_unpacked_is_refused(place, small):
    """What the first stage writes counts, too, not only what is copied and what is found."""
    database = place.root / "database.fa.gz"
    with gzip.open(database, "wb", compresslevel=1) as file:
        # Blanks are read over: the file holds little, and takes 40 MB.
        file.writelines([b">a\nMKVLAW\n", *[b" " * 9999 + b"\n"] * 4000, b">b\nMKV\n"])
    assert database.stat().st_size < 2**20
    sets = ("--set", f"database={database}", "--folder", small)
    code, document = place.json(*START, *sets)
    assert (code, document["error"]["code"]) == (4, "no_space")
    assert "MB on disk, but only" in document["error"]["message"]
    assert list(small.iterdir()) == []
