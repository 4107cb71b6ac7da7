"""The pool of a real Slurm in the panel: free and taken cards, waiting jobs, stale data."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.ui.lab import Desk
from tests.ui.paints import open_map
from tests.ui.test_card_map import numbers
from tests.ui.test_looks import THEMES, findings

DCU = {"free": "3 free", "others": "3 of others", "mine": "2 mine", "out": "8 out of service"}


def lanes(panel):
    """The pool's section, with its data."""
    pool = panel.get_by_role("list").filter(has_text=re.compile("cards? free|of [0-9]+ free"))
    expect(pool.first).to_be_visible()
    return panel


def look_again(panel):
    panel.get_by_role("button", name="Look at the pool again").click()


def asked(desk):
    """Requests for the pool from now on."""
    found = []

    def note(request):
        # JupyterLab adds the time to every address.
        if urlsplit(request.url).path.endswith("/api/pool"):
            found.append(request.url)

    desk.page.on("request", note)
    return found


def test_lanes_say_what_is_free_taken_and_waiting(rig_desk, rig_place, picture):
    desk, rig = rig_desk, rig_place.rig
    jobs = [rig.submit("--partition=gpu", "--gres=gpu:a100:4") for _ in range(2)]
    here = ("--partition=dcu", "--nodelist=dcu2")
    jobs.append(rig.submit(*here, "--gres=dcu:k100:2"))
    jobs.append(rig.submit(*here, "--gres=dcu:k100:3", user="wbada"))
    rig.drain("dcu1")
    for job in (jobs[0], *jobs[2:]):
        rig.wait_job(job, "RUNNING")
    try:
        desk.open()
        panel = lanes(desk.open_panel())
        gpu = panel.get_by_role("button", name=re.compile("^gpu"))
        look = "() => document.querySelector('[aria-label=\"Look at the pool again\"]').click()"
        for _ in range(40):
            if "0 of 4 free" in gpu.inner_text() and "3 of others" in panel.inner_text():
                break
            desk.page.wait_for_timeout(1000)
            desk.page.evaluate(look)
        expect(gpu).to_contain_text("0 of 4 free")
        expect(gpu).to_contain_text("4 mine")
        expect(gpu).to_contain_text("1 job waits")
        expect(gpu).to_contain_text(re.compile("next start: .*sbatch --test-only"))
        dcu = panel.get_by_role("button", name=re.compile("^dcu"))
        expect(dcu).to_contain_text("3 of 16 free")
        for kind, words in DCU.items():
            expect(dcu).to_contain_text(words)
            expect(dcu.locator(f"[data-kind='{kind}']")).to_have_attribute("title", words)
        picture(desk.page, "pool-light")
        cards = open_map(desk.page)
        expect(cards.get_by_role("button", name=re.compile("^in use by others"))).to_be_visible()
        assert numbers(cards) == {
            "free": 3 + 8,
            "in use by others": 3,
            "mine": 4 + 2,
            "out of service": 8,
        }
        assert findings(desk.page) == []
        picture(desk.page, "cards-small-light")
        dcu.press("Enter")
        form = desk.page.locator(".jp-Workbench-launch:visible")
        expect(form.get_by_label("Where")).to_have_value("dcu")
        expect(form.get_by_label("Card of each worker")).to_have_value("dcu:k100")
    finally:
        rig.resume("dcu1")
        rig.cancel(*jobs)


def test_a_folded_pool_asks_for_nothing_and_a_silent_scheduler_leaves_dimmed_data(
    rig_desk, rig_place, picture
):
    desk, rig = rig_desk, rig_place.rig
    desk.open()
    panel = lanes(desk.open_panel())
    title = panel.locator(".jp-AccordionPanel-title", has_text="Pool")
    title.click()
    expect(title).to_have_attribute("aria-expanded", "false")
    seen = asked(desk)
    with rig.controller_down():
        desk.page.wait_for_timeout(22_000)
        assert seen == []
        title.click()
        expect(title).to_have_attribute("aria-expanded", "true")
        desk.page.wait_for_timeout(1_000)
        assert len(seen) == 1
        told = panel.get_by_text(re.compile("slurm does not answer. This is from"))
        for _ in range(45):
            look_again(panel)
            desk.page.wait_for_timeout(1000)
            if told.count():
                break
        expect(told).to_be_visible()
        expect(panel.locator(".jp-mod-stale").last).to_be_visible()
        picture(desk.page, "pool-stale-light")


@pytest.mark.parametrize(("name", "width", "scale"), [("narrow", 700, 1), ("double", 1400, 2)])
def test_narrow_and_large(browser, rig_lab, rig_place, picture, name, width, scale):
    desk = Desk(browser, rig_lab, width=width // scale, height=900 // scale)
    desk.open()
    panel = lanes(desk.open_panel())
    overflow = "node => node.scrollWidth - node.clientWidth"
    for part in panel.locator(".jp-Workbench-list:visible").all():
        assert part.evaluate(overflow) <= 0
    picture(desk.page, f"pool-{name}")
    panel.get_by_role("button", name=re.compile("^npu")).click()
    form = desk.page.locator(".jp-Workbench-page:visible")
    expect(form.get_by_role("region", name="Job script")).to_contain_text("--gres=npu:910b:1")
    assert form.evaluate(overflow) <= 0
    picture(desk.page, f"launch-{name}")
    desk.close()


@pytest.mark.parametrize("theme", THEMES)
def test_looks(rig_desk, rig_place, picture, theme):
    desk = rig_desk
    rig_place.start("looks", "spare", "--accelerator", "npu:910b")
    desk.open()
    desk.theme(THEMES[theme])
    panel = lanes(desk.open_panel())
    panel.get_by_title("looks: everything about it").click()
    page = desk.page.locator("[id='workbench-cluster-looks']:visible")
    expect(page.get_by_role("region", name="Workers")).to_contain_text("ascend Ascend 910B")
    picture(desk.page, f"cluster-{theme}")
    assert findings(desk.page) == []
    panel.get_by_role("button", name="Launch a cluster").click()
    form = desk.page.locator(".jp-Workbench-launch:visible")
    form.get_by_label("Where").select_option("dcu")
    expect(form.get_by_role("region", name="Job script")).to_contain_text("--gres=dcu:k100:1")
    picture(desk.page, f"launch-{theme}")
    assert findings(desk.page) == []
