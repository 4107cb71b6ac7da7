"""Pacing: ten at once, then one a second, for all processes of a user on a host together."""

import asyncio
import subprocess
import sys
import time

import pytest

from workbench.pool import pace

TAKE = """
import sys
from workbench.pool import pace
print(sum(pace.slot(wait=False) for _ in range(int(sys.argv[1]))))
"""


@pytest.fixture(autouse=True)
def _own_file(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))


def test_a_burst_of_ten_then_one_a_second():
    began = time.monotonic()
    for _ in range(10):
        assert pace.slot()
    assert time.monotonic() - began < 0.9
    for _ in range(2):
        assert pace.slot()
    assert 1.5 < time.monotonic() - began < 4


def test_whoever_will_not_wait_is_told():
    assert [pace.slot(wait=False) for _ in range(11)] == [True] * 10 + [False]


def test_all_processes_draw_from_one_bucket():
    started = [
        subprocess.Popen([sys.executable, "-c", TAKE, "8"], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    taken = sum(int(process.communicate(timeout=60)[0]) for process in started)
    assert 10 <= taken <= 13  # one more for each second that the three took


def test_an_event_loop_goes_on_while_a_turn_is_waited_for():
    async def both():
        for _ in range(10):
            await pace.async_slot()
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                await asyncio.sleep(0.05)
                ticks += 1

        ticking = asyncio.create_task(tick())
        await pace.async_slot()
        ticking.cancel()
        return ticks

    assert asyncio.run(both()) > 8


@pytest.mark.parametrize("text", ["", "torn", "1e12", "null"])
def test_a_torn_file_or_one_of_an_earlier_boot_counts_nothing(text):
    pace.slot()
    pace._file().write_text(text)
    assert pace.slot(wait=False)
