"""The server stays light, and the process that knows recipes comes and goes."""

import asyncio
import json
import logging
import subprocess
import sys

from jupyterlab_workbench import desk as desks
from jupyterlab_workbench.answers import Answers
from jupyterlab_workbench.app import NEWS
from jupyterlab_workbench.desk import Desk
from jupyterlab_workbench.request import finite
from tests.tree import ROOT

HEAVY = (
    "altair",
    "ase",
    "dask",
    "dask_jobqueue",
    "distributed",
    "pandas",
    "torch",
    "xarray",
    "zarr",
)
LOADED = f"""
import json, sys
import jupyterlab_workbench
from workbench import views
index = views.run_index()
index.page()
print(json.dumps(sorted(set(sys.modules) & {set(HEAVY)!r})))
"""


def test_the_server_loads_nothing_heavy():
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == []


def test_the_start_of_the_server_does_not_wait_for_the_workbench():
    code = "import sys, jupyterlab_workbench.routes; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"numpy", "workbench.service", "workbench.views"}


async def test_recipes_and_results_are_read_elsewhere(client, place, jp_serverapp):
    before = set(sys.modules)
    await client.get("recipes", "kinds.every")
    await client.get("runs", place.good, "rows")
    loaded = set(sys.modules) - before
    assert not {name.split(".")[0] for name in loaded} & {*HEAVY, "kinds_pack"}
    desk = jp_serverapp.web_app.settings["workbench_desk"]
    assert desk.answers.pid is not None


async def test_the_process_ends_when_nobody_asks(client, jp_serverapp):
    answers = jp_serverapp.web_app.settings["workbench_desk"].answers
    await client.get("recipes")
    first = answers.pid
    answers.end_if_idle()
    assert answers.pid == first
    answers.idle_s = 0.0
    await asyncio.to_thread(answers.end_if_idle)
    assert answers.pid is None
    await client.get("recipes")
    assert answers.pid not in (None, first)


async def test_a_process_that_was_killed_is_told_and_replaced(client, place, jp_serverapp):
    answers = jp_serverapp.web_app.settings["workbench_desk"].answers
    await client.get("recipes")
    for process in place.processes():
        if process.pid == answers.pid:
            process.suspend()
            asked = asyncio.ensure_future(client.refused(503, "GET", "recipes"))
            await asyncio.sleep(0.3)
            process.kill()
    assert "ended while it was asked" in (await asked)["message"]
    await client.get("recipes")


async def test_a_process_that_hangs_is_given_up(client, place, jp_serverapp, monkeypatch):
    monkeypatch.setattr(desks, "WATCH_S", 0.2)
    desk = jp_serverapp.web_app.settings["workbench_desk"]
    desk.begin()
    answers = desk.answers
    await client.get("recipes")
    [hung] = [process for process in place.processes() if process.pid == answers.pid]
    hung.suspend()
    # More than a pipe holds: what cannot even be sent holds up nobody.
    long = {"values": {"text": "x" * 2**17}}
    asked = [
        asyncio.ensure_future(client.refused(503, "GET", "recipes")),
        asyncio.ensure_future(
            client.refused(503, "POST", "recipes", "kinds.every", "check", body=long)
        ),
    ]
    await asyncio.sleep(1)
    assert answers.pid == hung.pid
    with monkeypatch.context() as patch:
        patch.setattr(answers, "silent_s", 0.5)
        done = await asyncio.wait_for(asyncio.gather(*asked), 15)
    assert "did not answer for" in done[0]["message"]
    assert "Try again" in done[0]["message"]
    await client.get("recipes")
    assert answers.pid not in (None, hung.pid)


async def test_who_stops_waiting_takes_nobody_the_answers(client, place, jp_serverapp):
    answers = jp_serverapp.web_app.settings["workbench_desk"].answers
    await client.get("recipes")
    [process] = [one for one in place.processes() if one.pid == answers.pid]
    process.suspend()
    asked = asyncio.ensure_future(answers.ask("recipes"))
    await asyncio.sleep(0.3)
    asked.cancel()
    process.resume()
    await client.get("recipes")
    assert asked.cancelled()


async def test_a_server_ends_though_its_answers_hang(client, place, jp_serverapp, monkeypatch):
    monkeypatch.setattr("jupyterlab_workbench.answers.END_S", 0.5)
    answers = jp_serverapp.web_app.settings["workbench_desk"].answers
    await client.get("recipes")
    [hung] = [process for process in place.processes() if process.pid == answers.pid]
    hung.suspend()
    asked = answers.put("recipes", {"filler": "x" * 2**17})
    await asyncio.wait_for(asyncio.to_thread(answers.end), 10)
    assert not hung.is_running()
    assert "ended while it was asked" in str(asked.exception(5))


async def test_a_python_that_is_not_there_is_named(client, jp_serverapp):
    jp_serverapp.web_app.settings["workbench_desk"].answers.python = "/no/such/python"
    error = await client.refused(503, "GET", "recipes")
    assert "/no/such/python" in error["message"]
    assert "WorkbenchApp.python" in error["message"]


async def test_long_questions_keep_no_short_ones_waiting(client, place):
    slow = [asyncio.ensure_future(client.get("runs", place.good, "rows")) for _ in range(3)]
    await client.get("runs", place.good)
    assert not all(one.done() for one in slow)
    await asyncio.gather(*slow)


async def test_answers_end_with_the_server(place, jp_serverapp, client):
    desk = jp_serverapp.web_app.settings["workbench_desk"]
    await client.get("recipes")
    pid = desk.answers.pid
    await desk.close()
    assert pid not in [process.pid for process in place.processes()]


def test_no_number_is_sent_that_json_does_not_know():
    found = finite({"a": [float("nan"), 1.5], "b": (float("inf"), None), "c": "NaN"})
    assert found == {"a": [None, 1.5], "b": [None, None], "c": "NaN"}


def test_the_types_of_the_browser_are_made_of_the_models():
    command = [sys.executable, ROOT / "tools/typescript_types.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_process_is_started_by_no_question_alone():
    assert Answers(sys.executable, log=None).pid is None


async def test_a_list_of_runs_that_fails_is_told_and_looked_at_again(caplog, monkeypatch):
    monkeypatch.setattr(desks, "NEWS_S", 0.05)
    log = logging.getLogger("desk")
    desk = Desk(sys.executable, 0, log, news=lambda: None)
    index = await asyncio.to_thread(desk.index)
    # Closed behind the desk's back: what no mending of its file can bring back.
    index.close()
    desk.begin()
    await asyncio.sleep(1)
    await desk.close()
    # More than once: the watch goes on.
    assert caplog.text.count("The runs could not be looked at: Cannot operate on a closed") > 1


async def test_runs_that_begin_anywhere_are_told(place, jp_serverapp, client):
    desk = jp_serverapp.web_app.settings["workbench_desk"]
    heard = []

    async def hear(logger, schema_id, data):
        heard.append(schema_id)

    jp_serverapp.event_logger.add_listener(schema_id=NEWS["$id"], listener=hear)
    await client.get("runs")
    await desk.look_for_news()
    await desk.look_for_news()
    assert heard == []
    run_id = (await asyncio.to_thread(place.run))["run_id"]
    await desk.look_for_news()
    await asyncio.sleep(0)
    assert heard == [NEWS["$id"]]
    assert (await client.get("runs"))["runs"][0]["run_id"] == run_id
