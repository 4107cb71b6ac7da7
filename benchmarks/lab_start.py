"""How much later JupyterLab can be used with the workbench's panel than without, and its memory.

Starts with and without it alternate: from the command to the answer of the server, and from the
address to the page.  A last server tells every module that it imports while a run is made and read.
"""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from typing import Any

from common import arguments, leave, say, spread, told
from lab import Desk, browser, lab, open_page, place, resident_bytes
from playwright.sync_api import expect

TARGETS = {"start_grows_s": "at most 0.3 s", "memory_grows_mb": "at most 40 MB"}
UNWANTED = ("dask_jobqueue", "torch", "xarray", "zarr")
SETTLE_S = 2.0


def start(chrome: Any, *, panel: bool) -> dict[str, float]:
    """Start JupyterLab once and open it."""
    with place(panel=panel) as where:
        begun = time.monotonic()
        with lab(where) as server:
            server_s = time.monotonic() - begun
            context = chrome.new_context()
            page = context.new_page()
            page_s = open_page(page, server)
            _refuse_unless(page, panel)
            time.sleep(SETTLE_S)
            memory = resident_bytes(server.pid) / 1e6
            context.close()
    return {"server_s": server_s, "page_s": page_s, "memory_mb": memory}


def _refuse_unless(page: Any, panel: bool) -> None:
    """Make sure that what is measured is there, or is not."""
    cards = page.locator(".jp-LauncherCard", has_text="Science Workbench")
    expect(cards).to_have_count(1 if panel else 0)


def growth(repeats: int) -> dict[str, Any]:
    """Start in turn, without and with."""
    both = []
    with browser() as chrome:
        for panel in (False, True):
            start(chrome, panel=panel)
        for _ in range(repeats):
            pair = start(chrome, panel=False), start(chrome, panel=True)
            told("without", **pair[0])
            told("with", **pair[1])
            both.append(pair)
    found = {name: [after[name] - before[name] for before, after in both] for name in both[0][0]}
    sums = [a + b for a, b in zip(found["server_s"], found["page_s"], strict=True)]
    return {
        "start_grows_s": spread(sums),
        "server_grows_s": spread(found["server_s"]),
        "page_grows_s": spread(found["page_s"]),
        "memory_grows_mb": spread(found["memory_mb"]),
        "start_without_s": spread([one["server_s"] + one["page_s"] for one, _ in both]),
        "memory_without_mb": spread([one["memory_mb"] for one, _ in both]),
    }


def imported() -> list[str]:
    """Return which unwanted modules a server imports while somebody makes and reads a run."""
    with place() as where, browser() as chrome:
        python = (sys.executable, "-X", "importtime")
        with lab(where, python=python) as server:
            desk = Desk(chrome, server)
            desk.open()
            panel = desk.open_panel()
            panel.get_by_role("button", name=re.compile("^Every kind")).first.click()
            desk.page.get_by_role("button", name="Example", exact=True).click()
            desk.page.get_by_role("button", name="Run", exact=True).click()
            run = desk.page.locator(".jp-Workbench-run:visible")
            expect(run.locator("canvas, .vega-embed svg").first).to_be_visible()
            for tab in ("Table", "Items", "Provenance", "Log"):
                run.get_by_role("tab", name=tab).click()
            desk.close()
        return unwanted(server.log)


def unwanted(log: Path) -> list[str]:
    """Return the unwanted modules in what ``-X importtime`` has told."""
    lines = [line for line in log.read_text().splitlines() if line.startswith("import time:")]
    names = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in lines}
    assert "tornado" in names
    return sorted(names & {*UNWANTED})


if __name__ == "__main__":
    given = arguments(__doc__, repeats=10)
    figures = growth(given.repeats)
    for name, found in figures.items():
        unit = " MB" if name.endswith("_mb") else " s"
        say(name.rpartition("_")[0].replace("_", " "), found, unit, TARGETS.get(name, ""))
    figures["server_imports"] = imported()
    print(f"server imports of {', '.join(UNWANTED)}: {figures['server_imports'] or 'none'}")
    leave("lab_start", figures, ["jupyterlab"])
