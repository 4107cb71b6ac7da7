import subprocess
import sys
import time

import pytest

from workbench.clusters.folder import ClusterFolder
from workbench.clusters.process.served import ServedRuns, remaining_workers
from workbench.errors import Refused
from workbench.runs.files import read_json, replace_json
from workbench.runs.lock import DriverLock
from workbench.runs.status import empty_status, write_status


@pytest.fixture
def run(tmp_path):
    write_status(tmp_path, empty_status(1))
    DriverLock.acquire(tmp_path, "r")
    return tmp_path


@pytest.fixture
def served(tmp_path):
    folder = ClusterFolder(tmp_path / "c")
    folder.path.mkdir()
    return ServedRuns(folder, 2)


def entries(folder, **more):
    return {"r": {"folder": str(folder), **more}}


def test_a_driven_run_is_alive(run, served):
    assert served.look(entries(run)) == ["r"]


@pytest.mark.parametrize("state", ["completed", "completed_with_failures", "failed", "stopped"])
def test_a_run_at_its_end_is_not(run, served, state):
    write_status(run, {**empty_status(1), "state": state})
    assert served.look(entries(run)) == []


def test_a_deleted_run_is_not(run, served):
    assert served.look(entries(run / "absent")) == []


def test_a_run_whose_files_are_damaged_is_not_given_up(run, served):
    (run / "status.json").write_text("{")
    assert served.look(entries(run)) == ["r"]


def test_a_run_that_is_deleted_before_it_had_a_driver_ends_no_cluster(tmp_path, served):
    run = tmp_path / "r"
    run.mkdir()
    served.folder.announce("r", run, 2)
    assert served.look({}) == []
    assert served.folder.announced(2) == {}


def test_a_driver_that_cannot_be_started_now_ends_no_cluster(run, served, monkeypatch):
    def refuse(drivers, folder):
        raise Refused("no process could be started")

    monkeypatch.setenv("WORKBENCH_RESTART_DELAYS_S", "0,0,0")
    monkeypatch.setattr("workbench.clusters.drivers.Drivers.start", refuse)
    replace_json(run / "driver.lock", {**read_json(run / "driver.lock"), "start_ticks": 1})
    assert served.look(entries(run)) == ["r"]


def test_a_dead_driver_is_restarted_three_times(run, served, monkeypatch):
    monkeypatch.setenv("WORKBENCH_RESTART_DELAYS_S", "0,0,0")
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    lock = {**read_json(run / "driver.lock"), "pid": child.pid}
    replace_json(run / "driver.lock", lock)
    # The folder has no manifest, so that each new driver ends before it takes the lock.
    deadline = time.monotonic() + 30
    while served.look(entries(run)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert served.guards["r"].restarts == 3
    assert served.look(entries(run)) == []
    assert served.guards["r"].restarts == 3
    assert served.look({}) == []
    assert served.guards == {}


def test_a_run_is_watched_before_its_driver_registers_it(run, served):
    served.folder.announce("early", run, 2)
    served.folder.announce("old", run, 1)
    assert served.look({}) == ["early"]
    assert list(served.folder.announced(1)) == []
    write_status(run, {**empty_status(1), "state": "completed"})
    assert served.look({}) == []
    assert served.folder.announced(2) == {}


def test_the_work_of_all_runs_adds_up():
    work = {"a": {"remaining_workers": 3}, "b": {}, "c": {"remaining_workers": 2}}
    assert remaining_workers(work) == 5
