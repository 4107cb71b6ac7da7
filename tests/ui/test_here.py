"""A cluster of this computer, without a scheduler: what cannot be chosen is not asked for."""

import re

from playwright.sync_api import expect

from tests.ui.test_clusters import cluster_page, launch, row_of
from tests.ui.test_looks import findings


def test_a_cluster_here_is_launched_seen_and_stopped(desk, place, picture):
    desk.open()
    panel = desk.open_panel()
    # Unfolded in a window of this height it is seen, not below the others.
    desk.page.set_viewport_size({"width": 1280, "height": 800})
    title = panel.locator(".jp-AccordionPanel-title", has_text="Pool")
    title.click()
    expect(title).to_have_attribute("aria-expanded", "true")
    section = panel.locator(".jp-Workbench-section").last
    desk.page.wait_for_function(
        "one => one.clientHeight > 100 && one.getBoundingClientRect().bottom <= innerHeight",
        arg=section.element_handle(),
    )
    form = launch(desk, Name="mine", Number="900")
    meaning = form.get_by_role("complementary", name="What will happen")
    expect(meaning).to_contain_text(re.compile(r"Workers900, [\d.]+ [MG]B of memory each"))
    expect(meaning.get_by_role("alert")).to_contain_text(re.compile(r"900 workers on \d+ core"))
    form.get_by_label("Number", exact=True).fill("1")
    expect(meaning).to_contain_text(re.compile(r"Workers1, [\d.]+ GB of memory"))
    expect(meaning.get_by_role("alert")).to_have_count(0)
    expect(meaning).to_contain_text("This computer")
    for label in ("Where", "Card of each worker", "Time limit of each job"):
        expect(form.get_by_label(label)).to_have_count(0)
    expect(form.get_by_role("region", name="Job script")).to_have_count(0)
    assert findings(desk.page) == []
    picture(desk.page, "launch-here-light")
    idle = form.get_by_label("Ends itself when idle for", exact=True)
    idle.press_sequentially("1e")
    expect(form.locator(".jp-mod-wrong")).to_contain_text("This is no number.")
    form.get_by_role("button", name="Launch", exact=True).click()
    expect(idle).to_be_focused()
    assert "mine" not in [each["name"] for each in place.call("cluster", "list")["clusters"]]
    idle.fill("")
    form.get_by_role("button", name="Launch", exact=True).click()
    page, row = cluster_page(desk, "mine"), row_of(panel, "mine")
    expect(page.locator("header")).to_contain_text("Running, 1 worker")
    expect(page.get_by_role("region", name="Workers").get_by_role("row")).to_have_count(2)
    expect(row).to_contain_text("Running, 1 worker")
    expect(row).to_contain_text("idle, stops in")
    picture(desk.page, "cluster-here-light")
    row.get_by_role("button", name="Stop mine").click()
    dialog = desk.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Its 1 worker ends.")
    dialog.get_by_role("button", name="Stop mine").click()
    expect(page.locator("header")).to_contain_text("Stopped")
    expect(row_of(panel, "mine")).not_to_be_visible()
    assert place.call("cluster", "show", "mine")["state"] == "stopped"
