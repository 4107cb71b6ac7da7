"""One run on two clusters of this computer: balanced, and none of them holds up its end."""

import json
import time

import pytest

from tests.faults.kit import WORKBENCH, Place, kill, same, until
from tests.needs import require_command, require_root

VALUES = {"n": 300, "seconds": 0.02}
BOTH = ("--on", "a", "--on", "b")


SIZES = {"a": 1, "b": 2}


def start_cluster(place, name, **env):
    mine = place.env
    try:
        place.env = {**mine, **env}
        done = place.call("cluster", "start", name, "--workers", SIZES[name])
    finally:
        place.env = mine
    assert done.returncode == 0, done.stderr
    until(lambda: place.cluster(name)["workers"]["connected"] == SIZES[name], 60, f"cluster {name}")


def stop_cluster(place, name):
    done = place.call("cluster", "stop", name)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def home():
    """One home for all tests; each finds its clusters running."""
    with Place() as found:
        yield found


@pytest.fixture
def place(home):
    for name in SIZES:
        start_cluster(home, name)
    return home


@pytest.fixture(scope="module")
def alone(home):
    """The result of the run on one cluster."""
    start_cluster(home, "a")
    run = home.start("faults.steps", "--on", "a", **VALUES)
    assert run.wait() == "completed", run.log()
    assert run.describe()["per_cluster"][0]["tasks_done"] == VALUES["n"]
    return run.result()


def tasks_by_cluster(run):
    """How many tasks each cluster did, by the receipts."""
    found = {}
    for line in run.receipts():
        count = sum(b - a for a, b in line["tasks"]) - len(line["failed"])
        found[line["cluster"]] = found.get(line["cluster"], 0) + count
    return found


def problem(run, name):
    """What the run says of one of its clusters."""
    return next((c["problem"] for c in run.describe()["per_cluster"] if c["name"] == name), "")


def rates(run):
    """Tasks a second by cluster, 0 where that is not known."""
    return {c["name"]: c["rate"] or 0.0 for c in run.describe()["per_cluster"]}


def both_work(run):
    until(lambda: len(tasks_by_cluster(run)) == 2, 60, "receipts of both clusters")


def test_the_work_is_shared_out_by_measured_speed(place, alone):
    run = place.start("faults.steps", *BOTH, slow="b:0.2", **VALUES)
    both_work(run)
    until(lambda: rates(run)["a"] > 2 * rates(run)["b"] > 0, 20, "measured rates")
    assert [c["workers"] for c in run.describe()["per_cluster"]] == [1, 2]
    assert run.wait() == "completed", run.log()
    same(run.result(), alone)
    assert set(run.calls().values()) == {1}
    done = tasks_by_cluster(run)
    assert sum(done.values()) == VALUES["n"]
    assert done["a"] > 2 * done["b"]
    assert {c["name"]: c["tasks_done"] for c in run.describe()["per_cluster"]} == done
    shown = place.call("run", "show", run.id).stdout
    assert f"cluster a: {done['a']} done" in shown
    assert f"cluster b: {done['b']} done" in shown


def test_the_end_does_not_wait_for_a_slow_cluster(place):
    run = place.start("faults.steps", *BOTH, n=30, seconds=0.3, slow="b:5")
    assert run.wait() == "completed", run.log()
    # Whatever b was given it was given while a had more than that to do.
    lines = run.receipts()
    ends = sorted((line["started"], line["cluster"]) for line in lines)
    assert ends[-1][1] == "a"
    assert tasks_by_cluster(run)["b"] <= 3


def test_a_killed_cluster_costs_nothing_that_was_finished(place, alone):
    run = place.start("faults.steps", *BOTH, **VALUES)
    both_work(run)
    generation = place.cluster("b")["generation"]
    kill(place.cluster("b")["pid"], "group")
    finished = run.finished()
    assert run.wait() == "completed", run.log()
    same(run.result(), alone)
    again = {task for task, count in run.calls().items() if count > 1}
    assert not again & finished
    assert max(run.calls().values()) <= 2
    assert place.cluster("b")["generation"] in (generation, generation + 1)


