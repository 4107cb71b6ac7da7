"""Whoever ends the browser tests ends what they started."""

import signal
import subprocess
import sys

import psutil
import pytest

from tests.tree import ROOT
from tools.rig.processes import until

WAITS = """
from pathlib import Path

def test_waits(desk, lab, place):
    page = desk.open()
    Path({file!r}).write_text(f"{{lab.pid}} {{place.root}}")
    page.wait_for_timeout(100_000)
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_ends_with_its_tests(tmp_path, how):
    told, test = tmp_path / "told", tmp_path / "test_waits.py"
    test.write_text(WAITS.format(file=str(told)))
    plugins = ("-p", "conftest", "-p", "tests.ui.conftest", "-p", "no:cacheprovider")
    words = (sys.executable, "-m", "pytest", "-q", *plugins, f"--rootdir={ROOT}", str(test))
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        until(lambda: told.exists() and told.read_text(), 60, "the browser is open")
        pid, root = told.read_text().split()
        server = psutil.Process(int(pid))
        running.send_signal(how)
        said = running.communicate(timeout=60)[0]
    psutil.wait_procs([server], 10)
    assert not server.is_running()
    if how == signal.SIGTERM:
        assert "SIGTERM" in said
        left = [one for one in psutil.process_iter(["environ"]) if root in str(one.info["environ"])]
        assert left == []
