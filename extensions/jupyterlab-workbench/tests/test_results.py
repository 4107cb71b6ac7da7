"""What a run found, over REST: figures, rows, items, log, notebook."""

import csv
import io
import json

import pytest
from tornado.simple_httpclient import HTTPStreamClosedError

from jupyterlab_workbench import results
from jupyterlab_workbench.documents.base import LogPiece
from jupyterlab_workbench.documents.recipes import ContentsPath
from jupyterlab_workbench.documents.results import Figures, ItemsPage, Rows
from workbench import open_run


async def rows(client, run_id, **query):
    found = await client.get("runs", run_id, "rows", model=Rows, **query)
    names = [column["name"] for column in found["columns"]]
    return [dict(zip(names, row, strict=True)) for row in found["rows"]], found


async def test_rows_are_those_of_the_result(client, place):
    found, page = await rows(client, place.good)
    result = open_run(place.good).open()
    assert [row["product"] for row in found] == result["product"].values.tolist()
    assert [column["unit"] for column in page["columns"]] == ["1", "eV", "1"]
    assert page["total"] == page["unfiltered"] == 6


async def test_rows_are_sorted_filtered_and_paged(client, place):
    found, _ = await rows(client, place.good, sort="-product", limit=2)
    assert [row["number"] for row in found] == [6, 5]
    found, _ = await rows(client, place.good, sort="-product", limit=2, offset=2)
    assert [row["number"] for row in found] == [4, 3]
    found, page = await rows(client, place.good, filter=["product>4", "parity~EVEN"])
    assert [row["number"] for row in found] == [4, 6]
    assert (page["total"], page["unfiltered"]) == (2, 6)


async def test_a_hole_is_null(client, place):
    found, _ = await rows(client, place.bad)
    assert [row["number"] for row in found if row["product"] is None] == [2, 4]
    assert [row["number"] for row in found][-2:] == [2, 4]


@pytest.mark.parametrize(
    "query",
    [
        {"sort": "nothing"},
        {"filter": "nothing=1"},
        {"filter": "product=x"},
        {"filter": "product"},
        {"limit": "99999"},
        {"offset": "-1"},
    ],
)
async def test_rows_that_cannot_be_told_are_refused(client, place, query):
    error = await client.refused(422, "GET", "runs", place.good, "rows", query=query)
    assert error["message"]


async def test_csv_holds_every_row_as_filtered(client, place):
    found = await client.send(
        "GET", "runs", place.good, "rows.csv", query={"sort": "-number", "filter": "number<=3"}
    )
    assert found.headers["Content-Type"].startswith("text/csv")
    assert place.good in found.headers["Content-Disposition"]
    table = list(csv.reader(io.StringIO(found.body.decode())))
    assert table[0] == ["number", "product [eV]", "parity"]
    assert [row[0] for row in table[1:]] == ["3", "2", "1"]


async def test_a_csv_that_breaks_off_does_not_look_whole(client, place, monkeypatch):
    folder = place.home / "runs" / place.good
    aside = place.home / "aside"
    flush = results.Csv.flush

    def lost(self, **how):
        sent = flush(self, **how)
        if folder.exists():
            # Another process is to answer from here on: this one has read the table.
            self.desk.answers.end()
            folder.rename(aside)
        return sent

    monkeypatch.setattr(results, "CSV_ROWS", 1)
    monkeypatch.setattr(results.Csv, "flush", lost)
    try:
        with pytest.raises(HTTPStreamClosedError):
            await client.send("GET", "runs", place.good, "rows.csv")
    finally:
        aside.rename(folder)


def points(spec):
    return {point["number"]: point["product"] for point in spec["data"]["values"]}


async def test_a_figure_with_holes_comes_with_nothing_in_their_place(client, place):
    drawn = points(await client.get("runs", place.bad, "figures", "products"))
    assert {number for number, product in drawn.items() if product is None} == {2, 4}
    # One that was not drawn at the end is drawn when it is asked for, by another process.
    folder = place.home / "runs" / place.bad / "figures"
    folder.rename(folder.with_name("away"))
    try:
        assert points(await client.get("runs", place.bad, "figures", "products")) == drawn
    finally:
        folder.with_name("away").rename(folder)


async def test_figures_are_those_that_the_worker_drew(client, place):
    found = await client.get("runs", place.good, "figures", model=Figures)
    assert found["names"] == ["products"]
    spec = await client.get("runs", place.good, "figures", "products")
    file = place.home / "runs" / place.good / "figures" / "products.vl.json"
    assert spec == json.loads(file.read_text())
    error = await client.refused(404, "GET", "runs", place.good, "figures", "product")
    assert "Did you mean 'products'?" in error["message"]


async def test_failed_items_come_first_with_their_reason(client, place):
    found = await client.get("runs", place.bad, "items", model=ItemsPage)
    assert found["counts"] == {"done": 4, "failed": 2, "not_run": 0}
    (stage,) = found["stages"]
    assert stage["counts"] == found["counts"]
    assert [item["name"] for item in found["items"][:2]] == ["2", "4"]
    assert "number 2 was told to fail" in found["items"][0]["message"]
    done = await client.get("runs", place.bad, "items", state="done", limit=3, model=ItemsPage)
    assert (len(done["items"]), done["total"]) == (3, 4)
    assert {item["state"] for item in done["items"]} == {"done"}


async def test_the_log_is_read_from_any_byte(client, place):
    whole = await client.get("runs", place.good, "log", model=LogPiece)
    log = (place.home / "runs" / place.good / "log").read_bytes()
    assert whole["text"].encode() == log
    tail = await client.get("runs", place.good, "log", **{"from": -40}, model=LogPiece)
    assert log.decode().endswith(tail["text"])
    assert tail["text"] in ("", log.decode().splitlines(keepends=True)[-1])
    rest = await client.get("runs", place.good, "log", **{"from": len(log)}, model=LogPiece)
    assert (rest["text"], rest["start"], rest["stop"]) == ("", len(log), len(log))


async def test_a_notebook_is_written_where_the_file_browser_is(client, place, jp_root_dir):
    (jp_root_dir / "here").mkdir()
    body = {"folder": "here"}
    path = ("runs", place.good, "notebook")
    found = await client.post(*path, body=body, status=201, model=ContentsPath)
    assert found["path"] == f"here/{place.good}.ipynb"
    written = json.loads((jp_root_dir / found["path"]).read_text())
    assert f'workbench.open_run("{place.good}")' in "".join(written["cells"][1]["source"])
    again = await client.post(*path, body=body, status=201, model=ContentsPath)
    assert again["path"] != found["path"]
    await client.refused(404, "POST", *path, body={"folder": "nowhere"})
    await client.refused(404, "POST", *path, body={"folder": "../.."})
