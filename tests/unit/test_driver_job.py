import os
from types import SimpleNamespace

from tests.unit.test_run_index import make
from workbench.clusters import drivers
from workbench.clusters.drivers import Drivers
from workbench.runs.driver_job import DriverJob, awaited
from workbench.runs.files import replace_json
from workbench.runs.lock import DriverLock, read_lock
from workbench.runs.status import describe


def test_a_job_is_awaited_until_its_driver_holds_the_run(tmp_path):
    assert awaited(tmp_path) is None
    job = DriverJob("slurm", "workbench-driver-1", "4711", 0.0, after_epoch=0)
    job.write(tmp_path)
    assert awaited(tmp_path) == job
    assert str(job) == "job 4711 of slurm"
    DriverLock.acquire(tmp_path, "r")
    assert awaited(tmp_path) is None
    DriverJob("slurm", "workbench-driver-2", None, 0.0, after_epoch=1).write(tmp_path)
    assert str(awaited(tmp_path)) == "job workbench-driver-2 of slurm"


def dead_driver(folder):
    """The lock of a driver that is gone."""
    DriverLock.acquire(folder, folder.name)
    holder = read_lock(folder)
    replace_json(folder / "driver.lock", {**vars(holder), "start_ticks": 1, "pid": os.getpid()})


def test_a_run_whose_next_driver_waits_as_a_job_is_queued(tmp_path):
    folder = make(tmp_path, "20260101-one-1", state="running")
    dead_driver(folder)
    assert describe(folder)["state"] == "interrupted"
    DriverJob("slurm", "workbench-driver-2", "4711", 0.0, after_epoch=1).write(folder)
    shown = describe(folder)
    assert (shown["state"], shown["driver_job"]["job_id"]) == ("queued", "4711")
    assert "job 4711 of slurm" in shown["message"]
    DriverLock.acquire(folder, folder.name)
    shown = describe(folder)
    assert (shown["state"], shown["driver_job"]) == ("running", None)


def test_who_submits_a_driver_overwrites_no_word_of_one_that_lives(tmp_path, monkeypatch):
    folder = make(tmp_path, "20260101-one-1", state="running")
    before = (folder / "status.json").read_bytes()

    def submit(scheduler, asked, script):
        # Another guard's job was quicker: its driver drives already.
        DriverLock.acquire(folder, folder.name)
        return SimpleNamespace(job_id="4711")

    monkeypatch.setattr(drivers, "_way", lambda folder: "job")
    monkeypatch.setattr(drivers.small_job, "request", lambda *_, **__: ("slurm", None))
    monkeypatch.setattr(drivers, "latest", lambda site: None)
    monkeypatch.setattr(drivers.small_job, "submit", submit)
    assert "job 4711" in Drivers().start(folder).job
    assert (folder / "status.json").read_bytes() == before
    assert describe(folder)["state"] == "running"
