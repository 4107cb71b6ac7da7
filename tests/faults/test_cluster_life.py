"""A cluster that lives: from other processes, over TLS only, through its sizes."""

import json
import subprocess
import sys
import urllib.error
import urllib.request

import psutil
import pytest
from distributed import Client

from workbench.client import connect
from workbench.clusters import handle
from workbench.runs.lock import DriverLock
from workbench.runs.status import empty_status, write_status

ELSEWHERE = """
from workbench.client import connect
with connect("shared") as client:
    print(client.submit(pow, 3, 4).result())
"""
STATUS = {
    "name", "state", "partition", "accelerator", "host", "pid", "folder", "generation", "workers",
    "worker_processes", "jobs",
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        patch.setenv("WORKBENCH_HOME", str(folder))
        patch.delenv("WORKBENCH_LOGIN_NODE", raising=False)
        yield folder


@pytest.fixture(scope="module")
def cluster(home):
    started = handle.start("shared", workers=2)
    started.wait_running(60, workers=2)
    yield started
    assert started.stop()["state"] == "stopped"


@pytest.fixture(scope="module")
def client(cluster):
    with connect("shared") as found:
        yield found


def command(*words, check=True):
    found = subprocess.run(
        [sys.executable, "-c", "from workbench.cli import main; main()", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0 or not check, found.stderr
    return found


def tree(cluster):
    process = psutil.Process(cluster.status()["pid"])
    return [process, *process.children(recursive=True)]


def test_another_process_works_on_it(cluster):
    found = subprocess.run(
        [sys.executable, "-c", ELSEWHERE], capture_output=True, text=True, check=True
    )
    assert found.stdout == "81\n"


def test_show_and_list_say_what_scripts_rely_on(cluster):
    shown = json.loads(command("cluster", "show", "shared", "--json").stdout)
    assert shown.keys() >= STATUS
    assert shown["state"] == "running"
    assert shown["workers"] == {"asked": 2, "min": 2, "max": 2, "connected": 2}
    assert [worker["name"] for worker in shown["worker_processes"]] == ["shared-0", "shared-1"]
    running = {process.pid for process in tree(cluster)}
    assert {worker["pid"] for worker in shown["worker_processes"]} < running
    [listed] = json.loads(command("cluster", "list", "--json").stdout)["clusters"]
    assert listed.keys() == shown.keys() - {"jobs", "worker_processes"}


def test_its_log_is_shown(cluster):
    said = f"generation 1 is at {cluster.connection().address}"
    assert said in command("cluster", "logs", "shared").stdout
    shown = json.loads(command("cluster", "logs", "shared", "--json").stdout)
    assert shown["name"] == "shared"
    assert said in shown["log"]


def test_starting_it_again_finds_it(cluster):
    again = json.loads(command("cluster", "start", "shared", "--json").stdout)
    assert again["pid"] == cluster.status()["pid"]
    other = command("cluster", "start", "shared", "--workers", "7", "--json", check=False)
    assert other.returncode == 4
    assert "workbench cluster scale shared" in json.loads(other.stdout)["error"]["message"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["show", "absent"], 3),
        (["start", "No_Name"], 2),
        (["start", "x", "--workers", "0"], 2),
        (["start", "x", "--between", "4"], 2),
        (["start", "x", "--workers", "2", "--between", "1:2"], 2),
        (["start", "x", "--wokers", "2"], 2),
        (["start", "x", "--partition", "gpu"], 4),
        (["scale", "shared"], 2),
        (["scale", "shared", "2", "--workers", "3"], 2),
    ],
)
def test_refusals_have_their_exit_codes(cluster, words, code):
    found = command("cluster", *words, "--json", check=False)
    assert found.returncode == code
    assert json.loads(found.stdout)["error"]["message"]


def test_nothing_listens_beyond_this_computer(cluster, client):
    client.submit(pow, 2, 2).result()
    listening = [
        connection.laddr
        for process in tree(cluster)
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 6  # scheduler, two nannies, two workers; their http servers
    assert {address.ip for address in listening} == {"127.0.0.1"}


def test_plain_connections_are_refused(cluster):
    port = cluster.connection().address.rpartition(":")[2]
    with pytest.raises((OSError, TimeoutError)):
        Client(f"tcp://127.0.0.1:{port}", timeout=1)


def test_dashboards_answer_under_their_secret_path_only(cluster, client):
    secret = cluster.connection().dashboard
    address, prefix = secret.removesuffix("/status").rsplit("/", 1)
    workers = client.run(lambda dask_worker: dask_worker.http_server.port)
    with urllib.request.urlopen(f"{address}/{prefix}/health") as answer:
        assert answer.read() == b"ok"
    for place in (address, *(f"http://127.0.0.1:{port}" for port in workers.values())):
        for path in (
            "",
            "sitemap.json",
            "health",
            "status",
            "json/counts.json",
            "info/main/workers.html",
            "metrics",
        ):
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(f"{place}/{path}")
            assert caught.value.code == 404
            caught.value.close()


def test_its_files_are_closed_to_others(cluster):
    connection = cluster.connection()
    assert {path.stat().st_mode & 0o777 for path in (connection.key, connection.ca)} == {0o600}
    for folder in (cluster.folder, connection.key.parent, connection.node_dir):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert (cluster.folder / "log").stat().st_mode & 0o777 == 0o600
    assert (cluster.folder / "scheduler.json").stat().st_mode & 0o777 == 0o600


def test_a_worker_computes_with_one_thread_and_knows_its_place(cluster, client):
    def look():
        import os

        names = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "WORKBENCH_WORKER_NAME")
        return [*(os.environ[name] for name in names), os.environ["WORKBENCH_NODE_DIR"], umask()]

    def umask():
        import os

        found = os.umask(0o077)
        os.umask(found)
        return found

    found = client.run(look).values()
    place = str(cluster.connection().node_dir)
    assert sorted(found) == [["1", "1", f"shared-{n}", place, 0o077] for n in range(2)]
    assert set(client.nthreads().values()) == {1}


def test_shrinking_loses_no_work(cluster, client):
    assert json.loads(command("cluster", "scale", "shared", "3", "--json").stdout)["warnings"]
    status = cluster.wait_running(30, workers=3)
    assert status["workers"] == {"asked": 3, "min": 3, "max": 3, "connected": 3}

    def work(number):
        import time

        time.sleep(0.5)
        return number

    # Allowed failures are 0: a task on a worker that left too early would fail here.
    futures = [client.submit(work, n, pure=False) for n in range(9)]
    cluster.scale(1)
    assert client.gather(futures) == list(range(9))
    while cluster.status()["workers"]["connected"] > 1:
        assert cluster.alive()
    assert cluster.scale(2)["workers"]["asked"] == 2
    cluster.wait_running(30, workers=2)


def test_it_grows_with_the_work(home):
    run = home / "run"
    run.mkdir()
    write_status(run, empty_status(1))
    DriverLock.acquire(run, "r")
    grown = handle.start("grown", between=(0, 2))
    assert grown.wait_running(60)["workers"] == {"asked": 0, "min": 0, "max": 2, "connected": 0}
    with connect("grown") as client:
        client.set_metadata(["workbench-runs", "r"], {"folder": str(run), "remaining_workers": 5})
        assert grown.wait_running(30, workers=2)["workers"]["asked"] == 2
    assert grown.stop()["state"] == "stopped"
