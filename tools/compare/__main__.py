"""Drive dask-labextension and this panel in one JupyterLab; write what came of it.

Usage: python -m tools.compare   (as root, with Debian's Slurm; the peer comes from a package index)
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.ui.lab import TOKEN, chromium
from tools.compare.complaints import DASK_LABEXTENSION, NVDASHBOARD, Complaint, missing
from tools.compare.rows import ROWS, Row
from tools.compare.scene import Scene, python_with_peer
from tools.rig.slurm import Slurm

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "compare.md"
PICTURES = ROOT / "docs" / "images"
RESULTS = ROOT / "benchmarks" / "results"
HEAD = """\
# Beside dask-labextension

Written by `make compare`: dask-labextension {version} and this panel in one JupyterLab, on one
Slurm, asked for the same things on {day}. Every cell is what came back.

| asked | dask-labextension | here |
| --- | --- | --- |
"""
PICTURE = """
The panels of both after that, in the same JupyterLab:

![dask-labextension's panel](images/compare-peer.png)
![The panel of the workbench](images/compare-ours.png)
"""
COMPLAINTS = """
## What users complain about

| complaint | about | here |
| --- | --- | --- |
"""


def main() -> None:
    """Compare, and write page, pictures and JSON."""
    if absent := missing():
        sys.exit(f"These tests are named in tools/compare/complaints.py and not there: {absent}")
    with python_with_peer() as python, tempfile.TemporaryDirectory(prefix="rig-") as place:
        Path(place).chmod(0o755)
        rig = Slurm.start(Path(place, "rig"))
        try:
            scene = Scene(python, rig)
            try:
                found = [_row(scene, make) for make in ROWS]
                _photograph(scene)
            finally:
                scene.end()
        finally:
            rig.stop()
        version = _version(python)
    _write(found, version)
    if lost := [row.what for row in found if not row.ours_does]:
        sys.exit(f"Here, too, that does not work: {lost}")


def _row(scene: Scene, make: Any) -> Row:
    row: Row = make(scene)
    sys.stdout.write(f"{row.what}\n  peer: {row.peer}\n  here: {row.ours}\n")
    sys.stdout.flush()
    return row


def _photograph(scene: Scene) -> None:
    """Take a picture of each of the panels."""
    with sync_playwright() as playwright, chromium(playwright) as browser:
        page = browser.new_page(viewport={"width": 1000, "height": 700})
        page.goto(f"{scene.lab.url}?token={TOKEN}")
        page.wait_for_selector("#jupyterlab-splash", state="detached")
        for name, title in (("peer", "Dask"), ("ours", "Science workbench")):
            page.get_by_role("tab", name=title, exact=True).click()
            page.wait_for_timeout(3000)
            page.locator("#jp-left-stack").screenshot(path=PICTURES / f"compare-{name}.png")


def _version(python: Path) -> str:
    info = next(python.parents[1].glob("lib/*/site-packages/dask_labextension-*.dist-info"))
    return info.name.removesuffix(".dist-info").partition("-")[2]


def _write(found: Iterable[Row], version: str) -> None:
    day = datetime.now(UTC).date().isoformat()
    rows = "".join(f"| {row.what} | {row.peer} | {row.ours} |\n" for row in found)
    text = HEAD.format(version=version, day=day) + rows + PICTURE + COMPLAINTS
    for name, some in (("dask-labextension", DASK_LABEXTENSION), ("nvdashboard", NVDASHBOARD)):
        text += "".join(f"| {one.what} | {name} {one.where} | {_told(one)} |\n" for one in some)
    PAGE.write_text(text, encoding="utf-8")
    document = {"peer": version, "when": day, "rows": [row._asdict() for row in found]}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "compare.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _told(one: Complaint) -> str:
    return f"solved: `{one.test}`" if one.test else f"not solved: {one.why_not}"


if __name__ == "__main__":
    main()
