"""Clusters over REST: drafted, started, resized, looked at, stopped."""

import asyncio
import json
import shutil
import sys

import pytest

from jupyterlab_workbench.documents.base import LogPiece
from jupyterlab_workbench.documents.clusters import (
    ClusterPage,
    Clusters,
    EstimateAnswer,
    ScriptAnswer,
)
from jupyterlab_workbench.documents.runs import RunPage
from workbench.runs.status import FINAL

SOON_S = 60.0


async def start(client, name, status=201, **asked):
    body = {"name": name, "workers": 1, **asked}
    return await client.post("clusters", body=body, status=status, model=ClusterPage)


async def until(client, name, holds):
    for _ in range(int(SOON_S / 0.1)):
        cluster = await client.get("clusters", name, model=ClusterPage)
        if holds(cluster):
            return cluster
        await asyncio.sleep(0.1)
    raise AssertionError(cluster)


def connected(number):
    return lambda cluster: cluster["workers"]["connected"] == number


@pytest.fixture(scope="session")
def fold(place):
    """A cluster of one worker that runs."""
    yield place.call("cluster", "start", "fold", "--workers", "1")
    place.call("cluster", "stop", "fold")


async def test_a_cluster_is_started_found_resized_and_stopped(client, place):
    assert (await start(client, "life"))["partition"] == "local"
    running = await until(client, "life", connected(1))
    assert running["state"] == "running"
    assert running["worker_processes"][0]["pid"] > 1
    listed = await client.get("clusters", model=Clusters)
    mine = next(one for one in listed["clusters"] if one["name"] == "life")
    assert mine["workers"] == {"asked": 1, "min": 1, "max": 1, "connected": 1}
    assert "worker_processes" not in mine
    found = await client.send("PATCH", "clusters", "life", body={"workers": 2})
    assert found.code == 200, found.body
    await until(client, "life", connected(2))
    found = await client.send("PATCH", "clusters", "life", body={"between": [0, 2]})
    assert found.code == 200, found.body
    cluster = await client.get("clusters", "life", model=ClusterPage)
    assert (cluster["workers"]["min"], cluster["workers"]["max"]) == (0, 2)
    assert cluster["request"]["between"] == [0, 2]
    assert (await client.send("DELETE", "clusters", "life")).code == 200
    after = await client.get("clusters", "life", model=ClusterPage)
    assert after["state"] == "stopped"
    assert after["connect"] is None
    assert after["dashboard"] is None
    error = await client.refused(409, "PATCH", "clusters", "life", body={"workers": 2})
    assert error["code"] == "not_running"


async def test_the_same_cluster_again_is_that_one(client, fold):
    again = await start(client, "fold", status=200)
    assert again["pid"] == fold["pid"]
    found = await client.send("POST", "clusters", body={"name": "fold", "workers": 1})
    assert found.headers["Location"].endswith("/workbench/api/clusters/fold")


async def test_another_size_under_its_name_is_refused(client, fold):
    body = {"name": "fold", "workers": 3}
    error = await client.refused(409, "POST", "clusters", body=body)
    assert error["code"] == "exists"


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({}, "workers"),
        ({"workers": 1, "between": [1, 2]}, "workers"),
        ({"workers": 0}, "workers"),
        ({"between": [3, 1]}, "between"),
        ({"between": [1]}, "between"),
        ({"workers": "many"}, "workers"),
    ],
)
async def test_a_size_that_is_none_is_refused(client, fold, body, parameter):
    error = await client.refused(422, "PATCH", "clusters", "fold", body=body)
    assert error["fields"][0]["parameter"] == parameter


async def test_its_log_is_read_in_pieces(client, fold):
    piece = await client.get("clusters", "fold", "log", model=LogPiece)
    assert "generation" in piece["text"]
    rest = await client.get("clusters", "fold", "log", model=LogPiece, **{"from": piece["stop"]})
    assert rest["start"] == piece["stop"]
    error = await client.refused(404, "GET", "clusters", "fold", "log", query={"job": "4711"})
    assert "4711" in error["message"]


async def test_the_code_connects(client, fold):
    connected_sum = "print(client.submit(sum, [40, 2]).result())"
    cluster = await client.get("clusters", "fold", model=ClusterPage)
    for code in (cluster["connect"]["workbench"], cluster["connect"]["dask"]):
        assert await said_by_python(f"{code}\n{connected_sum}") == "42"


async def said_by_python(code):
    done = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await done.communicate()
    return out.decode().strip()


async def test_a_draft_tells_everything_that_is_wrong_at_once(client):
    body = {"name": "No Name!", "partition": "nowhere", "workers": 0, "time_limit_s": -1}
    for route, model in (("script", ScriptAnswer), ("estimate", EstimateAnswer)):
        said = await client.post("clusters", route, body=body, model=model)
        wrong = [problem["parameter"] for problem in said["problems"]]
        assert wrong == ["name", "workers", "time_limit_s", "partition"]


