"""Runs outlive the page, the tab and the server; what fails is shown and computed again."""

import re
import time

from playwright.sync_api import expect

LIVE = re.compile("Running|Waiting for workers|Starting")


def test_a_live_run_is_watched_stopped_and_resumed(desk, place, picture):
    run_id = place.run(wait=False, numbers=place.many, pause_s=0.5)["run_id"]
    desk.open(f"workbench=run/{run_id}")
    run = desk.page.locator(".jp-Workbench-run:visible")
    expect(run.get_by_role("progressbar")).to_have_attribute(
        "aria-valuetext", re.compile("^[1-9][0-9]? of 40 done")
    )
    # Figures of what is there so far.
    expect(run.locator(".jp-Workbench-figure").locator("canvas, svg").first).to_be_visible()
    expect(desk.page.locator(".jp-Workbench-status")).to_contain_text("1 run")
    picture(desk.page, "run-live-light")
    run.get_by_role("button", name="Stop").click()
    expect(run).to_contain_text(re.compile(r"Stopped, [0-9]+ of 40 done"))
    run.get_by_role("button", name="Resume").click()
    expect(run).to_contain_text("Finished, 40 items")
    assert place.call("run", "show", run_id)["state"] == "completed"


def test_failed_items_are_shown_first_and_computed_again(desk, place, picture):
    run_id = place.run(fail="[2, 4]")["run_id"]
    desk.open(f"workbench=run/{run_id}")
    run = desk.page.locator(".jp-Workbench-run:visible")
    expect(run).to_contain_text("Finished, 2 of 6 failed")
    run.get_by_role("tab", name="Items (2 failed)").click()
    rows = run.get_by_role("tabpanel").get_by_role("row")
    expect(rows.nth(1)).to_contain_text("number 2 was told to fail")
    expect(rows.nth(2)).to_contain_text("number 4 was told to fail")
    picture(desk.page, "run-items-light")
    panel = run.get_by_role("tabpanel")
    panel.get_by_role("button", name="Compute failed items again").click()
    expect(run.locator("header")).to_contain_text(LIVE)
    expect(run.locator("header")).to_contain_text("Finished, 2 of 6 failed")
    epoch = place.home / "runs" / run_id / "tasks.2.jsonl"
    assert epoch.exists()


def test_after_a_reload_everything_is_as_it_was(desk, finished):
    desk.open("workbench=recipe/kinds.every&set.factor=7.5")
    recipe = desk.page.locator(".jp-Workbench-recipe:visible")
    expect(recipe.get_by_label("Factor")).to_have_value("7.5")
    # It alone is there again, before anything else is opened.
    desk.kept("workbench-recipe")
    desk.page.reload()
    expect(recipe.get_by_label("Factor")).to_have_value("7.5")
    recipe.get_by_label("Note").fill("half done")
    panel = desk.page.get_by_role("region", name="Science workbench")
    panel.get_by_role("list", name="Runs, the newest first").get_by_title(finished).click()
    expect(desk.page.locator(".jp-Workbench-run:visible")).to_contain_text("Finished, 6 items")
    desk.kept(finished)
    desk.page.reload()
    expect(desk.page.locator(".jp-Workbench-run:visible")).to_contain_text("Finished, 6 items")
    expect(desk.page.get_by_role("region", name="Science workbench")).to_be_visible()
    desk.page.locator(".lm-TabBar-tab", has_text="Every kind").first.click()
    expect(recipe.get_by_label("Factor")).to_have_value("7.5")
    expect(recipe.get_by_label("Note")).to_have_value("half done")


def test_the_server_dies_in_mid_run_and_comes_back(desk, lab, place, picture):
    desk.allowed = "Failed to load resource|ERR_CONNECTION|WebSocket|Failed to fetch|504|503"
    run_id = place.run(wait=False, pause_s=2)["run_id"]
    desk.open(f"workbench=run/{run_id}")
    run = desk.page.locator(".jp-Workbench-run:visible")
    expect(run.locator("header")).to_contain_text("Running")
    lab.kill()
    try:
        expect(run.get_by_role("alert").first).to_contain_text("does not answer. Runs go on")
        picture(desk.page, "run-without-server-light")
    finally:
        lab.start()
    expect(run).to_contain_text("Finished, 6 items")
    expect(run.get_by_text("does not answer")).to_have_count(0)


def test_a_run_that_ended_while_nobody_was_there_is_told(desk, place):
    desk.allowed = r"409 \(Conflict\)"
    hurt = place.run(wait=False, pause_s=3)["run_id"]
    run_id = place.run(wait=False, pause_s=1)["run_id"]
    desk.open(f"workbench=run/{run_id}")
    expect(desk.page.locator(".jp-Workbench-status")).to_contain_text("2 runs")
    time.sleep(2)
    desk.page.goto("about:blank")
    for each in (hurt, run_id):
        place.call("run", "wait", each)
    (place.home / "runs" / hurt / "manifest.json").write_text("[]")
    desk.open()
    notice = desk.page.locator(".Toastify__toast", has_text="Every kind: Finished, 6 items")
    notice.get_by_role("button", name="Show").click()
    shown = desk.page.locator(f"[id='workbench-run-{run_id}']:visible")
    expect(shown).to_contain_text("Finished, 6 items")


def test_a_run_is_searched_and_filtered(desk, flawed):
    desk.open()
    panel = desk.open_panel()
    runs = panel.get_by_role("list", name="Runs, the newest first").get_by_role("button")
    expect(runs.first).to_be_visible()
    panel.get_by_label("Search runs").fill(flawed[-6:])
    expect(runs).to_have_count(1)
    expect(runs).to_contain_text("Finished, 1 of 6 failed")
    panel.get_by_label("Show runs by state").select_option("Stopped")
    expect(runs).to_have_count(0)
    expect(panel).to_contain_text("No run fits.")


def test_rows_are_sorted_and_filtered_by_keyboard(desk, finished):
    desk.open(f"workbench=run/{finished}")
    run = desk.page.locator(".jp-Workbench-run:visible")
    run.get_by_role("tab", name="Figures").focus()
    desk.page.keyboard.press("ArrowRight")
    expect(run.get_by_role("tab", name="Table")).to_have_attribute("aria-selected", "true")
    told = run.get_by_role("tabpanel").get_by_role("status")
    expect(told).to_have_text("6 rows, 3 columns, the best first")
    grid = run.locator(".jp-Workbench-grid")
    # Beyond the numbers of the rows, in the line of names.
    grid.click(position={"x": 64 + 60, "y": 14})
    expect(told).to_have_text("6 rows, 3 columns, sorted by number, smallest first")
    run.get_by_label("Sort by").select_option("product")
    run.get_by_role("button", name="Smallest first").click()
    expect(told).to_have_text("6 rows, 3 columns, sorted by product, largest first")
    run.get_by_label("Filter column").select_option("product")
    run.get_by_label("Comparison").select_option(">")
    run.get_by_label("Filter value").press_sequentially("4")
    desk.page.keyboard.press("Enter")
    expect(told).to_have_text("4 of 6 rows, 3 columns, sorted by product, largest first")
    run.get_by_role("button", name="product > 4").click()
    expect(told).to_contain_text("6 rows")
    run.get_by_label("Filter column").select_option("number")
    run.get_by_label("Filter value").fill("x")
    run.get_by_label("Comparison").select_option("=")
    desk.allowed = "422"
    desk.page.keyboard.press("Enter")
