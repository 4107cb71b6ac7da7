"""A first visit: from the launcher to a figure, its rows, and the notebook that draws it again."""

import csv
import json
import re

import nbformat
from nbclient import NotebookClient
from playwright.sync_api import expect


def start_example(desk):
    """Three clicks: recipe, Example, Run; returns the page's part of the run."""
    panel = desk.open_panel()
    panel.get_by_role("button", name=re.compile("^Every kind")).first.click()
    desk.page.get_by_role("button", name="Example", exact=True).click()
    desk.page.get_by_role("button", name="Run", exact=True).click()
    return desk.page.locator(".jp-Workbench-run:visible")


def values_of_figure(place, run_id):
    file = place.home / "runs" / run_id / "figures" / "products.vl.json"
    return json.loads(file.read_text())["data"]["values"]


def test_from_the_launcher_to_the_notebook(desk, place, picture):
    desk.open()
    run = start_example(desk)
    expect(run.get_by_role("heading", level=1)).to_contain_text("Every kind: six.txt")
    expect(run).to_contain_text("Finished, 6 items")
    figure = run.locator(".jp-Workbench-figure")
    expect(figure.locator("canvas, svg").first).to_be_visible()
    picture(desk.page, "run-figures-light")
    # A notice tells the end too.
    expect(desk.page.locator(".Toastify")).to_contain_text("Every kind: Finished, 6 items")

    run.get_by_role("tab", name="Table").click()
    expect(run.get_by_role("status").filter(has_text="6 rows, 3 columns")).to_be_visible()
    with desk.page.expect_download() as download:
        run.get_by_role("link", name="Download CSV").click()
    rows = list(csv.DictReader(download.value.path().read_text().splitlines()))
    run_id = download.value.suggested_filename.removesuffix(".csv")
    assert [row["product [eV]"] for row in rows] == ["3.0", "6.0", "9.0", "12.0", "15.0", "18.0"]

    run.get_by_role("button", name="Open as notebook").click()
    notebook = desk.page.locator(".jp-NotebookPanel:visible")
    expect(notebook).to_contain_text("workbench.open_run")
    picture(desk.page, "notebook-light")
    path = place.work / f"{run_id}.ipynb"
    executed = executed_notebook(path, place)
    drawn = [
        output["data"]["application/vnd.vegalite.v5+json"]
        for cell in executed.cells
        for output in cell.get("outputs", ())
        if "application/vnd.vegalite.v5+json" in output.get("data", {})
    ]
    assert [spec["data"]["values"] for spec in drawn] == [values_of_figure(place, run_id)]


def executed_notebook(path, place):
    """The notebook, run by a fresh kernel of the tests' Python."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    kernel = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": place.work}})
    return kernel.execute(env={**place.env})


def test_a_run_is_copied_as_code(desk, place):
    run_id = place.run(factor=4)["run_id"]
    desk.open(f"workbench=run/{run_id}")
    run = desk.page.locator(".jp-Workbench-run:visible")
    run.get_by_role("button", name="Copy as code").click()
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Copy Shell").click()
    copied = desk.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("workbench run start kinds.every")
    assert "--set factor=4.0" in copied
    dialog.get_by_role("button", name="Copy Python").click()
    assert "workbench.submit(" in desk.page.evaluate("navigator.clipboard.readText()")
    dialog.get_by_role("button", name="Close").click()


def test_a_run_is_started_again_with_changes(desk, place):
    run_id = place.run(factor=4, note="before")["run_id"]
    desk.open(f"workbench=run/{run_id}")
    run = desk.page.locator(".jp-Workbench-run:visible")
    run.get_by_role("button", name="Again with changes").click()
    form = desk.page.locator(".jp-Workbench-recipe:visible")
    expect(form.get_by_label("Note")).to_have_value("before")
    form.get_by_label("Factor").fill("5")
    form.get_by_role("button", name="Run", exact=True).click()
    expect(desk.page.locator(".jp-Workbench-run:visible")).to_contain_text("Finished, 6 items")
    desk.page.locator(".jp-Workbench-run:visible").get_by_role("tab", name="Provenance").click()
    shown = desk.page.locator(".jp-Workbench-run:visible")
    expect(shown.get_by_role("button", name=run_id)).to_be_visible()
    shown.get_by_role("tab", name="Parameters").click()
    expect(shown.get_by_role("row", name=re.compile("factor"))).to_contain_text("5")


def test_what_is_deleted_is_named_and_gone(desk, place):
    run_id = place.run()["run_id"]
    desk.allowed = "404"
    desk.open(f"workbench=run/{run_id}")
    run = desk.page.locator(".jp-Workbench-run:visible")
    run.get_by_role("button", name="Delete").click()
    dialog = desk.page.get_by_role("dialog")
    expect(dialog).to_contain_text(run_id)
    desk.page.keyboard.press("Escape")
    expect(run.get_by_role("button", name="Delete")).to_be_focused()
    desk.page.keyboard.press("Enter")
    dialog.get_by_role("button", name=re.compile("^Delete")).click()
    expect(run).to_contain_text("This run is gone")
    assert not (place.home / "runs" / run_id).exists()
    desk.open(f"workbench=run/{run_id}")
    expect(desk.page.locator(".jp-Workbench-run:visible")).to_contain_text("This run is gone")
    asked = []
    desk.page.on("request", lambda one: run_id in one.url and asked.append(one.url))
    desk.page.wait_for_timeout(4000)
    assert len(asked) <= 1
