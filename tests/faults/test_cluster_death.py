"""A cluster whose processes die, hang or are started twice."""

import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from distributed.scheduler import KilledWorker

from tests.needs import require_root
from workbench.client import connect
from workbench.clusters import handle
from workbench.clusters.folder import ClusterFolder
from workbench.clusters.spec import ClusterSpec
from workbench.errors import Refused
from workbench.runs.lock import DriverLock
from workbench.runs.status import empty_status, write_status

pytestmark = pytest.mark.faults

START = """
import json, sys
from workbench.clusters import handle
sys.stdin.read()
status = getattr(handle, sys.argv[1])("local").wait_running(60)
print(json.dumps([status["pid"], status["generation"]]))
"""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.delenv("WORKBENCH_LOGIN_NODE", raising=False)
    monkeypatch.setattr("tempfile.tempdir", None)
    yield tmp_path / "home"
    for cluster in handle.clusters():
        cluster.stop()
    assert wait_until(lambda: not processes_of(tmp_path)), processes_of(tmp_path)


def processes_of(folder):
    """Every process whose command line or working folder lies in a test's folder."""
    found = []
    for process in psutil.process_iter(["cwd", "cmdline", "status"]):
        text = " ".join([str(process.info["cwd"]), *(process.info["cmdline"] or [])])
        if str(folder) in text and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append((process.pid, text))
    return found


def wait_until(true, within_s=20.0):
    deadline = time.monotonic() + within_s
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


def small(name, memory_bytes=0, **changes):
    """Ask for a cluster that `ensure` starts."""
    folder = ClusterFolder.of(name)
    folder.make()
    size = {"minimum": 1, "maximum": 1, "memory_bytes": memory_bytes or None}
    folder.write_spec(ClusterSpec(name=name, **{**size, **changes}))
    return handle.ensure(name)


def worker_pid(cluster):
    """The process of a cluster's one worker; None while it is being replaced."""
    found = cluster.status()["worker_processes"]
    return found[0]["pid"] if found else None


def hold_gil(seconds, begun=None):
    def hold():
        import ctypes
        import os
        from pathlib import Path

        if begun:
            Path(begun).touch()
        ctypes.PyDLL(None).sleep(seconds)
        return os.getpid()

    return hold


@pytest.mark.parametrize("how", ["start", "ensure"])
def test_however_many_start_it_there_is_one(home, how):
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", START, how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for starter in starters:
        starter.stdin.close()
    found = [json.load(starter.stdout) for starter in starters]
    for starter in starters:
        starter.stdout.close()
        assert starter.wait() == 0
    assert found == [found[0]] * 3
    alive = [pid for pid, text in processes_of(home) if "workbench.clusters.process /" in text]
    assert alive == [found[0][0]]


def test_a_killed_process_leaves_nothing_and_comes_back(home, tmp_path):
    cluster = handle.start("local", workers=2)
    first = cluster.wait_running(60, workers=2)
    begun = tmp_path / "begun"
    with connect() as client:
        held = client.submit(hold_gil(60, begun))
        assert wait_until(begun.exists)
        os.kill(first["pid"], signal.SIGKILL)
        # The worker that holds the GIL is gone, too, long before its minute is over.
        assert wait_until(lambda: not processes_of(tmp_path))
        del held
    assert cluster.status()["state"] == "failed"
    assert "ended without a word" in cluster.status()["reason"]
    assert cluster.status()["worker_processes"] == []
    assert cluster.connection() is None
    with pytest.raises(Refused, match="is failed"):
        connect()
    with pytest.raises(Refused, match="workbench cluster start local"):
        cluster.scale(3)
    again = handle.ensure("local").wait_running(60, workers=2)
    assert again["generation"] == first["generation"] + 1
    assert again["workers"]["asked"] == 2
    with connect() as client:
        assert client.submit(pow, 2, 5).result() == 32


def test_sigterm_ends_it_in_order(home, tmp_path):
    cluster = small("local")
    status = cluster.wait_running(60, workers=1)
    place = cluster.connection().node_dir
    assert place.exists()
    os.kill(status["pid"], signal.SIGTERM)
    assert wait_until(lambda: cluster.status()["state"] == "stopped")
    assert cluster.status()["reason"] == "it was sent SIGTERM"
    assert not (cluster.folder / "scheduler.json").exists()
    assert list((cluster.folder / "tls").iterdir()) == []
    assert not place.exists()
    assert wait_until(lambda: not processes_of(tmp_path))
    assert cluster.stop()["state"] == "stopped"
    assert not (cluster.folder / "control" / "stop.json").exists()


def test_dead_workers_are_replaced_and_name_the_task(home):
    cluster = small("local")
    cluster.wait_running(60, workers=1)
    with connect() as client:

        def leave():
            import os

            os._exit(3)

        pids = [worker_pid(cluster)]

        def replaced():
            """Wait for another worker process; return whether it works."""
            assert wait_until(lambda: worker_pid(cluster) not in (None, pids[-1]))
            pids.append(worker_pid(cluster))
            return client.submit(os.getpid, pure=False).result(timeout=30) == pids[-1]

        assert isinstance(client.submit(leave).exception(timeout=30), KilledWorker)
        assert replaced()
        os.kill(pids[-1], signal.SIGKILL)
        assert replaced()
        # The process that workers are forked from:
        forkserver = psutil.Process(pids[-1]).parent()
        assert "forkserver" in " ".join(forkserver.cmdline())
        forkserver.kill()
        assert replaced()
    assert cluster.status()["state"] == "running"


