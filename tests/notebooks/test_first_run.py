"""The first notebook: stored clean, and run from top to bottom by a kernel that knows nothing."""

import json
import time

import nbformat
import pytest
from nbclient import NotebookClient

from tests.tree import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FIRST = ROOT / "notebooks/01_first_run.ipynb"
VEGA = "application/vnd.vegalite.v5+json"
WITHIN_S = 120


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_what_it_printed(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert [cell.source for cell in code if cell.outputs or cell.execution_count] == []
    assert set(notebook.metadata) == {"kernelspec", "language_info"}


def test_the_first_run_goes_through(place):
    notebook = nbformat.read(FIRST, as_version=4)
    begun = time.monotonic()
    NotebookClient(
        notebook, timeout=WITHIN_S, resources={"metadata": {"path": place.work}}
    ).execute(env=dict(place.env))
    assert time.monotonic() - begun < WITHIN_S
    cells = {cell.id: cell for cell in notebook.cells}
    assert text_of(cells["wait"]) == (
        "('completed', {'total': 5, 'done': 5, 'failed': 0, 'not_run': 0})"
    )
    assert "value='100'" in shown(cells["wait"], "text/html")
    (run,) = (place.home / "runs").iterdir()
    for name in ("ranks", "identity"):
        drawn = shown(cells["figure" if name == "ranks" else name], VEGA)
        kept = json.loads((run / "figures" / f"{name}.vl.json").read_text())
        assert rows_of(drawn) == rows_of(kept) != []
    assert "xarray.Dataset" in shown(cells["xarray"], "text/html")
    assert "distant relatives" in text_of(cells["distant"])
    assert "result.zarr" in text_of(cells["files"])
    assert text_of(cells["verify"]) == "{'sound': True, 'problems': []}"
    warned = [
        out.text for cell in notebook.cells for out in cell.get("outputs", ()) if is_error(out)
    ]
    assert warned == []


def shown(cell, kind):
    """What a cell showed in that form."""
    return next(out.data[kind] for out in cell.outputs if kind in out.get("data", {}))


def rows_of(spec):
    """Rows that a Vega-Lite figure holds."""
    data = spec["data"]
    return spec["datasets"][data["name"]] if "name" in data else data["values"]


def text_of(cell):
    """What a cell printed, and its value."""
    printed = [out.text for out in cell.outputs if out.output_type == "stream"]
    values = [out.data["text/plain"] for out in cell.outputs if out.output_type == "execute_result"]
    return "\n".join([*printed, *values])


def is_error(output):
    """Whether something was written to standard error."""
    return output.output_type == "stream" and output.name == "stderr"
