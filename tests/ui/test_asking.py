"""When the pages ask the server, and what they make of late, failed and partial answers."""

import re

import pytest
from playwright.sync_api import expect

LIST = re.compile(r"/runs\?")


@pytest.fixture
def live(place):
    """A run that goes on as long as its test."""
    run_id = place.run(wait=False, numbers=place.many, pause_s=0.5)["run_id"]
    yield run_id
    place.call("run", "stop", run_id)
    place.call("run", "wait", run_id)


def doctored(**changes):
    """Let an answer through with some of its members changed."""

    def answer(route):
        found = route.fetch()
        route.fulfill(response=found, json={**found.json(), **changes})

    return answer


def test_the_hidden_page_of_a_run_asks_nothing(desk, place):
    run_id = place.run(wait=False, pause_s=1)["run_id"]
    desk.open(f"workbench=run/{run_id}")
    run = desk.page.locator(".jp-Workbench-run:visible")
    run.get_by_role("tab", name="Log").click()
    expect(run.locator(".jp-Workbench-log")).to_be_visible()
    desk.page.keyboard.press("Control+Shift+L")
    expect(run).to_have_count(0)
    asked = []
    desk.page.on("request", lambda request: asked.append(request.url))
    place.call("run", "wait", run_id)
    desk.page.wait_for_timeout(5000)
    assert [url for url in asked if f"{run_id}/log" in url] == []
    desk.page.locator(".lm-TabBar-tab", has_text=re.compile("kinds.every|Every kind")).click()
    expect(run).to_contain_text("Finished, 6 items")


def test_what_is_searched_while_the_list_is_asked_for_is_found(desk, flawed):
    desk.open()
    panel = desk.open_panel()
    runs = panel.get_by_role("list", name="Runs, the newest first")
    expect(runs.get_by_title(flawed)).to_be_visible()
    held = []
    desk.page.route(re.compile(r"/runs\?.*state=stopped"), lambda route: held.append(route))
    with desk.page.expect_request(re.compile(r"/runs\?.*state=stopped")):
        panel.get_by_label("Show runs by state").select_option("Stopped")
    panel.get_by_label("Show runs by state").select_option("With trouble")
    desk.page.wait_for_timeout(500)
    for route in held:
        route.fulfill(json={"runs": [], "next": None, "total": 0, "complete": True})
    expect(runs.get_by_title(flawed)).to_be_visible()


def test_the_end_of_a_run_is_told_though_the_first_question_fails(desk, place):
    desk.allowed = "500"
    run_id = place.run(wait=False, pause_s=1)["run_id"]
    desk.open()
    expect(desk.page.locator(".jp-Workbench-status")).to_be_visible()
    failed = []

    def fail(route):
        failed.append(route)
        route.fulfill(status=500, json={"error": {"code": "unexpected", "message": "No."}})

    desk.page.route(re.compile(rf"/runs/{run_id}(\?|$)"), fail, times=1)
    toast = desk.page.locator(".Toastify__toast", has_text="Every kind: Finished, 6 items")
    expect(toast).to_have_count(1)
    assert failed


def test_runs_beyond_the_first_hundred_have_not_ended(desk, live):
    desk.open()
    status = desk.page.locator(".jp-Workbench-status")
    expect(status).to_be_visible()
    desk.page.route(LIST, doctored(runs=[], next="more"))
    expect(status).to_have_count(0)
    desk.page.wait_for_timeout(1000)
    expect(desk.page.locator(".Toastify__toast")).to_have_count(0)


def test_the_items_of_a_busy_run_are_asked_for_one_question_at_a_time(desk, live):
    desk.open(f"workbench=run/{live}")
    run = desk.page.locator(".jp-Workbench-run:visible")
    held = []
    items = re.compile(f"/runs/{live}/items")
    desk.page.route(items, lambda route: held.append(route))
    run.get_by_role("tab", name="Items").click()
    desk.page.wait_for_timeout(4000)
    assert len(held) == 1
    held[0].fallback()
    expect(run.get_by_role("tabpanel")).to_contain_text("1 to 40 of 40")
    desk.page.wait_for_timeout(4000)
    assert len(held) == 2
    held[1].fallback()


def test_a_log_leaves_who_reads_further_up_where_they_are(desk, live):
    lines = "".join(f"line {n}\n" for n in range(200))
    desk.page.route(
        re.compile(f"/runs/{live}/log"),
        lambda route: route.fulfill(json={"text": lines, "start": 0, "stop": 1, "size": 1}),
    )
    desk.open(f"workbench=run/{live}")
    run = desk.page.locator(".jp-Workbench-run:visible")
    run.get_by_role("tab", name="Log").click()
    log = run.locator(".jp-Workbench-log")
    below = "one => one.scrollHeight - one.scrollTop - one.clientHeight"

    def grow():
        height = log.evaluate("one => one.scrollHeight")
        desk.page.wait_for_function(
            "([one, height]) => one.scrollHeight > height", arg=[log.element_handle(), height]
        )

    expect(log).to_contain_text("line 199")
    grow()
    assert log.evaluate(below) < 10
    log.evaluate("one => one.scrollTo(0, 100)")
    grow()
    assert log.evaluate("one => one.scrollTop") == 100
    log.evaluate("one => one.scrollTo(0, one.scrollHeight)")
    grow()
    assert log.evaluate(below) < 10
