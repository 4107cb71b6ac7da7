"""Notebooks beside the panel: their kernels are restarted, runs and panel go on."""

import re

from playwright.sync_api import expect

FIGURE = ".jp-RenderedVegaLite canvas"
SUBMIT = """import workbench
workbench.submit("kinds.every", {{"numbers": "{numbers}", "pause_s": 1.5}}).id"""
# What the server sees by itself is on the screen without a look that was due anyway.
SOON_MS = 8_000


def choose(page, menu, item):
    """Choose in JupyterLab's menu."""
    page.locator(".lm-MenuBar-item", has_text=re.compile(f"^{menu}$")).click()
    page.locator(".lm-Menu-item", has_text=re.compile(f"^{item}")).click()


def restart(page, item):
    """Restart the kernel by the menu, and say that one means it."""
    choose(page, "Kernel", item)
    page.locator(".jp-Dialog").get_by_role("button", name="Confirm Kernel Restart").click()


def idle(page):
    """Wait until the kernel has nothing to do: JupyterLab forgets what it is told before."""
    expect(page.get_by_role("contentinfo")).to_contain_text("| Idle")


def test_a_restarted_kernel_draws_again_and_leaves_its_run_alone(desk, place, finished, picture):
    page = desk.open(f"workbench=run/{finished}")
    panel = page.get_by_role("region", name="Science workbench")
    runs = panel.get_by_role("list", name="Runs, the newest first").get_by_role("button")
    page.locator(".jp-Workbench-run:visible").get_by_role("button", name="Open as notebook").click()
    notebook = page.locator(".jp-NotebookPanel:visible")
    figure, prompt = notebook.locator(FIGURE), notebook.locator(".jp-InputPrompt:visible").last
    idle(page)
    choose(page, "Run", "Run All Cells")
    expect(figure).to_be_visible()
    figure.evaluate("one => { one.className = 'of-the-first-kernel'; }")
    idle(page)
    restart(page, "Restart Kernel and Run All Cells")
    expect(notebook.locator(".of-the-first-kernel")).to_have_count(0)
    expect(figure).to_be_visible()
    picture(page, "notebook-again-light")

    idle(page)
    notebook.locator(".jp-Notebook-footer").click()
    notebook.locator(".jp-Cell .cm-content:visible").last.click()
    page.keyboard.insert_text(SUBMIT.format(numbers=place.numbers))
    before = runs.count()
    page.keyboard.press("Control+Enter")
    expect(prompt).to_have_text(re.compile(r"\[[0-9]+\]:"))
    expect(runs).to_have_count(before + 1, timeout=SOON_MS)
    begun = runs.first.get_attribute("title")
    expect(notebook.locator(".jp-OutputArea-output").last).to_have_text(f"'{begun}'")
    idle(page)
    restart(page, "Restart Kernel and Clear Outputs")
    expect(prompt).to_have_text("[ ]:")
    expect(runs.first).to_contain_text(re.compile("Waiting for workers|Running"))
    expect(runs.first).to_contain_text("Finished, 6 items")
    assert runs.first.get_attribute("title") == begun
    panel.get_by_title(finished).click()
    expect(page.locator(f"[id='workbench-run-{finished}']:visible")).to_contain_text("Finished")
