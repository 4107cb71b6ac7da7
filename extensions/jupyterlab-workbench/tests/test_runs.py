"""Runs over REST: started, listed, stopped, gone on with, deleted."""

import asyncio
import json
import shutil
import subprocess

import pytest

from jupyterlab_workbench.documents.runs import Code, RunPage, Runs
from tests.needs import require_root
from workbench.runs.status import FINAL


async def start(client, place, **values):
    body = {"recipe": "kinds.every", "values": {"numbers": str(place.numbers), **values}}
    return await client.post("runs", body=body, status=201, model=RunPage)


async def until(client, run_id, *states):
    for _ in range(1200):
        run = await client.get("runs", run_id, model=RunPage)
        if run["state"] in states:
            return run
        await asyncio.sleep(0.1)
    raise AssertionError(f"still {run['state']}, not {states}")


async def test_a_run_from_its_start_to_its_end(client, place):
    run = await start(client, place, factor=5.0, note="from REST")
    assert run["parameters"]["note"] == "from REST"
    assert run["parameters"]["rounds"] == 1
    ended = await until(client, run["run_id"], *FINAL)
    assert ended["state"] == "completed"
    assert ended["items"] == {"total": 6, "done": 6, "failed": 0, "not_run": 0}
    assert (place.home / "runs" / run["run_id"] / "result.json").exists()


async def test_the_answer_says_where_the_run_is(client, place):
    body = {"recipe": "kinds.every", "values": {"numbers": str(place.numbers)}}
    found = await client.send("POST", "runs", body=body)
    place_of_it = found.headers["Location"]
    assert place_of_it.endswith("/workbench/api/runs/" + json.loads(found.body)["run_id"])


async def test_wrong_values_start_nothing(client, place):
    before = sorted(path.name for path in (place.home / "runs").iterdir())
    body = {"recipe": "kinds.every", "values": {"factor": -1, "rounds": 99}}
    error = await client.refused(422, "POST", "runs", body=body)
    assert {field["parameter"] for field in error["fields"]} == {"numbers", "factor", "rounds"}
    assert sorted(path.name for path in (place.home / "runs").iterdir()) == before


async def test_a_run_is_stopped_and_resumed(client, place):
    run = await start(client, place, numbers=str(place.many), pause_s=0.5)
    await until(client, run["run_id"], "running")
    await client.post("runs", run["run_id"], "stop", model=RunPage)
    stopped = await until(client, run["run_id"], *FINAL)
    assert stopped["state"] == "stopped"
    assert stopped["items"]["not_run"] > 0
    error = await client.refused(409, "POST", "runs", run["run_id"], "stop")
    assert "nothing to stop" in error["message"]
    await client.post("runs", run["run_id"], "resume", model=RunPage)
    assert (await until(client, run["run_id"], *FINAL))["state"] == "completed"


async def test_failed_items_are_computed_again(client, place):
    run = place.run(fail="[3]")
    await client.post("runs", run["run_id"], "retry", model=RunPage)
    ended = await until(client, run["run_id"], *FINAL)
    assert ended["state"] == "completed_with_failures"
    assert ended["driver"] is None


async def test_chosen_items_alone_are_computed_again(client, place):
    run_id = place.run(fail="[2, 4]")["run_id"]
    wrong = {"items": {"main": [0, 3]}}
    error = await client.refused(409, "POST", "runs", run_id, "retry", body=wrong)
    assert "2 failed items, but main 0 did not fail" in error["message"]
    await client.refused(409, "POST", "runs", run_id, "retry", body={"items": {}})
    await client.refused(422, "POST", "runs", run_id, "retry", body={"items": {"main": ["x"]}})
    await client.post("runs", run_id, "retry", body={"items": {"main": [3]}}, model=RunPage)
    ended = await until(client, run_id, *FINAL)
    assert ended["items"]["failed"] == 2
    receipts = (place.home / "runs" / run_id / "tasks.2.jsonl").read_text().splitlines()
    tasks = [json.loads(line)["tasks"] for line in receipts]
    assert {tuple(pair) for pairs in tasks for pair in pairs} == {(3, 4)}


async def test_what_cannot_go_on_says_so(client, place):
    assert "complete" in (await client.refused(409, "POST", "runs", place.good, "retry"))["message"]
    error = await client.refused(409, "POST", "runs", place.good, "resume")
    assert "nothing to resume" in error["message"]


async def test_a_live_run_is_not_deleted(client, place):
    run = await start(client, place, pause_s=1.0)
    await until(client, run["run_id"], "running")
    assert (await client.refused(409, "DELETE", "runs", run["run_id"]))["code"] == "held"
    await client.post("runs", run["run_id"], "stop")
    await until(client, run["run_id"], *FINAL)
    assert (await client.send("DELETE", "runs", run["run_id"])).code == 204
    assert not (place.home / "runs" / run["run_id"]).exists()
    await client.refused(404, "GET", "runs", run["run_id"])
    await client.refused(404, "DELETE", "runs", run["run_id"])


async def test_a_result_can_be_kept(client, place):
    run = place.run()
    found = await client.send("DELETE", "runs", run["run_id"], query={"keep_result": "true"})
    assert found.code == 204
    left = {path.name for path in (place.home / "runs" / run["run_id"]).iterdir()}
    assert "result.zarr" in left
    assert "inputs" not in left