async def test_a_draft_of_this_computer_needs_no_script(client):
    body = {"name": "here", "workers": 1}
    script = await client.post("clusters", "script", body=body, model=ScriptAnswer)
    share = script.pop("local")
    assert script == {"problems": [], "script": None, "jobs": 0, "workers_per_job": 1}
    assert share["workers"] == 1
    assert share["warnings"] == []
    crowd = {**body, "workers": 900}
    script = await client.post("clusters", "script", body=crowd, model=ScriptAnswer)
    assert (script["problems"], script["local"]["workers"]) == ([], 900)
    [warning] = script["local"]["warnings"]
    assert warning.startswith("900 workers on ")
    assert "and they take turns" in warning
    start = await client.post("clusters", "estimate", body=body, model=EstimateAnswer)
    assert start == {"problems": [], "start": None}


async def test_what_could_never_run_is_refused_at_its_fields(client):
    body = {"name": "far", "partition": "nowhere"}
    error = await client.refused(409, "POST", "clusters", body=body)
    assert error["fields"][0]["parameter"] == "partition"
    error = await client.refused(422, "POST", "clusters", body={"name": "Not A Name"})
    assert error["fields"][0]["parameter"] == "name"
    error = await client.refused(
        422, "POST", "clusters", body={"name": "two", "workers": 1, "between": [1, 2]}
    )
    assert error["fields"][0]["parameter"] == "workers"


async def test_a_run_draws_on_several_clusters(client, place, fold):
    await start(client, "probe")
    try:
        body = {
            "recipe": "kinds.every",
            "values": {"numbers": str(place.many), "pause_s": 0.2},
            "on": ["fold", "probe"],
        }
        run = await client.post("runs", body=body, status=201, model=RunPage)
        assert run["clusters"] == ["fold", "probe"]
        for _ in range(600):
            run = await client.get("runs", run["run_id"], model=RunPage)
            if run["state"] in FINAL:
                break
            await asyncio.sleep(0.1)
        assert run["state"] == "completed"
        shares = {share["name"]: share["tasks_done"] for share in run["per_cluster"]}
        assert shares.keys() == {"fold", "probe"}
        assert all(shares.values()), shares
    finally:
        await client.send("DELETE", "clusters", "probe")


async def test_a_run_on_a_cluster_that_is_none_is_refused(client, place, fold):
    body = {
        "recipe": "kinds.every",
        "values": {"numbers": str(place.numbers)},
        "on": ["fold", "nobody"],
    }
    error = await client.refused(404, "POST", "runs", body=body)
    assert "nobody" in error["message"]


def of(text):
    return lambda file: file.write_text(text)


def folder(file):
    file.unlink(missing_ok=True)
    file.mkdir()


def loop(file):
    file.unlink(missing_ok=True)
    file.symlink_to(file.name)


def altered(**values):
    return lambda file: file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        ("status.json", of("")),
        ("status.json", folder),
        ("status.json", loop),
        ("status.json", altered(jobs=[1])),
        ("status.json", altered(own_job={}, state="running", pid=0)),
        ("spec.json", folder),
        ("scheduler.json", of("{")),
        ("scheduler.json", of("[]")),
    ],
)
async def test_a_damaged_cluster_hides_no_other(client, place, fold, file, damage):
    hurt = place.home / "clusters" / "hurt"
    shutil.copytree(place.home / "clusters" / "fold", hurt)
    try:
        ended = altered(name="hurt", state="stopped", folder=str(hurt))
        ended(hurt / "status.json")
        damage(hurt / file)
        listed = await client.get("clusters", model=Clusters)
        states = {one["name"]: one["state"] for one in listed["clusters"]}
        assert states["fold"] == "running"
        assert states["hurt"] == ("failed" if file == "status.json" else "stopped")
        assert (await client.send("GET", "clusters", "hurt")).code == 200
        assert (await client.send("DELETE", "clusters", "hurt")).code == 200
    finally:
        shutil.rmtree(hurt)


async def test_stray_files_beside_the_clusters_are_none(client, place, fold):
    (place.home / "clusters" / "readme").write_text("x")
    (place.home / "clusters" / "loop").symlink_to("loop")
    listed = await client.get("clusters", model=Clusters)
    assert {"readme", "loop"}.isdisjoint(one["name"] for one in listed["clusters"])


@pytest.mark.parametrize("name", ["idle_timeout_s", "time_limit_s"])
async def test_a_time_beyond_every_calendar_is_refused(client, name):
    body = {"name": "long", "partition": "local", name: 1e300}
    error = await client.refused(422, "POST", "clusters", body=body)
    assert "at most 10 years" in error["message"]
