import errno
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from workbench.errors import Refused
from workbench.process import alive
from workbench.runs import lock as locks
from workbench.runs.files import replace_json
from workbench.runs.lock import DriverLock, Watch, claim_path, lost, read_lock

TAKE = """
import sys, time
from pathlib import Path
from workbench.errors import Refused
from workbench.runs.lock import DriverLock
folder = Path(sys.argv[1])
while not (folder / "go").exists():
    time.sleep(0.001)
try:
    lock = DriverLock.acquire(folder, "r")
except Refused as error:
    print("refused", error.message)
else:
    print("holds", lock.holder.epoch, flush=True)
    sys.stdin.read()
"""


def taker(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", TAKE, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_of_eight_that_want_a_run_one_gets_it_and_the_others_are_told_who(tmp_path: Path):
    processes = [taker(tmp_path) for _ in range(8)]
    (tmp_path / "go").touch()
    said = [process.stdout.readline() for process in processes if process.stdout]
    for process in processes:
        end(process)
    winners = [n for n, line in enumerate(said) if line.startswith("holds")]
    assert len(winners) == 1
    pid = processes[winners[0]].pid
    assert all(f"process {pid}" in line for line in said if line.startswith("refused"))


def test_a_dead_driver_is_followed_at_once_with_the_next_epoch(tmp_path: Path):
    first = taker(tmp_path)
    (tmp_path / "go").touch()
    assert first.stdout is not None
    assert first.stdout.readline() == "holds 1\n"
    assert not Watch(tmp_path).gone()
    end(first)
    assert Watch(tmp_path).gone()
    assert DriverLock.acquire(tmp_path, "r").holder.epoch == 2


def test_a_stalled_driver_sees_its_successor(tmp_path: Path):
    old = DriverLock.acquire(tmp_path, "r")
    assert old.held()
    dead = replace(old.holder, pid=2**22 + 1, start_ticks=1)
    replace_json(tmp_path / "driver.lock", asdict(dead))
    new = DriverLock.acquire(tmp_path, "r")
    assert not old.held()
    assert not old.renew()
    assert new.renew()


def test_a_stalled_driver_that_renews_late_does_not_end_its_successor(tmp_path: Path):
    old = DriverLock.acquire(tmp_path, "r")
    dead = replace(old.holder, pid=2**22 + 1, start_ticks=1)
    replace_json(tmp_path / "driver.lock", asdict(dead))
    new = DriverLock.acquire(tmp_path, "r")
    replace_json(tmp_path / "driver.lock", asdict(old.holder))
    assert not old.held()
    assert new.held()
    found = read_lock(tmp_path)
    assert found is not None
    assert found.epoch == new.holder.epoch


def test_a_claim_alone_makes_the_older_driver_leave(tmp_path: Path):
    lock = DriverLock.acquire(tmp_path, "r")
    claim_path(tmp_path, 2).touch()
    assert not lock.held()


def test_a_pid_that_is_somebody_elses_now_is_no_driver(tmp_path: Path):
    lock = DriverLock.acquire(tmp_path, "r")
    assert alive(vars(lock.holder))
    assert alive(vars(replace(lock.holder, start_ticks=1))) is False
    assert alive(vars(replace(lock.holder, boot_id="other"))) is None


def test_from_another_host_silence_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WORKBENCH_SILENCE_S", "1.5")
    lock = DriverLock.acquire(tmp_path, "r")
    elsewhere = asdict(replace(lock.holder, host="elsewhere"))
    replace_json(tmp_path / "driver.lock", elsewhere)
    renewing = Renewing(tmp_path, elsewhere)
    try:
        with pytest.raises(Refused, match="on elsewhere"):
            DriverLock.acquire(tmp_path, "r")
    finally:
        renewing.stop()
    assert DriverLock.acquire(tmp_path, "r").holder.epoch == 2
    assert read_lock(tmp_path) is not None


def test_on_its_own_host_too_a_driver_that_gives_no_sign_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("WORKBENCH_SILENCE_S", "1.5")
    hung = DriverLock.acquire(tmp_path, "r")
    with pytest.raises(Refused, match=r"process \d+ on"):
        DriverLock.acquire(tmp_path, "r")
    assert not lost(tmp_path, hung.holder)
    until = time.monotonic() + 1.6
    while time.monotonic() < until:
        time.sleep(0.1)
    assert lost(tmp_path, hung.holder)
    watch = Watch(tmp_path)
    assert not watch.gone()
    successor = DriverLock.acquire(tmp_path, "r")
    # It looked for as long as it takes itself, and then the older one leaves.
    assert time.monotonic() - until > 1.5
    assert successor.holder.epoch == 2
    assert not hung.renew()


def test_a_driver_that_is_busy_gives_signs_of_life(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_SILENCE_S", "1.5")
    busy = DriverLock.acquire(tmp_path, "r")
    busy.keep()
    watch = Watch(tmp_path)
    until = time.monotonic() + 3
    while time.monotonic() < until:
        assert not watch.gone()
        assert not lost(tmp_path, busy.holder)
        time.sleep(0.1)
    with pytest.raises(Refused):
        DriverLock.acquire(tmp_path, "r")
    # Somebody else has the run: no more signs.
    claim_path(tmp_path, 2).touch()
    [keeper] = [thread for thread in threading.enumerate() if thread.name == "driver.lock"]
    keeper.join(timeout=5)
    assert not keeper.is_alive()


def test_a_driver_on_a_full_disk_gives_signs_of_life(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    lock = DriverLock.acquire(tmp_path, "r")
    file = tmp_path / "driver.lock"
    os.utime(file, (1, 1))
    watch = Watch(tmp_path)
    monkeypatch.setattr(locks, "replace_json", full)
    assert lock.renew()
    assert file.stat().st_mtime > 1
    assert read_lock(tmp_path) is not None
    assert not watch.gone()


class Renewing:
    """Another host's driver, as this one sees it: a lock that changes four times a second."""

    def __init__(self, folder: Path, holder: dict[str, object]) -> None:
        code = (
            "import json, sys, time\nfrom pathlib import Path\n"
            "from workbench.runs.files import replace_json\n"
            "holder = json.loads(sys.argv[2])\n"
            "for n in range(400):\n"
            "    replace_json(Path(sys.argv[1]) / 'driver.lock', {**holder, 'renewed': str(n)})\n"
            "    time.sleep(0.25)\n"
        )
        text = json.dumps(holder)
        self._process = subprocess.Popen([sys.executable, "-c", code, str(folder), text])

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.mark.parametrize("name", ["SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "WORKBENCH_JOB_ID"])
def test_a_batch_job_is_known_by_its_schedulers_word_or_by_ours(monkeypatch, name):
    assert locks.batch_job_id() is None
    monkeypatch.setenv("WORKBENCH_JOB_ID", "1")
    monkeypatch.setenv(name, "77")
    assert locks.batch_job_id() == "77"
