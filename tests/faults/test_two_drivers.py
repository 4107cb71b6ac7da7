"""One driver a run: resumers are told who holds it, and who wakes beside a successor leaves."""

import os
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from tests.faults.kit import WORKBENCH, Place, kill, until
from tests.needs import require_command, require_root
from workbench.runs.files import read_json, replace_json
from workbench.runs.lock import read_lock

SILENCE_S = 3.0
VALUES = {"n": 100, "seconds": 0.05}


@pytest.fixture
def place(monkeypatch):
    """Here a driver is gone after three seconds without a sign of life."""
    monkeypatch.setenv("WORKBENCH_SILENCE_S", str(SILENCE_S))
    with Place() as found:
        yield found


@pytest.fixture
def patient(monkeypatch):
    """Here nobody restarts a driver before half a minute is over."""
    monkeypatch.setenv("WORKBENCH_SILENCE_S", str(SILENCE_S))
    with Place(WORKBENCH_RESTART_DELAYS_S="30,30") as found:
        yield found


def interrupted(place):
    """A run that nobody drives or watches."""
    run = place.start("faults.steps", **VALUES)
    until(run.finished, 30, "a first receipt")
    kill(place.cluster()["pid"], "group")
    kill(run.driver(), "group")
    run.wait("interrupted")
    return run, run.finished()


def elsewhere(*words):
    """The command line on a computer of another name."""
    command = f'hostname elsewhere && exec "$0" {" ".join(words)}'
    return ["unshare", "--uts", "sh", "-c", command, WORKBENCH]


def test_who_resumes_a_driven_run_is_told_who_drives_it(shared):
    run = shared.start("faults.steps", **VALUES)
    until(run.finished, 30, "a first receipt")
    code, document = shared.json("run", "resume", run.id)
    assert code == 4
    assert document["error"]["code"] == "held"
    assert f"process {run.driver()} on {socket.gethostname()}" in document["error"]["message"]
    assert run.wait() == "completed", run.log()
    assert set(run.calls().values()) == {1}


def test_of_two_resumers_at_once_one_is_told_of_the_other(place):
    run, finished = interrupted(place)
    with ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(lambda _: place.json("run", "resume", run.id), range(2)))
    assert sorted(code for code, _ in codes) == [0, 4], codes
    [refused] = [document for code, document in codes if code == 4]
    assert f"process {run.driver()} on" in refused["error"]["message"]
    assert run.wait() == "completed", run.log()
    assert {run.calls()[task] for task in finished} == {1}
    epochs = [line["epoch"] for line in run.receipts()]
    assert set(epochs) == {1, read_lock(run.folder).epoch}


def test_from_another_host_a_driver_that_gives_signs_of_life_holds_the_run(shared):
    require_root("another host name")
    require_command("unshare", "util-linux")
    run = shared.start("faults.steps", **VALUES)
    until(run.finished, 30, "a first receipt")
    done = shared.spawn(*elsewhere("run", "resume", run.id), stderr=subprocess.PIPE)
    said = done.communicate(timeout=30)[1].decode()
    assert done.returncode == 4, said
    assert f"process {run.driver()} on {socket.gethostname()}" in said
    assert run.wait() == "completed", run.log()
    assert set(run.calls().values()) == {1}
    assert read_lock(run.folder).epoch == 1


def test_a_driver_that_hangs_is_followed_and_leaves_when_it_wakes(place):
    run = place.start("faults.steps", **VALUES)
    until(run.finished, 30, "a first receipt")
    hung = psutil.Process(run.driver())
    hung.send_signal(signal.SIGSTOP)
    finished = run.finished()
    journal = (run.folder / "tasks.1.jsonl").read_bytes()
    # Nobody asks: the cluster's process sees that there is no sign of life.
    until(lambda: read_lock(run.folder).epoch == 2, 60, f"a successor: {run.log()}")
    hung.send_signal(signal.SIGCONT)
    until(lambda: not hung.is_running(), 15, f"the end of the driver that woke: {run.log()}")
    assert (run.folder / "tasks.1.jsonl").read_bytes() == journal
    assert run.wait() == "completed", run.log()
    assert {run.calls()[task] for task in finished} == {1}
    assert read_lock(run.folder).epoch == 2


