"""A second tab, a look elsewhere: runs belong to neither."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.ui.lab import Desk

FINISHED = "Finished, 6 items"
RECORD = """
window.told = [];
window.Notification = class {
    static permission = 'granted';
    constructor(message, options) { window.told.push([message, options.tag]); }
};
"""


@pytest.fixture
def second(browser, lab):
    """Another window of the same person."""
    found = Desk(browser, lab)
    yield found
    found.close()


def test_both_tabs_see_a_run_end_that_one_of_them_started(desk, second, place):
    run_id = place.run(wait=False, pause_s=4)["run_id"]
    for one in (desk, second):
        one.open(f"workbench=run/{run_id}")
    run = second.page.locator(".jp-Workbench-run:visible")
    run.get_by_role("button", name="Stop").click()
    for one in (second, desk):
        shown = one.page.locator(".jp-Workbench-run:visible")
        expect(shown.locator("header")).to_contain_text(re.compile("Stopped, [0-5] of 6 done"))
    run.get_by_role("button", name="Resume").click()
    shown = desk.page.locator(".jp-Workbench-run:visible")
    expect(shown).to_contain_text(FINISHED)
    # Nobody asks for a run that is at its end; that it is gone is heard.
    desk.allowed = second.allowed = "404"
    expect(run.locator("header")).to_contain_text(FINISHED)
    run.get_by_role("button", name="Delete").click()
    dialog = second.page.get_by_role("dialog")
    dialog.get_by_role("button", name=re.compile("^Delete")).click()
    expect(shown).to_contain_text("This run is gone")


def test_who_looks_elsewhere_is_told_by_the_browser_once_that_is_allowed(desk, place):
    desk.page.add_init_script(RECORD)
    run_id = place.run(wait=False, pause_s=1)["run_id"]
    desk.open(f"workbench=run/{run_id}")
    desk.page.evaluate("document.hasFocus = () => false")
    expect(desk.page.locator(".Toastify__toast")).to_contain_text(f"Every kind: {FINISHED}")
    assert desk.page.evaluate("window.told") == [[f"Every kind: {FINISHED}", run_id]]
    again = place.run(wait=False, pause_s=1)["run_id"]
    desk.open(f"workbench=run/{again}")
    toast = desk.page.locator(".Toastify__toast", has_text=FINISHED)
    expect(toast).to_be_visible()
    expect(toast.get_by_role("button", name="Tell me elsewhere too")).to_have_count(0)
    assert desk.page.evaluate("window.told") == []


def test_the_browser_is_asked_only_when_somebody_wants_it(desk, place):
    desk.page.add_init_script(
        "window.asked = 0; window.Notification = class { static permission = 'default';"
        "static async requestPermission() { window.asked += 1; this.permission = 'denied'; } };"
    )
    run_id = place.run(wait=False, pause_s=1)["run_id"]
    desk.open(f"workbench=run/{run_id}")
    toast = desk.page.locator(".Toastify__toast", has_text=FINISHED)
    offered = toast.get_by_role("button", name="Tell me elsewhere too")
    expect(offered).to_be_visible()
    assert desk.page.evaluate("window.asked") == 0
    offered.click()
    desk.page.wait_for_function("window.asked === 1")


def test_running_runs_stand_in_the_status_bar_and_among_the_running_sessions(desk, place, picture):
    run_id = place.run(wait=False, numbers=place.many, pause_s=3)["run_id"]
    desk.open()
    status = desk.page.locator(".jp-Workbench-status")
    expect(status).to_contain_text(re.compile("1 run [0-9]+ %"))
    desk.page.get_by_role("tab", name="Running Terminals and Kernels").click()
    section = desk.page.get_by_role("region", name="Science Workbench Runs Section")
    item = section.locator(".jp-RunningSessions-item", has_text="Every kind")
    expect(item).to_contain_text(re.compile("Running, [0-9]+ of 40"))
    picture(desk.page, "running-light")
    status.click()
    expect(desk.page.locator(f"[id='workbench-run-{run_id}']:visible")).to_be_visible()
    item.hover()
    item.locator(".jp-RunningSessions-itemShutdown").click()
    expect(status).to_have_count(0)
    assert place.call("run", "wait", run_id)["state"] == "stopped"


def test_chosen_items_are_computed_again(desk, place, picture):
    run_id = place.run(fail="[2, 4]")["run_id"]
    desk.open(f"workbench=run/{run_id}")
    run = desk.page.locator(".jp-Workbench-run:visible")
    run.get_by_role("tab", name="Items (2 failed)").click()
    panel = run.get_by_role("tabpanel")
    panel.get_by_label("Choose all failed items of this page").check()
    expect(panel.get_by_role("button", name="Compute 2 items again")).to_be_visible()
    panel.get_by_label("Choose 2", exact=True).uncheck()
    picture(desk.page, "run-items-chosen-light")
    panel.get_by_role("button", name="Compute 1 item again").click()
    journal = place.home / "runs" / run_id / "tasks.2.jsonl"
    until = time.monotonic() + 60
    while not journal.exists() and time.monotonic() < until:
        desk.page.wait_for_timeout(100)
    place.call("run", "wait", run_id)
    assert "number 4 was told to fail" in journal.read_text()
    assert "number 2 was told to fail" not in journal.read_text()


def test_pictures_stand_in_the_catalogue_and_on_the_page(desk, picture):
    desk.open()
    panel = desk.open_panel()
    images = panel.locator("img.jp-mod-picture")
    expect(images).to_have_count(3)
    loaded = "one => one.complete && one.naturalWidth > 0"
    for image in images.all():
        image.scroll_into_view_if_needed()
        desk.page.wait_for_function(loaded, arg=image.element_handle())
    picture(desk.page, "panel-pictures-light")
    panel.get_by_role("button", name=re.compile("^Protein search")).first.click()
    shown = desk.page.get_by_role("img", name=re.compile("^Scores by rank"))
    desk.page.wait_for_function(loaded, arg=shown.element_handle())
    picture(desk.page, "recipe-picture-light")
    desk.theme("JupyterLab Dark")
    picture(desk.page, "recipe-picture-dark")