def test_a_cluster_that_is_stopped_stays_so_and_the_other_goes_on(place, alone):
    run = place.start("faults.steps", *BOTH, **{**VALUES, "seconds": 0.05})
    both_work(run)
    stop_cluster(place, "b")
    finished = run.finished()
    until(lambda: "was stopped" in problem(run, "b"), 20, "the reason of b")
    assert run.state == "running"
    assert run.wait() == "completed", run.log()
    same(run.result(), alone)
    assert {run.calls()[task] for task in finished} == {1}
    assert place.cluster("b")["state"] == "stopped"


def test_where_no_cluster_can_come_the_run_waits_and_says_why(place, alone):
    run = place.start("faults.steps", *BOTH, **{**VALUES, "seconds": 0.05})
    both_work(run)
    for name in SIZES:
        stop_cluster(place, name)
    run.wait("waiting")
    until(lambda: all("was stopped" in problem(run, name) for name in "ab"), 20, "both reasons")
    message = run.describe()["message"]
    for name in "ab":
        assert f"workbench cluster start {name}" in message
    time.sleep(2)
    assert [place.cluster(name)["state"] for name in "ab"] == ["stopped"] * 2
    start_cluster(place, "b")
    assert run.wait() == "completed", run.log()
    same(run.result(), alone)


def test_a_cluster_without_the_package_is_left_out(place, alone):
    stop_cluster(place, "b")
    start_cluster(place, "b", PYTHONPATH="")
    run = place.start("faults.steps", *BOTH, **VALUES)
    assert run.wait() == "completed", run.log()
    same(run.result(), alone)
    assert tasks_by_cluster(run) == {"a": VALUES["n"]}
    assert "faults.steps" in problem(run, "b")
    assert "cluster b: 0 done (There is no recipe" in place.call("run", "show", run.id).stdout
    stop_cluster(place, "b")


def test_a_cluster_of_another_computer_alone_is_told_and_holds_nothing_up(place, alone):
    require_root("another host name")
    require_command("unshare", "util-linux")
    elsewhere(place, f"{WORKBENCH} cluster start there --workers 1")
    run = place.start("faults.steps", "--on", "a", "--on", "there", **VALUES)
    assert run.wait() == "completed", run.log()
    same(run.result(), alone)
    assert tasks_by_cluster(run) == {"a": VALUES["n"]}
    assert problem(run, "there").startswith("Cluster there is on elsewhere, and only that computer")
    assert place.cluster("there")["generation"] == 1
    elsewhere(place, f"{WORKBENCH} cluster stop there")


def elsewhere(place, command):
    """A command line on a computer of another name."""
    child = place.spawn("unshare", "--uts", "sh", "-c", f"hostname elsewhere && {command}")
    assert child.wait(60) == 0


def test_who_waits_sees_every_cluster(place):
    done = place.call(*place.words("faults.steps", *BOTH, "--wait", **VALUES))
    assert done.returncode == 0, done.stderr
    assert "; a: " in done.stderr
    assert "; b: " in done.stderr


def test_a_run_is_refused_where_none_of_its_clusters_can_be_started(place, monkeypatch):
    for name in SIZES:
        stop_cluster(place, name)
        file = place.home / "clusters" / name / "spec.json"
        spec = json.loads(file.read_text())
        file.write_text(json.dumps({**spec, "minimum": 2, "maximum": 2}))
    monkeypatch.setitem(place.env, "WORKBENCH_LOGIN_NODE", "1")
    before = set(place.home.glob("runs/*"))
    code, said = place.json(*place.words("faults.steps", *BOTH, **VALUES))
    assert code == 4
    assert said["error"]["code"] == "login_node"
    assert said["error"]["message"].count("This is a login node") == 2
    assert set(place.home.glob("runs/*")) == before
