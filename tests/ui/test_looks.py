"""Every view in both themes, narrow and at twice the size: readable, and named for axe."""

import pytest
from playwright.sync_api import expect

from tests.tree import ROOT
from tests.ui.lab import Desk

AXE = ROOT / "extensions/jupyterlab-workbench/node_modules/axe-core/axe.min.js"
OURS = ".jp-Workbench-panel, .jp-Workbench-page, .jp-Workbench-cardmap"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
# What JupyterLab itself draws around ours is not judged here.
ASK = """async (selector) => {
    const places = [...document.querySelectorAll(selector)].filter(one => one.offsetParent);
    const found = await axe.run(places, {resultTypes: ['violations']});
    return found.violations
        .filter(one => ['serious', 'critical'].includes(one.impact))
        .map(one => `${one.id}: ${one.nodes.map(node => node.html.slice(0, 120)).join(' | ')}`);
}"""


def findings(page):
    """Serious findings of axe in our parts of the page."""
    page.add_script_tag(path=AXE)
    return page.evaluate(ASK, OURS)


@pytest.mark.parametrize("theme", THEMES)
def test_views(desk, flawed, picture, theme):
    desk.open()
    desk.theme(THEMES[theme])
    panel = desk.open_panel()
    expect(panel.get_by_role("button", name="Every kind").first).to_be_visible()
    expect(panel.get_by_title(flawed)).to_be_visible()
    picture(desk.page, f"panel-{theme}")
    assert findings(desk.page) == []
    panel.get_by_role("button", name="Every kind").first.click()
    form = desk.page.locator(".jp-Workbench-recipe:visible")
    form.get_by_text("Advanced (2)").click()
    form.get_by_label("Rounds").fill("99")
    expect(form.locator(".jp-mod-wrong")).to_have_count(1)
    picture(desk.page, f"recipe-{theme}")
    assert findings(desk.page) == []
    panel.get_by_title(flawed).click()
    run = desk.page.locator(".jp-Workbench-run:visible")
    expect(run.locator(".jp-Workbench-figure").locator("canvas, svg").first).to_be_visible()
    for name in ("Figures", "Table", "Items (1 failed)", "Parameters", "Provenance", "Log"):
        run.get_by_role("tab", name=name).click()
        expect(run.get_by_role("tabpanel")).not_to_be_empty()
        desk.page.wait_for_timeout(500)
        picture(desk.page, f"run-{name.split()[0].lower()}-{theme}")
        assert findings(desk.page) == [], name


@pytest.mark.parametrize(("name", "width", "scale"), [("narrow", 700, 1), ("double", 1400, 2)])
def test_narrow_and_large(browser, lab, finished, picture, name, width, scale):
    desk = Desk(browser, lab, width=width // scale, height=900 // scale)
    desk.open()
    panel = desk.open_panel()
    expect(panel.get_by_title(finished)).to_be_visible()
    assert panel.bounding_box()["width"] <= 300
    overflow = "node => node.scrollWidth - node.clientWidth"
    for part in panel.locator(".jp-Workbench-list").all():
        assert part.evaluate(overflow) <= 0
    picture(desk.page, f"panel-{name}")
    panel.get_by_role("button", name="Every kind").first.click()
    form = desk.page.locator(".jp-Workbench-page:visible")
    expect(form.get_by_role("button", name="Run", exact=True)).to_be_attached()
    assert form.evaluate(overflow) <= 0
    picture(desk.page, f"recipe-{name}")
    panel.get_by_title(finished).click()
    run = desk.page.locator(".jp-Workbench-page:visible")
    expect(run.locator(".jp-Workbench-figure").locator("canvas, svg").first).to_be_visible()
    assert run.evaluate(overflow) <= 0
    picture(desk.page, f"run-{name}")
    desk.close()
