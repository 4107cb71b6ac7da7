"""Stop, resume, delete and leave runs; what they take on disk."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.kit import WORKBENCH, same, until
from workbench.runs.folder import folder_bytes

SLOW = {"n": 200, "seconds": 0.05}


def running(place):
    run = place.start("faults.steps", **SLOW)
    until(run.finished, 30, "a first receipt")
    return run


def files_below(folder):
    return sum(len(files) for _, _, files in os.walk(folder))


def test_a_stopped_run_goes_on_where_it_was(shared):
    run = running(shared)
    code, document = shared.json("run", "stop", run.id)
    assert (code, document["state"]) == (0, "stopped")
    assert 0 < document["items"]["done"] < SLOW["n"]
    assert document["driver"] is None
    finished, calls = run.finished(), run.calls()
    assert set(calls) == finished
    assert shared.call("run", "wait", run.id).returncode == 1
    code, document = shared.json("run", "stop", run.id)
    assert code == 4
    assert "nothing to stop" in document["error"]["message"]

    code, document = shared.json("run", "resume", run.id)
    assert (code, document["run_id"]) == (0, run.id)
    assert run.wait() == "completed", run.log()
    assert set(run.calls().values()) == {1}
    code, document = shared.json("run", "resume", run.id)
    assert code == 4
    assert "complete" in document["error"]["message"]


def test_delete_and_du(shared):
    run = running(shared)
    code, document = shared.json("run", "delete", run.id)
    assert (code, document["error"]["code"]) == (4, "held")
    assert f"workbench run stop {run.id}" in document["error"]["message"]
    assert run.wait() == "completed", run.log()

    _, listed = shared.json("run", "list")
    [size] = [entry["bytes"] for entry in listed["runs"] if entry["run_id"] == run.id]
    taken = folder_bytes(run.folder)
    assert size == pytest.approx(taken, rel=0.1)
    _, du = shared.json("run", "du")
    assert {"run_id": run.id, "bytes": taken} in du["runs"]
    assert du["bytes"] == sum(entry["bytes"] for entry in du["runs"])
    assert re.search(rf"[\d.]+ [kM]B  {run.id}", shared.call("run", "du").stdout)

    before = run.result()
    code, document = shared.json("run", "delete", run.id, "--keep-result")
    assert (code, document["deleted"]) == (0, [run.id])
    assert document["bytes"] == taken - folder_bytes(run.folder)
    same(run.result(), before)
    code, document = shared.json("run", "show", run.id, "--verify")
    assert (code, document["state"], document["verify"]["sound"]) == (0, "completed", True)

    code, document = shared.json("run", "delete", run.id)
    assert (code, document["deleted"]) == (0, [run.id])
    assert not run.folder.exists()
    assert shared.json("run", "show", run.id)[0] == 3


def test_a_run_in_another_folder_is_listed_and_deleted_there(shared):
    run = shared.start("faults.steps", "--folder", shared.root / "far", n=10)
    assert run.wait() == "completed", run.log()
    assert run.folder.parent == shared.root / "far"
    assert run.id in [entry["run_id"] for entry in shared.json("run", "list")[1]["runs"]]
    assert shared.call("run", "delete", run.id).returncode == 0
    assert list((shared.root / "far").iterdir()) == []
    assert run.id not in [entry["run_id"] for entry in shared.json("run", "list")[1]["runs"]]


def controlled():
    """Make standard input the terminal of the new session, so that Ctrl-C reaches it."""
    # A shell starts what it puts into the background deaf to Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def shown(terminal):
    """What a terminal showed until its other end was closed."""
    found = b""
    while True:
        try:
            data = os.read(terminal, 4096)
        except OSError:
            return found.decode()
        found += data


def test_ctrl_c_leaves_the_run_alone_and_says_how_to_stop_it(shared):
    side = shared.side()
    mine, theirs = pty.openpty()
    words = shared.words("faults.steps", "--wait", **SLOW, side=side)
    child = shared.spawn(
        WORKBENCH,
        *words,
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=controlled,
    )
    os.close(theirs)
    until(side.exists, 30, "a first kernel call")
    os.write(mine, b"\x03")
    said = child.communicate(timeout=20)[1].decode()
    shown(mine)
    os.close(mine)
    assert child.returncode == 130
    [run_id] = set(re.findall(r"workbench run stop (\S+?);?\s", said))
    code, document = shared.json("run", "wait", run_id)
    assert (code, document["state"]) == (0, "completed")


def test_a_terminal_shows_progress_and_then_the_end(shared):
    mine, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 110, 0, 0))
    words = shared.words("faults.steps", "--wait", **SLOW, side=shared.side())
    child = shared.spawn(WORKBENCH, *words, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = shown(mine)
    os.close(mine)
    assert child.wait(20) == 0, said
    counts = [int(count) for count in re.findall(r"main\b[^\n]*?(\d+)/200", said)]
    assert counts == sorted(counts)
    assert len(set(counts)) > 2, counts
    bars, _, end = said.rpartition("\x1b[2K")
    assert "━" in bars
    assert "━" not in end
    assert "Finished, 200 of 200 items" in end
    assert re.search(r"workbench run open \S+-steps-", end)


def test_a_terminal_that_is_closed_leaves_the_run_alone(shared):
    side = shared.side()
    mine, theirs = pty.openpty()
    words = shared.words("faults.steps", "--wait", **SLOW, side=side)
    child = shared.spawn(
        WORKBENCH,
        *words,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=controlled,
    )
    os.close(theirs)
    until(side.exists, 30, "a first kernel call")
    os.close(mine)
    assert child.wait(20) in (-signal.SIGHUP, 1)
    newest = shared.json("run", "list", "--limit", "1")[1]["runs"][0]
    code, document = shared.json("run", "wait", newest["run_id"])
    assert (code, document["state"]) == (0, "completed")


def files_of(place, n):
    """Run many items; return the most files that there were on the way, and those at the end."""
    run = place.start("faults.steps", n=n, side="")
    most = 0
    while run.state not in ("completed", "failed"):
        most = max(most, files_below(run.folder))
        time.sleep(0.1)
    assert run.describe()["items"] == {"total": n, "done": n, "failed": 0, "not_run": 0}, run.log()
    return most, files_below(run.folder)


def test_100_000_items_are_few_files(shared):
    most, left = files_of(shared, 100_000)
    assert (most <= 2000, left <= 200) == (True, True), (most, left)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_1_000_000_items_are_few_files(shared):
    most, left = files_of(shared, 1_000_000)
    assert (most <= 2000, left <= 200) == (True, True), (most, left)


@pytest.mark.long
def test_twenty_runs_at_once_end_and_keep_to_themselves(shared):
    sizes = range(100, 120)
    with ThreadPoolExecutor(5) as pool:
        begun = pool.map(lambda n: shared.start("faults.steps", n=n, seconds=0.005), sizes)
        runs = list(begun)
    for n, run in zip(sizes, runs, strict=True):
        assert run.wait(within_s=150) == "completed", run.log()
        assert run.calls() == {("main", task): 1 for task in range(n)}
        assert run.opened()["square"].values.tolist() == [x**2 for x in range(n)]