def test_a_run_whose_driver_hangs_can_be_resumed(place):
    run = place.start("faults.steps", **VALUES)
    until(run.finished, 30, "a first receipt")
    kill(place.cluster()["pid"], "group")
    hung = psutil.Process(run.driver())
    hung.send_signal(signal.SIGSTOP)
    code, document = place.json("run", "resume", run.id)
    assert (code, document["error"]["code"]) == (4, "held")
    run.wait("interrupted", within_s=SILENCE_S + 5)
    assert place.call("run", "resume", run.id, "--wait").returncode == 0, run.log()
    assert read_lock(run.folder).epoch == 2
    hung.send_signal(signal.SIGCONT)
    until(lambda: not hung.is_running(), 15, f"the end of the driver that woke: {run.log()}")
    assert run.state == "completed"


def test_a_driver_that_plans_for_long_keeps_its_run(place):
    assert place.start("faults.halves").wait() == "completed"
    # The cluster's process watches already, and would restart what is silent.
    run = place.start("faults.halves", planning=4 * SILENCE_S)
    assert run.wait() == "completed", run.log()
    assert read_lock(run.folder).epoch == 1


def test_a_stalled_driver_that_wakes_beside_its_successor_leaves(patient):
    require_root("another host name")
    require_command("unshare", "util-linux")
    place = patient
    run = place.start("faults.steps", **VALUES)
    until(run.finished, 30, "a first receipt")
    stalled = psutil.Process(run.driver())
    stalled.send_signal(signal.SIGSTOP)
    time.sleep(SILENCE_S + 0.5)
    finished = run.finished()
    journal = (run.folder / "tasks.1.jsonl").read_bytes()

    resumed = place.spawn(*elsewhere("run", "resume", run.id), stdout=subprocess.DEVNULL)
    assert resumed.wait(30) == 0
    until(lambda: read_lock(run.folder).epoch == 2, 30, "a successor")
    successor = read_lock(run.folder)
    assert successor.host == "elsewhere"
    stalled.send_signal(signal.SIGCONT)
    until(lambda: not stalled.is_running(), 15, f"the end of the driver that woke: {run.log()}")
    assert (run.folder / "tasks.1.jsonl").read_bytes() == journal
    assert read_lock(run.folder).epoch == 2
    assert run.state not in ("stopped", "failed"), run.log()

    # The other host is lost, too: the cluster's process notices its silence, and goes on here.
    os.kill(successor.pid, signal.SIGKILL)
    assert run.wait() == "completed", run.log()
    assert {run.calls()[task] for task in finished} == {1}
    assert read_lock(run.folder).epoch == 3


def test_a_run_whose_computer_was_restarted_can_be_resumed(place):
    run, finished = interrupted(place)
    lock = {**read_json(run.folder / "driver.lock"), "boot_id": "an earlier one"}
    replace_json(run.folder / "driver.lock", lock)
    assert run.state in ("starting", "running")
    run.wait("interrupted", within_s=SILENCE_S + 5)
    assert place.call("run", "resume", run.id, "--wait").returncode == 0, run.log()
    assert {run.calls()[task] for task in finished} == {1}


def test_a_run_whose_driver_cannot_begin_says_so_and_can_be_resumed(place):
    broken = place.site / "sitecustomize.py"
    broken.write_text(
        "import sys\nif 'workbench.driver' in sys.orig_argv: raise SystemExit('nothing begins')\n"
    )
    run = place.start("faults.steps", n=20, seconds=0.01)
    until(lambda: "nothing begins" in run.log(), 20, "the driver's last words")
    assert run.state == "queued"
    os.utime(run.folder / "status.json", (1, 1))
    code, shown = place.json("run", "show", run.id)
    assert (code, shown["state"]) == (0, "interrupted")
    assert f"the end of {run.folder / 'log'} may say why" in shown["message"]
    broken.unlink()
    assert place.call("run", "resume", run.id, "--wait").returncode == 0, run.log()
    assert set(run.calls().values()) == {1}
