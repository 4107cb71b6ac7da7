"""``workbench lab``: a free port, one address, the ssh line where there is no screen, its end."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from workbench.process import start_ticks

WORKBENCH = str(Path(sys.executable).with_name("workbench"))
ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)(/\S*)lab\?workbench=recipes&token=(\S+)")


@pytest.fixture
def start(tmp_path):
    """Start the command with some words; the process, whose server ends with it."""
    clean = {name: one for name, one in os.environ.items() if "DISPLAY" not in name}
    places = {"JUPYTER_CONFIG_DIR": "c", "JUPYTER_DATA_DIR": "d", "JUPYTER_RUNTIME_DIR": "r"}
    clean |= {name: str(tmp_path / folder) for name, folder in places.items()}
    clean |= {"WORKBENCH_HOME": str(tmp_path / "home"), "PYTHONUNBUFFERED": "1"}
    started = []

    def begin(*words):
        process = subprocess.Popen(
            [WORKBENCH, "lab", *words],
            env=clean,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.terminate()
        process.communicate(timeout=60)


def address(lab):
    """Port, base URL and token that the command prints."""
    line = lab.stdout.readline().strip()
    found = ADDRESS.fullmatch(line)
    assert found, line
    return int(found[1]), found[2], found[3]


def recipes(port, base, token):
    """What the panel's part of the server answers."""
    api = f"http://127.0.0.1:{port}{base}workbench/api/recipes?token={token}"
    with urllib.request.urlopen(api, timeout=30) as answer:
        return answer.read()


def test_it_opens_the_panel_at_a_free_port(start):
    lab = start()
    port, base, token = address(lab)
    told = [lab.stdout.readline().strip() for _ in range(2)]
    assert base == "/"
    assert told[1].startswith(f"ssh -N -L {port}:127.0.0.1:{port} ")
    host = told[1].rpartition("@")[2]
    assert host.startswith((socket.gethostname().partition(".")[0], "HOST")), host
    assert "localhost" not in host
    # Everybody on a shared computer sees command lines.
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert token not in listed.stdout
    assert b"proteins.search" in recipes(port, base, token)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_its_server_ends_with_it(start, number):
    lab = start()
    port, _, _ = address(lab)
    lab.send_signal(number)
    assert lab.wait(30) == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    if number != signal.SIGHUP:
        assert "Runs go on" in lab.stderr.read()


def test_a_signal_ends_a_server_that_is_still_starting(start):
    lab = start()
    born = Path(f"/proc/{lab.pid}/task/{lab.pid}/children")
    deadline = time.monotonic() + 30
    while not (server := born.read_text().split()):
        assert time.monotonic() < deadline
    lab.terminate()
    assert lab.wait(30) == 0
    assert start_ticks(int(server[0])) is None


def test_the_address_has_the_base_url_port_and_token_that_count(start, tmp_path):
    folder = tmp_path / "c"
    folder.mkdir()
    (folder / "jupyter_server_config.py").write_text(
        "c.ServerApp.base_url = '/user/ada/'\nc.IdentityProvider.token = 'mine'\n"
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        wanted = probe.getsockname()[1]
    found = address(start("--", f"--ServerApp.port={wanted}"))
    assert found == (wanted, "/user/ada/", "mine")
    assert b"proteins.search" in recipes(*found)


def test_the_base_url_may_stand_behind_two_hyphens(start):
    _, base, _ = address(start("--", "--ServerApp.base_url=/user/ada/"))
    assert base == "/user/ada/"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--prot", "9916"), "Did you mean --port?"),
        (("--ServerApp.base_url=/x/",), "stand behind --: workbench lab -- OPTIONS"),
        (("notebook.ipynb",), "stand behind --: workbench lab -- OPTIONS"),
        (("--port", "9916", "--port"), "requires an argument"),
    ],
)
def test_a_misspelt_option_of_ours_starts_nothing(start, words, said):
    lab = start(*words)
    _, error = lab.communicate(timeout=60)
    assert lab.returncode == 2
    assert said in error.replace("'", "")
