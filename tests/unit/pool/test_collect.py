"""The collector: who asks, how often, and what is shown when nobody answers."""

import json
import os
import pwd
import socket
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from workbench.errors import NotFound
from workbench.pool.collect import latest, mine
from workbench.pool.site import Site
from workbench.pool.snapshot import user_name
from workbench.process import boot_id, start_ticks

SITE = Site(scheduler="slurm")
LOOK = """
from workbench.pool.collect import latest
from workbench.pool.site import Site
found = latest(Site(scheduler="slurm"))
print(found.number, len(found.nodes), found.stale)
"""


@pytest.fixture(autouse=True)
def _place(home, programs):
    programs.slurm()


@pytest.fixture
def poll(monkeypatch):
    def set_to(seconds):
        monkeypatch.setenv("WORKBENCH_POLL_S", str(seconds))

    return set_to


def test_nodes_jobs_and_limits_by_one_call_each(programs):
    found = latest(SITE)
    assert {node.name for node in found.nodes} == {"c1", "d1", "d2", "g1", "n1"}
    assert len(found.jobs) == 17
    assert {each.name for each in found.limits} == {"all", "cpu", "dcu", "gpu", "npu"}
    assert (found.stale, found.problems) == (False, [])
    assert found.age_s < 5
    assert abs(found.collected - time.time()) < 5
    assert len(programs.calls()) == 3


def test_whoever_asks_again_within_half_a_minute_gets_the_same(programs):
    numbers = {latest(SITE).number for _ in range(3)}
    other = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True)
    assert other.stdout.split() == ["1", "5", "False"], other.stderr
    assert numbers == {1}
    assert len(programs.calls()) == 3


def test_a_shorter_age_than_the_pace_does_not_ask_more_often(programs):
    latest(SITE)
    latest(SITE, max_age_s=0.0)
    assert len(programs.calls("squeue")) == 1


def test_limits_are_asked_for_rarely(programs, poll):
    poll(0.05)
    for _ in range(3):
        latest(SITE)
        time.sleep(0.15)
    assert len(programs.calls("squeue")) == 3
    assert len(programs.calls("scontrol show node")) == 3
    assert len(programs.calls("scontrol -a show partition")) == 1