async def test_the_list_is_searched_and_paged(client, place):
    everything = await client.get("runs", model=Runs)
    ids = [run["run_id"] for run in everything["runs"]]
    assert ids == sorted(ids, reverse=True)
    assert {place.good, place.bad} <= set(ids)
    first = await client.get("runs", limit=1, model=Runs)
    assert [run["run_id"] for run in first["runs"]] == ids[:1]
    assert first["next"] == ids[0]
    second = await client.get("runs", limit=1, after=ids[0], model=Runs)
    assert [run["run_id"] for run in second["runs"]] == ids[1:2]
    failed = await client.get("runs", state="completed_with_failures", model=Runs)
    assert place.bad in [run["run_id"] for run in failed["runs"]]
    assert {run["state"] for run in failed["runs"]} == {"completed_with_failures"}
    named = await client.get("runs", text=f"SIX.txt {place.bad}", model=Runs)
    assert [run["run_id"] for run in named["runs"]] == [place.bad]
    assert named["total"] == 1
    assert (await client.get("runs", text="no%such_run", model=Runs))["total"] == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [("limit", "0"), ("limit", "x"), ("state", "nowhere"), ("state", "a b"), ("nothing", "1")],
)
async def test_a_query_that_makes_no_sense_is_refused(client, name, value):
    error = await client.refused(422, "GET", "runs", query={name: value})
    assert name in error["message"]


async def test_code_starts_the_same_run(client, place):
    found = await client.get("runs", place.good, "code", model=Code)
    assert "workbench run start kinds.every" in found["shell"]
    assert "workbench.submit(" in found["python"]


async def test_a_driver_that_dies_is_started_again(client, place, jp_serverapp, monkeypatch):
    monkeypatch.setenv("WORKBENCH_RESTART_DELAYS_S", "0.1,0.1,0.1")
    desk = jp_serverapp.web_app.settings["workbench_desk"]
    run = await start(client, place, pause_s=1.0)
    live = await until(client, run["run_id"], "running")
    await client.get("runs")
    await desk.look()
    for process in place.processes():
        if process.pid == live["driver"]["pid"]:
            process.kill()
    for _ in range(100):
        await desk.look()
        await asyncio.sleep(0.2)
        now = await client.get("runs", run["run_id"])
        if now["driver"] is None or now["driver"]["epoch"] > live["driver"]["epoch"]:
            break
    ended = await until(client, run["run_id"], *FINAL)
    assert ended["state"] == "completed"


async def test_what_cannot_be_read_is_told_without_a_traceback(client, place):
    folder = place.home / "runs" / "20260101-000000-hurt-000000"
    shutil.copytree(place.home / "runs" / place.good, folder)
    try:
        (folder / "manifest.json").write_text("[]")
        error = await client.refused(409, "GET", "runs", folder.name)
        assert "manifest.json is altered: it holds no object. Restore it" in error["message"]
        listed = await client.get("runs", model=Runs)
        assert place.good in [run["run_id"] for run in listed["runs"]]
        shutil.copy(place.home / "runs" / place.good / "manifest.json", folder)
        (folder / "status.json").unlink()
        (folder / "status.json").mkdir()
        error = await client.refused(409, "GET", "runs", folder.name)
        assert error["code"] == "disk"
        assert f"{folder / 'status.json'} cannot be read or written: Is a" in error["message"]
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("file", "text"),
    [("driver.lock", ""), ("driver.lock", "{}"), ("driver_job.json", "["), ("status.json", "")],
)
async def test_a_damaged_run_hides_no_other(client, place, file, text):
    folder = place.home / "runs" / "20260101-000000-hurt-000000"
    shutil.copytree(place.home / "runs" / place.good, folder)
    try:
        (folder / file).write_text(text)
        listed = await client.get("runs", model=Runs)
        assert place.good in [run["run_id"] for run in listed["runs"]]
        if file != "status.json":
            error = await client.refused(409, "GET", "runs", folder.name)
            assert f"{folder / file} is " in error["message"]
            assert "remove that file" in error["message"].lower()
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("number", ["NaN", "1e999", "-Infinity"])
async def test_a_value_that_is_no_finite_number_is_told_at_its_field(client, place, number):
    body = f'{{"values": {{"numbers": "{place.numbers}", "factor": {number}}}}}'
    found = await client.send("POST", "recipes", "kinds.every", "check", raw=body)
    assert found.code == 200, found.body
    fields = json.loads(found.body)["problems"]
    assert [one["parameter"] for one in fields] == ["factor"]
    assert "is not a finite number" in fields[0]["message"]


async def test_a_full_disk_is_told(client, place, tmp_path, monkeypatch):
    require_root("mounting a small file system")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path], check=True)
    try:
        monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
        await client.get("runs", model=Runs)
        (tmp_path / "ballast").write_bytes(bytes(1_000_000))
        body = {"recipe": "kinds.every", "values": {"numbers": str(place.numbers)}}
        error = await client.refused(409, "POST", "runs", body=body)
        assert error["code"] == "no_space"
        assert f"are free on the file system of {tmp_path}" in error["message"]
    finally:
        subprocess.run(["umount", "--lazy", tmp_path], check=True)
