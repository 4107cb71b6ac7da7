"""Clusters of a real Slurm by the browser: launched, watched, scaled, refused, stopped."""

import os
import re
import signal

import pytest
from playwright.sync_api import expect

from tests.ui.test_looks import findings

CARDS = {"dcu": "dcu:k100", "gpu": "gpu:a100"}


def panel_of(desk):
    """The panel, open."""
    desk.open()
    return desk.open_panel()


def row_of(panel, name):
    """A cluster's entry in the panel."""
    title = panel.page.get_by_title(f"{name}: everything about it", exact=True)
    return panel.get_by_role("listitem").filter(has=title)


def open_page(panel, name):
    """The page of a cluster, opened from the panel."""
    panel.get_by_title(f"{name}: everything about it", exact=True).click()
    return panel.page.locator(f"[id='workbench-cluster-{name}']:visible")


def launch(desk, **given):
    """Open the form by the palette's command, and fill it in by keyboard alone."""
    page = desk.page
    page.keyboard.press("Control+Shift+C")
    page.keyboard.type("Launch a Cluster")
    page.locator(".lm-CommandPalette-item.lm-mod-active", has_text="Launch a Cluster").wait_for()
    page.keyboard.press("Enter")
    form = page.locator(".jp-Workbench-launch:visible")
    for label, text in given.items():
        field = form.get_by_label(label, exact=True)
        field.focus()
        if field.evaluate("node => node.tagName") == "SELECT":
            page.keyboard.type(text)
        else:
            page.keyboard.press("ControlOrMeta+A")
            page.keyboard.type(text)
    return form


def cluster_page(desk, name):
    return desk.page.locator(f"[id='workbench-cluster-{name}']:visible")


def test_a_name_that_nobody_chose_follows_the_place(rig_desk):
    panel_of(rig_desk)
    form = launch(rig_desk, Where="gpu")
    expect(form.get_by_label("Name", exact=True)).to_have_value("gpu-1")
    form = launch(rig_desk, Name="mine", Where="npu")
    expect(form.get_by_label("Name", exact=True)).to_have_value("mine")


def states(place):
    """The state of every job of this place."""
    return [state for state, _ in place.rig.job_states().values()]


@pytest.mark.timeout(400)
def test_a_mixed_pair_is_launched_by_keyboard_and_computes_one_run(rig_desk, rig_place, picture):
    desk, place = rig_desk, rig_place
    panel = panel_of(desk)
    # Where there is a scheduler the pool is unfolded at the first visit.
    expect(panel.get_by_role("button", name=re.compile("^dcu"))).to_be_visible()
    for name, card in CARDS.items():
        form = launch(desk, Name=f"pair-{name}", Where=name)
        script = form.get_by_role("region", name="Job script")
        expect(script).to_contain_text(f"--gres={card}:1")
        expect(form).to_contain_text("sbatch --test-only")
        assert findings(desk.page) == []
        form.get_by_label("Number", exact=True).focus()
        desk.page.keyboard.press("Enter")
        shown = cluster_page(desk, f"pair-{name}")
        expect(shown.get_by_role("heading", level=1)).to_contain_text(f"pair-{name}")
    for name in CARDS:
        expect(row_of(panel, f"pair-{name}")).to_contain_text("Running, 1 worker")
    page = cluster_page(desk, "pair-gpu")
    expect(page.get_by_role("region", name="Workers")).to_contain_text("nvidia A100")
    expect(page.get_by_role("region", name="Jobs")).to_contain_text("connected")
    page.get_by_role("button", name="Copy the code: Workbench").click()
    copied = desk.page.evaluate("navigator.clipboard.readText()")
    assert "workbench.connect('pair-gpu')" in copied
    picture(desk.page, "cluster-light")
    assert findings(desk.page) == []

    panel.get_by_role("button", name="Every kind").first.click()
    recipe = desk.page.locator(".jp-Workbench-recipe:visible")
    recipe.get_by_label("Numbers (required)").fill(str(place.many))
    recipe.get_by_text("Advanced (2)").click()
    recipe.get_by_label("Pause s").fill("0.2")
    choices = recipe.get_by_role("group", name="Run on")
    for name in ("This computer", "pair-dcu", "pair-gpu"):
        choices.get_by_label(name, exact=True).focus()
        desk.page.keyboard.press("Space")
    expect(choices.get_by_label("This computer")).not_to_be_checked()
    picture(desk.page, "run-on-light")
    recipe.get_by_role("button", name="Run", exact=True).click()
    run = desk.page.locator(".jp-Workbench-run:visible")
    expect(run.locator("header")).to_contain_text("Finished, 40 items")
    run_id = desk.page.locator("[id^='workbench-run-']:visible").get_attribute("id")[14:]
    cards = {line["cluster"]: line["card"]["vendor"] for line in place.receipts(run_id)}
    assert cards == {"pair-dcu": "hygon", "pair-gpu": "nvidia"}
    for name in ("pair-dcu", "pair-gpu"):
        place.stop(name)