def test_many_processes_at_once_ask_once(programs):
    programs.slurm(before="sleep 0.5")
    started = [
        subprocess.Popen([sys.executable, "-c", LOOK], stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    answers = {process.communicate(timeout=60)[0] for process in started}
    assert answers == {"1 5 False\n"}
    assert len(programs.calls("squeue")) == 1


def test_without_waiting_the_older_snapshot_is_shown_while_somebody_asks(programs, poll):
    poll(0.05)
    first = latest(SITE)
    time.sleep(0.1)
    programs.slurm(before="sleep 2")
    thread = threading.Thread(target=latest, args=(SITE,))
    thread.start()
    time.sleep(0.5)
    began = time.monotonic()
    found = latest(SITE, wait=False)
    assert time.monotonic() - began < 1
    thread.join()
    assert found.number == first.number
    assert latest(SITE, max_age_s=60).number > first.number


def test_a_controller_that_is_down_leaves_the_last_answer_shown_as_stale(programs, poll):
    poll(0.05)
    good = latest(SITE)
    time.sleep(0.1)
    programs.slurm(before="echo 'Unable to contact slurm controller' >&2; exit 1")
    found = latest(SITE)
    assert found.stale
    assert [node.name for node in found.nodes] == [node.name for node in good.nodes]
    assert found.collected == good.collected
    assert found.age_s > 0.1
    assert found.problems == ["slurm: Unable to contact slurm controller"]
    time.sleep(0.1)
    programs.slurm()
    again = latest(SITE)
    assert (again.stale, again.problems) == (False, [])
    assert again.collected > good.collected


def test_a_controller_that_is_down_is_not_asked_by_everybody(programs):
    programs.slurm(before="echo 'Unable to contact slurm controller' >&2; exit 1")
    found = [latest(SITE) for _ in range(3)]
    assert all(each.stale and each.problems for each in found)
    assert len(programs.calls("squeue")) == 1


def test_a_command_that_hangs_is_given_up(programs, monkeypatch):
    monkeypatch.setattr("workbench.pool.collect.TIMEOUT_S", 0.5)
    programs.slurm(before="exec sleep 30")
    began = time.monotonic()
    found = latest(SITE)
    assert time.monotonic() - began < 5
    assert found.stale
    assert "squeue did not answer within" in " ".join(found.problems)


def test_an_answer_that_cannot_be_read_is_a_problem(programs):
    programs.put("squeue", "echo something else")
    found = latest(SITE)
    assert found.jobs == []
    assert "cannot be read" in " ".join(found.problems)
    assert len(found.nodes) == 5


@pytest.mark.parametrize("words", ["echo Welcome to the cluster", "true"])
def test_an_answer_that_names_no_node_leaves_the_cards_as_they_were(programs, poll, words):
    poll(0.05)
    latest(SITE)
    time.sleep(0.1)
    programs.put("scontrol", words)
    found = latest(SITE)
    assert len(found.nodes) == 5
    assert found.stale
    assert "scontrol show node -d -o named no node" in " ".join(found.problems)


def claim_of(who, home, programs):
    """Leave a claim on the first snapshot as another process would."""
    latest(SITE)
    [snapshot] = (home / "pool").glob("snapshot-*")
    (home / "pool" / f"{snapshot.name}.1.0").write_text(json.dumps(who))
    return snapshot


def me(**replaced):
    mine = {
        "host": socket.gethostname(),
        "boot_id": boot_id(),
        "pid": os.getpid(),
        "start_ticks": start_ticks(os.getpid()),
    }
    return mine | replaced


def test_a_claim_of_a_process_that_died_holds_nobody_up(home, programs, poll):
    poll(0.05)
    claim_of(me(start_ticks=1), home, programs)
    time.sleep(0.1)
    assert latest(SITE).number == 2
    assert len(list((home / "pool").iterdir())) == 1


def test_a_claim_on_another_host_is_waited_for_and_then_passed_by(home, programs, monkeypatch):
    monkeypatch.setenv("WORKBENCH_POLL_S", "0.05")
    monkeypatch.setattr("workbench.pool.collect.CLAIM_S", 1.0)
    claim_of(me(host="elsewhere"), home, programs)
    time.sleep(0.1)
    assert latest(SITE, wait=False).number == 1
    time.sleep(1.2)
    assert latest(SITE).number == 2


def test_a_claim_that_lives_is_never_taken(home, programs, monkeypatch):
    monkeypatch.setenv("WORKBENCH_POLL_S", "0.05")
    monkeypatch.setattr("workbench.pool.collect.CLAIM_S", 0.5)
    claim_of(me(), home, programs)
    time.sleep(0.6)
    assert latest(SITE).number == 1
    assert len(programs.calls("squeue")) == 1


def test_a_damaged_snapshot_is_made_anew(home, programs):
    latest(SITE)
    [snapshot] = (home / "pool").glob("snapshot-*")
    snapshot.write_bytes(b"not what was written")
    assert len(latest(SITE).nodes) == 5


def test_on_a_full_disk_what_was_learnt_is_shown_all_the_same(programs, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("workbench.pool.collect.write", full)
    assert len(latest(SITE).nodes) == 5
    assert len(latest(SITE).nodes) == 5
    assert len(programs.calls("squeue")) == 2


def test_another_controller_has_another_snapshot(programs, monkeypatch):
    latest(SITE)
    monkeypatch.setenv("SLURM_CONF", "/etc/other.conf")
    latest(SITE)
    assert len(programs.calls("squeue")) == 2


def test_without_any_scheduler_nothing_is_asked(programs):
    for path in programs.folder.iterdir():
        path.unlink()
    found = latest(Site())
    assert (found.nodes, found.jobs, found.problems, found.stale) == ([], [], [], False)


def test_a_scheduler_that_nobody_knows_is_told(home):
    with pytest.raises(NotFound, match="Did you mean 'slurm'"):
        latest(Site(scheduler="slurn"))


def test_mine_are_the_jobs_of_the_user_who_asks(monkeypatch):
    assert user_name() == pwd.getpwuid(os.geteuid()).pw_name
    monkeypatch.setattr("workbench.pool.snapshot.user_name", lambda: "root")
    assert len(mine(latest(SITE))) == 17
    monkeypatch.setattr("workbench.pool.snapshot.user_name", lambda: "ada")
    assert mine(latest(SITE)) == []


def test_what_would_change_the_meaning_of_commands_is_not_in_their_environment(
    programs, monkeypatch
):
    for name in ("SQUEUE_STATES", "SLURM_JOB_ID", "CUDA_VISIBLE_DEVICES", "JUPYTERHUB_API_TOKEN"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("SLURM_CONF", "/etc/my.conf")
    programs.put("squeue", f"env > {programs.folder}/environment")
    latest(SITE)
    found = dict(
        line.split("=", 1) for line in (programs.folder / "environment").read_text().splitlines()
    )
    assert found["SLURM_CONF"] == "/etc/my.conf"
    assert found["TZ"] == "UTC"
    assert not {"SQUEUE_STATES", "SLURM_JOB_ID", "CUDA_VISIBLE_DEVICES"} & found.keys()
    assert "JUPYTERHUB_API_TOKEN" not in found


def test_the_look_is_light():
    code = """
        import sys
        import workbench.pool.collect
        print(sorted(set(sys.modules) & {"numpy", "pydantic", "dask", "distributed", "xarray"}))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
