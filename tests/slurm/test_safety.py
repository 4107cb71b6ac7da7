"""What other users of the same computers can reach of a cluster: nothing."""

import os
import re
import socket
import ssl
import stat
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.slurm.work import Work

CPU = ("--partition", "cpu")
# A second address of loopback plays the network that nodes share.
NETWORK, ALIAS = "127.0.0.2", "lo:wbnet"
FETCH = """
import sys, urllib.error, urllib.request
for url in sys.argv[1:]:
    try:
        print(urllib.request.urlopen(url, timeout=20).status)
    except urllib.error.HTTPError as error:
        print(error.code)
"""


@pytest.fixture(scope="module")
def network():
    """A name and address that is not the first of loopback, as an interface between nodes."""
    words = ("ip", "address", "{}", f"{NETWORK}/8", "dev", "lo", "label", ALIAS)
    subprocess.run([word.format("add") for word in words], check=True)
    try:
        yield ALIAS
    finally:
        subprocess.run([word.format("del") for word in words], check=True)


@pytest.fixture(scope="module")
def work(slurm, network):
    """A user's home with a cluster, whose nodes meet on that interface, and a finished run."""
    with Work(slurm, "wbada", site={'interface = "lo"': f'interface = "{network}"'}) as found:
        found.cluster("open", *CPU)
        found.ends(found.start("faults.steps", "--on", "open", n=20, side=found.root / "tmp/side"))
        yield found


def listeners(work):
    """``{(address, port)}`` of all TCP listeners of a home, as ``ss`` tells them."""
    pids = {process.pid for process in work.processes()}
    assert len(pids) >= 5
    found = set()
    for line in subprocess.check_output(["ss", "-Hltnp"], text=True).splitlines():
        if pids & set(map(int, re.findall(r"pid=(\d+)", line))):
            address, _, port = line.split()[3].rpartition(":")
            found.add((address, int(port)))
    return found


def answers_in_tls(address, port):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((address, port), 20) as plain:
        try:
            with context.wrap_socket(plain):
                return True
        except ssl.SSLError as error:
            # It wants a certificate of ours: that is TLS, too.
            return "CERTIFICATE_REQUIRED" in str(error) or "HANDSHAKE_FAILURE" in str(error)


def answers_in_plain(address, port):
    """What a plain request is answered with."""
    with socket.create_connection((address, port), 20) as plain:
        plain.sendall(b"GET / HTTP/1.0\r\n\r\n")
        plain.settimeout(20)
        try:
            return plain.recv(100)
        except (ConnectionResetError, TimeoutError):
            return b""


def test_beyond_loopback_everything_is_tls(work):
    found = listeners(work)
    assert {address for address, _ in found} == {"127.0.0.1", NETWORK}
    outside = [listener for listener in found if listener[0] == NETWORK]
    assert len(outside) >= 3  # the scheduler, a nanny and its worker
    for listener in outside:
        assert answers_in_tls(*listener), listener
        assert answers_in_plain(*listener) == b"", listener


def test_dashboards_answer_under_their_secret_alone(slurm, work):
    connection = work.json("cluster", "show", "open")
    folder = Path(connection["folder"])
    dashboard = urlsplit(re.search(r'"dashboard": "([^"]+)"', read(folder / "scheduler.json"))[1])
    secret = dashboard.path.split("/")[1]
    assert len(secret) >= 24
    urls, codes = [], []
    for _, port in [listener for listener in listeners(work) if listener[0] == "127.0.0.1"]:
        for path in (
            "",
            "sitemap.json",
            "status",
            "info/main/workers.html",
            "json/identity.json",
            "health",
            "api/v1/retire_workers",
        ):
            urls.append(f"http://127.0.0.1:{port}/{path}")
            codes.append("404")
    urls.append(f"http://127.0.0.1:{dashboard.port}/{secret}/info/main/workers.html")
    codes.append("200")
    answered = slurm.call(*python(FETCH, *urls), user="wbeve").split()
    assert dict(zip(urls, answered, strict=True)) == dict(zip(urls, codes, strict=True))


def python(script, *words):
    return (os.sys.executable, "-c", script, *words)


def read(file):
    return file.read_text()


def test_files_are_their_owners_alone(slurm, work):
    for path in work.home.rglob("*"):
        mode = stat.S_IMODE(path.lstat().st_mode)
        if not path.is_symlink():
            assert mode & 0o077 == 0, f"{path}: {mode:o}"
            assert path.owner() == "wbada"
    keys = list(work.home.glob("clusters/open/tls/*/*"))
    scripts = list(work.home.glob("clusters/open/jobs/*.sh"))
    assert len(keys) >= 3
    assert len(scripts) == 1
    for file in (*keys, *scripts):
        assert "Permission denied" in slurm.call("cat", str(file), user="wbeve", check=False)


def test_job_scripts_cannot_be_asked_for_by_others(slurm, work):
    [job] = work.job_ids("open", "connected")
    words = ("scontrol", "write", "batch_script", job, "-")
    assert "workbench.worker" in slurm.call(*words, user="wbada")
    said = slurm.call(*words, user="wbeve", check=False)
    assert "retrieval failed" in said
    assert "workbench" not in said


def test_other_users_cannot_use_the_cluster(slurm, work):
    """Neither its folder nor a connection without its certificates leads to it."""
    env = f"WORKBENCH_HOME={work.home}"
    words = ("env", env, str(Path(os.sys.executable).with_name("workbench")), "cluster", "show")
    said = slurm.call(*words, "open", user="wbeve", check=False)
    assert "connected" not in said
    assert "Traceback" not in said


def test_what_runs_holds_no_secret_in_its_arguments(work):
    prefix = re.search(r"http://[^/]+/([^/]+)/", read(work.home / "clusters/open/scheduler.json"))[
        1
    ]
    for process in work.processes():
        assert prefix not in " ".join(process.cmdline())
