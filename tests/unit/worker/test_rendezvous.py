import os
import time

import pytest

from workbench.clusters.folder import ClusterFolder
from workbench.clusters.spec import ClusterSpec
from workbench.clusters.status import first_status
from workbench.process import identity
from workbench.worker import rendezvous
from workbench.worker.rendezvous import Rendezvous

TLS = {"ca": "ca", "certificate": "c", "key": "k"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path))
    monkeypatch.setenv("WORKBENCH_PATIENCE_S", "1")
    monkeypatch.setattr(rendezvous, "POLL_S", (0.02, 0.02))
    made = ClusterFolder.of("dcu")
    made.make()
    return made


def live(folder, generation, state="running"):
    spec = ClusterSpec(name="dcu", partition="dcu", minimum=1, maximum=1)
    status = first_status(folder.path, spec, generation, identity(os.getpid()))
    folder.write_status({**status, "state": state})
    connection = {"generation": generation, "address": "tls://127.0.0.1:1", "tls": TLS}
    workers = {"memory_bytes": generation}
    folder.write_connection({**connection, "dashboard": "", "node_dir": None, "workers": workers})


def test_a_job_joins_the_generation_that_lives(folder):
    live(folder, 3)
    found = Rendezvous(folder.path).wait()
    assert (found.connection.generation, found.settings) == (3, {"memory_bytes": 3})


def test_it_waits_a_while_for_a_dead_clusters_successor_and_then_lets_go(folder):
    live(folder, 1)
    dead = {**folder.read_status(), "pid": 0, "start_ticks": 1}
    folder.write_status(dead)
    begun = time.monotonic()
    assert Rendezvous(folder.path).wait() is None
    assert time.monotonic() - begun >= 1


@pytest.mark.parametrize("state", ["stopping", "stopped"])
def test_nobody_waits_for_a_cluster_that_was_stopped(folder, monkeypatch, state):
    monkeypatch.setenv("WORKBENCH_PATIENCE_S", "600")
    live(folder, 1, state)
    folder.write_connection(None)
    assert Rendezvous(folder.path).wait() is None


def test_a_generation_that_was_lost_is_joined_again_only_where_it_answers(folder):
    live(folder, 1)
    meeting = Rendezvous(folder.path)
    assert meeting.wait() is not None
    assert meeting.wait() is None, "nobody listens at that port"
    live(folder, 2)
    assert meeting.wait().connection.generation == 2