def test_what_is_wrong_is_said_at_its_field_and_what_slurm_refuses_in_its_words(
    rig_desk, rig_place, picture
):
    desk, place = rig_desk, rig_place
    panel_of(desk)
    form = launch(desk, Name="Not a name", Where="dcu", Number="17")
    wrong = form.locator(".jp-mod-wrong")
    expect(wrong.first).to_contain_text("cannot name a cluster")
    workers = form.get_by_role("group", name="Workers")
    expect(workers).to_contain_text("partition dcu has 16")
    picture(desk.page, "launch-wrong-light")
    assert findings(desk.page) == []
    form.get_by_label("Name", exact=True).fill("refused")
    form.get_by_label("Number", exact=True).fill("1")
    expect(wrong).to_have_count(0)
    site = place.rig.folder / "site.toml"
    text = site.read_text()
    site.write_text(text.replace("--gres=dcu:k100:{n}", "--gres=dcu:k200:{n}"))
    try:
        form.get_by_label("Name", exact=True).fill("refused-too")
        said = form.get_by_role("alert").filter(has_text="sees no start")
        expect(said).to_contain_text("ask for less, or in another partition")
        said.get_by_text("In the words of").click()
        expect(said).to_contain_text("Requested node configuration is not available")
        form.get_by_role("button", name="Launch", exact=True).click()
        page = cluster_page(desk, "refused-too")
        expect(page.locator("header")).to_contain_text("Failed")
        expect(page.locator("header")).to_contain_text("Ask for less, or in another partition")
        expect(page).to_contain_text("Requested node configuration is not available")
        picture(desk.page, "cluster-refused-light")
        assert findings(desk.page) == []
    finally:
        site.write_text(text)
    # With the request as it was, in the form again.
    page.get_by_role("button", name="Start again").click()
    expect(form.get_by_label("Name", exact=True)).to_have_value("refused-too")
    form.get_by_role("button", name="Launch", exact=True).click()
    expect(page.locator("header")).to_contain_text("Running, 1 worker")
    place.stop("refused-too")


def test_a_cluster_is_scaled_loses_a_job_and_is_stopped(rig_desk, rig_place, picture):
    desk, place = rig_desk, rig_place
    place.start("sized", "npu", "--accelerator", "npu:910b")
    panel = panel_of(desk)
    row = row_of(panel, "sized")
    row.get_by_role("button", name="Scale sized").click()
    dialog = desk.page.get_by_role("dialog")
    desk.allowed = "409"
    dialog.get_by_label("Number", exact=True).fill("9")
    dialog.get_by_role("button", name="Scale").click()
    expect(dialog).to_contain_text("partition npu has 8")
    dialog.get_by_label("Number", exact=True).fill("2")
    dialog.get_by_role("button", name="Scale").click()
    expect(row).to_contain_text("Running, 2 workers")
    page = open_page(panel, "sized")
    jobs = page.get_by_role("region", name="Jobs")
    expect(jobs.get_by_role("cell", name="connected")).to_have_count(2)
    lost = jobs.get_by_role("rowheader").first.inner_text()
    place.rig.cancel(lost)
    header = desk.page.get_by_role("rowheader", name=lost, exact=True)
    ended = jobs.get_by_role("row").filter(has=header)
    expect(ended).to_contain_text("ended")
    expect(ended).to_contain_text(re.compile("cancel", re.IGNORECASE))
    expect(page.locator("header")).to_contain_text("Running, 2 workers")
    picture(desk.page, "cluster-lost-job-light")
    page.get_by_role("button", name="Stop").click()
    expect(dialog).to_contain_text("Its 2 workers and its jobs end")
    dialog.get_by_role("button", name="Stop sized").click()
    expect(page.locator("header")).to_contain_text("Stopped")
    expect(panel.get_by_text("Ended (")).to_be_visible()
    assert place.cluster("sized")["state"] == "stopped"


def test_the_dashboard_opens_behind_the_login_and_a_killed_cluster_can_be_stopped(
    rig_desk, rig_place, picture
):
    desk, place = rig_desk, rig_place
    cluster = place.start("seen", "dcu", "--accelerator", "dcu:k100")
    panel = panel_of(desk)
    open_page(panel, "seen").get_by_role("button", name="Dask dashboard").click()
    frame = desk.page.frame_locator("iframe[title='Dask dashboard of seen']")
    expect(frame.get_by_role("link", name="Workers")).to_be_visible()
    expect(frame.locator(".bk-Figure, canvas").first).to_be_visible()
    picture(desk.page, "dashboard-light")
    desk.allowed = "Failed to load resource|WebSocket|Bokeh|bokeh"
    os.kill(cluster["pid"], signal.SIGKILL)
    note = desk.page.locator(".jp-Workbench-dashboard").get_by_role("alert")
    expect(note).to_contain_text("seen: Failed. What is seen below is the last")
    picture(desk.page, "dashboard-ended-light")
    row = row_of(panel, "seen")
    expect(row).to_contain_text("stop it to end them")
    assert "RUNNING" in states(place)
    row.get_by_role("button", name="Stop seen").click()
    desk.page.get_by_role("dialog").get_by_role("button", name="Stop seen").click()
    expect(row).not_to_be_visible()
    place.wait("seen", lambda status: status["state"] == "stopped", "stopped")
    assert "RUNNING" not in states(place)


def test_the_server_dies_and_finds_the_clusters_again(rig_desk, rig_lab, rig_place):
    desk, place = rig_desk, rig_place
    desk.allowed = "Failed to load resource|ERR_CONNECTION|WebSocket|Failed to fetch|504|503"
    before = place.start("lasting", "dcu", "--accelerator", "dcu:k100")
    panel = panel_of(desk)
    page = open_page(panel, "lasting")
    expect(page.locator("header")).to_contain_text("Running, 1 worker")
    desk.kept("workbench-cluster")
    rig_lab.kill()
    try:
        expect(page.get_by_role("alert").first).to_contain_text("does not answer")
    finally:
        rig_lab.start()
    expect(page.get_by_text("does not answer")).to_have_count(0)
    desk.page.reload()
    expect(page.locator("header")).to_contain_text("Running, 1 worker")
    assert place.cluster("lasting")["pid"] == before["pid"]
    place.stop("lasting")
