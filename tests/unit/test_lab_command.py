"""``workbench lab``: a free port, one address, and the ssh line where there is no screen."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

WORKBENCH = str(Path(sys.executable).with_name("workbench"))


@pytest.fixture
def lab(tmp_path):
    """Start the command; its first lines, and the process."""
    clean = {name: one for name, one in os.environ.items() if "DISPLAY" not in name}
    places = {"JUPYTER_CONFIG_DIR": "c", "JUPYTER_DATA_DIR": "d", "JUPYTER_RUNTIME_DIR": "r"}
    clean |= {name: str(tmp_path / folder) for name, folder in places.items()}
    clean |= {"WORKBENCH_HOME": str(tmp_path / "home"), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [WORKBENCH, "lab"],
        env=clean,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_it_opens_the_panel_at_a_free_port(lab):
    address = lab.stdout.readline().strip()
    told = [lab.stdout.readline().strip() for _ in range(2)]
    found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/lab\?workbench=recipes&token=(\S+)", address)
    port, token = found.groups()
    assert told[1].startswith(f"ssh -N -L {port}:127.0.0.1:{port} ")
    # Everybody on a shared computer sees command lines.
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert token not in listed.stdout
    api = f"http://127.0.0.1:{port}/workbench/api/recipes?token={token}"
    with urllib.request.urlopen(api, timeout=30) as answer:
        assert b"proteins.search" in answer.read()
    os.killpg(lab.pid, signal.SIGINT)
    assert lab.wait(30) == 0
    assert "Runs go on" in lab.stderr.read()
