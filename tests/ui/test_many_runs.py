"""100,000 runs in the panel: the newest at once, later pages, the oldest by searching."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.many import copies
from tests.ui.conftest import PICTURES
from tests.ui.lab import Desk, Lab
from tests.ui.place import Place

RUNS = 100_000
READ_MS = 150_000
# The longest time that the page draws nothing, on a computer that computes other things too.
STILL_MS = 3000
STILL = """
window.still = 0;
let before = performance.now();
const look = now => {
    window.still = Math.max(window.still, now - before);
    before = now;
    requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


@pytest.fixture
def many(browser, place):
    """A window of a JupyterLab whose home has all these runs, and their ids."""
    there = Place()
    real = Path(place.run()["folder"])
    with copies(real, RUNS) as (home, ids):
        there.env["WORKBENCH_HOME"] = str(home)
        lab = Lab(there)
        try:
            lab.start()
            desk = Desk(browser, lab)
            yield desk, ids
            desk.close()
        finally:
            lab.kill()
            there.end()


@pytest.mark.timeout(300)
def test_the_newest_are_there_at_once_and_the_oldest_are_found(many, picture):
    desk, ids = many
    page = desk.open()
    panel = desk.open_panel()
    runs = panel.get_by_role("list", name="Runs, the newest first").get_by_role("button")
    told = panel.get_by_role("status").filter(has_text=re.compile(" runs| fit"))
    expect(told).to_contain_text("50 of 100,000 runs")
    expect(runs.first).to_have_attribute("title", ids[-1])
    page.evaluate(STILL)
    more = panel.get_by_role("button", name="Show more")
    for shown in range(100, 501, 50):
        more.scroll_into_view_if_needed()
        more.click()
        expect(runs).to_have_count(shown)
    expect(runs.last).to_have_attribute("title", ids[-500])
    expect(more).to_have_count(0)
    expect(told).to_contain_text("500 of 100,000 runs, search to find older ones")
    expect(told).not_to_contain_text("reading", timeout=READ_MS)
    panel.get_by_label("Search runs").press_sequentially(ids[7], delay=20)
    expect(told).to_have_text("1 fit")
    expect(runs.first).to_have_attribute("title", ids[7])
    picture(page, "runs-searched-light")
    panel.get_by_label("Search runs").fill(" ".join(["six.txt", "kinds"]))
    expect(told).to_have_text("100,000 fit")
    panel.get_by_label("Show runs by state").select_option("Stopped")
    expect(told).to_have_text("0 fit")
    panel.get_by_label("Show runs by state").select_option("Finished")
    expect(told).to_have_text("100,000 fit")
    expect(runs).to_have_count(50)
    still_ms = page.evaluate("window.still")
    PICTURES.mkdir(parents=True, exist_ok=True)
    (PICTURES / "runs.json").write_text(json.dumps({"still_ms": round(still_ms)}))
    assert still_ms < STILL_MS
