"""When the pages ask the server, and what they make of late answers."""

import os
import re
import signal
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect


@pytest.fixture
def live(place):
    """A run that goes on as long as its test."""
    run_id = place.run(wait=False, numbers=place.many, pause_s=0.5)["run_id"]
    yield run_id
    place.call("run", "stop", run_id)
    place.call("run", "wait", run_id)


@contextmanager
def stopped(pid):
    """A process that answers nothing for a while."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


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


def test_what_is_searched_while_the_list_is_asked_for_is_found(desk, lab, flawed):
    desk.open()
    panel = desk.open_panel()
    runs = panel.get_by_role("list", name="Runs, the newest first")
    expect(runs.get_by_title(flawed)).to_be_visible()
    states = panel.get_by_label("Show runs by state")
    with stopped(lab.pid):
        with desk.page.expect_request(re.compile(r"/runs\?.*state=stopped")):
            states.select_option("Stopped")
        states.select_option("With trouble")
        desk.page.wait_for_timeout(500)
    expect(runs.get_by_title(flawed)).to_be_visible(timeout=20_000)


def test_the_items_of_a_busy_run_are_asked_for_one_question_at_a_time(desk, live, place):
    desk.open(f"workbench=run/{live}")
    run = desk.page.locator(".jp-Workbench-run:visible")
    tab = run.get_by_role("tab", name="Items")
    tab.click()
    expect(run.get_by_role("tabpanel")).to_contain_text("1 to 40 of 40")
    answers = [one.pid for one in place.processes() if "workbench.answers" in one.cmdline()]
    asked, answered = [], []
    items = re.compile(f"/runs/{live}/items")
    with stopped(*answers):
        desk.page.on("request", lambda one: items.search(one.url) and asked.append(one))
        desk.page.wait_for_timeout(4000)
        assert len(asked) == 1
        desk.page.on("response", lambda one: items.search(one.url) and answered.append(one))
    desk.page.wait_for_timeout(4000)
    assert len(answered) > 1


def test_who_waits_long_is_told_so(desk, place):
    desk.open()
    panel = desk.open_panel()
    expect(panel.get_by_role("button", name="Every kind").first).to_be_visible()
    answers = [one.pid for one in place.processes() if "workbench.answers" in one.cmdline()]
    with stopped(*answers):
        panel.get_by_role("button", name="Every kind").first.click()
        page = desk.page.locator(".jp-Workbench-page:visible")
        expect(page).to_contain_text("Still waiting: the server")
    expect(page.get_by_label("Factor")).to_be_visible()


def test_a_log_leaves_who_reads_further_up_where_they_are(desk, live, place):
    file = place.home / "runs" / live / "log"

    def write(lines):
        with file.open("a") as log:
            log.write("".join(f"line {n}\n" for n in range(lines)))

    write(200)
    desk.open(f"workbench=run/{live}")
    run = desk.page.locator(".jp-Workbench-run:visible")
    run.get_by_role("tab", name="Log").click()
    log = run.locator(".jp-Workbench-log")
    below = "one => one.scrollHeight - one.scrollTop - one.clientHeight"

    def grow():
        height = log.evaluate("one => one.scrollHeight")
        write(5)
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