def test_a_kernel_that_holds_the_gil_is_left_alone(home):
    cluster = small("local")
    cluster.wait_running(60, workers=1)
    before = worker_pid(cluster)
    with connect() as client:
        assert client.submit(hold_gil(20)).result(timeout=60) == before
        assert worker_pid(cluster) == before
        # One that does not let go does not keep the cluster from ending.
        held = client.submit(hold_gil(60))
        assert wait_until(lambda: client.processing() and any(client.processing().values()))
        begun = time.monotonic()
        assert cluster.stop()["state"] == "stopped"
        assert time.monotonic() - begun < 30
        del held


def test_what_needs_too_much_memory_gets_an_error(home):
    cluster = small("local", memory_bytes=600 * 2**20)
    cluster.wait_running(60, workers=1)
    before = worker_pid(cluster)

    def at_once():
        import numpy as np

        return np.ones(10**9).sum()

    def bit_by_bit():
        held = []
        while True:
            held.append(bytearray(2**24))

    def shared():
        """Grow where no limit of the process counts."""
        import mmap

        held = []
        while True:
            held.append(mmap.mmap(-1, 2**24))
            held[-1].write(b"x" * 2**24)

    with connect() as client:
        for kernel in (at_once, bit_by_bit):
            assert isinstance(client.submit(kernel).exception(timeout=30), MemoryError)
        assert worker_pid(cluster) == before
        client.run(gc.collect)  # Dask keeps the errors, these the frames, those what they held
        assert isinstance(client.submit(shared).exception(timeout=30), KilledWorker)
        assert client.submit(os.getpid).result(timeout=30) != before
    assert cluster.status()["state"] == "running"


def test_it_ends_when_nobody_uses_it(home, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    write_status(run, empty_status(1))
    DriverLock.acquire(run, "r")
    cluster = small("local", idle_timeout_s=1.0)
    cluster.serve("announced", run)
    cluster.wait_running(60, workers=1)
    with connect() as client:
        client.set_metadata(["workbench-runs", "registered"], {"folder": str(run)})
        assert wait_until(lambda: cluster.status()["runs"] == ["announced", "registered"])
        time.sleep(2.0)
        assert cluster.status()["state"] == "running"
        write_status(run, {**empty_status(1), "state": "completed"})
        assert wait_until(lambda: cluster.status()["state"] == "stopped")
    assert cluster.status()["reason"] == "no run and no work for 1 seconds"


def test_it_does_not_outlive_its_folder(home, tmp_path):
    cluster = small("local")
    cluster.wait_running(60, workers=1)
    shutil.rmtree(cluster.folder)
    assert wait_until(lambda: not processes_of(tmp_path), 30)


def test_a_full_disk_does_not_end_it(tmp_path, monkeypatch):
    require_root("mounting a small file system")
    full = tmp_path / "full"
    full.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", full], check=True)
    try:
        monkeypatch.setenv("WORKBENCH_HOME", str(full / "home"))
        cluster = small("local")
        cluster.wait_running(60, workers=1)
        with connect() as client:
            with pytest.raises(OSError, match="No space"), (full / "filler").open("wb") as file:
                file.write(b"x" * 2**25)
            os.kill(worker_pid(cluster), signal.SIGKILL)
            # Its new worker works, but cannot be written down before there is room again.
            assert wait_until(lambda: client.submit(pow, 2, 5, pure=False).exception() is None)
            now = client.submit(os.getpid, pure=False).result()
            assert worker_pid(cluster) != now
            (full / "filler").unlink()
            assert wait_until(lambda: worker_pid(cluster) == now)
        assert cluster.stop()["state"] == "stopped"
    finally:
        subprocess.run(["umount", "--lazy", full], check=True)


def test_a_start_that_fails_says_why(home, tmp_path):
    (tmp_path / f"workbench-{os.getuid()}").symlink_to(tmp_path)
    cluster = handle.start("local", workers=1)
    with pytest.raises(Refused, match=r"is failed \(.*has to be a folder of your own"):
        cluster.wait_running(30)
    logs = cluster.logs()
    assert "has to be a folder of your own" in logs
    assert "Traceback" not in logs


def test_a_login_node_gives_one_minute(home, monkeypatch):
    monkeypatch.setenv("WORKBENCH_LOGIN_NODE", "1")
    with pytest.raises(Refused, match="--on CLUSTER"):
        handle.ensure("local")
    monkeypatch.setattr("workbench.clusters.login.LIMIT_S", 1.0)
    cluster = handle.start("local", workers=1)
    cluster.wait_running(60)
    with pytest.raises(Refused, match="login node"):
        cluster.scale(2)
    assert wait_until(lambda: cluster.status()["state"] == "stopped")
    with pytest.raises(Refused, match="had its minute"):
        handle.ensure("local")
    assert Path(cluster.folder).exists()


def test_a_process_that_is_suspended_is_told(monkeypatch):
    monkeypatch.setenv("WORKBENCH_SILENCE_S", "3")
    cluster = handle.start("local", workers=1)
    status = cluster.wait_running(60)
    assert status["problem"] == ""
    os.kill(status["pid"], signal.SIGSTOP)
    try:
        said = f"Its process {status['pid']} has given no sign for "
        assert wait_until(lambda: cluster.status()["problem"].startswith(said))
    finally:
        os.kill(status["pid"], signal.SIGCONT)
    assert wait_until(lambda: cluster.status()["problem"] == "")
