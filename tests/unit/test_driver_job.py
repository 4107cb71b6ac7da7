from workbench.runs.driver_job import DriverJob, awaited
from workbench.runs.lock import DriverLock


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
