"""What the benchmarks of the panel share: JupyterLab in a place of its own, and a browser."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psutil
from common import HERE
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(HERE.parent))

from tests.ui.lab import TOKEN, Desk as Desk, Lab, chromium
from tests.ui.place import Place

EXTENSION = "jupyterlab-science-workbench"
READY_S = 60.0


@contextlib.contextmanager
def place(*, panel: bool = True) -> Iterator[Place]:
    """Give a home without clusters.

    Parameters
    ----------
    panel
        Whether the workbench's extensions are there.
    """
    found = Place()
    shutil.rmtree(found.home / "clusters")
    if not panel:
        _without_panel(found)
    try:
        yield found
    finally:
        found.end()


def _without_panel(found: Place) -> None:
    """Switch off both parts of the extension, as an administrator would."""
    config = found.root / "jupyter"
    (config / "labconfig").mkdir(parents=True)
    server = {"ServerApp": {"jpserver_extensions": {"jupyterlab_workbench": False}}}
    (config / "jupyter_server_config.json").write_text(json.dumps(server))
    page = {"disabledExtensions": {EXTENSION: True}}
    (config / "labconfig" / "page_config.json").write_text(json.dumps(page))


@contextlib.contextmanager
def lab(where: Place, *, python: tuple[str, ...] = (sys.executable,)) -> Iterator[Lab]:
    """Start JupyterLab, and end it.

    Parameters
    ----------
    python
        The interpreter, with options of its own.
    """
    found = Lab(where)
    found.python = python
    found.start()
    try:
        yield found
    finally:
        found.kill()


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """Start Chromium."""
    with sync_playwright() as playwright, chromium(playwright) as found:
        yield found


def open_page(page: Any, where: Lab, name: str = "bench", link: str = "") -> float:
    """Open JupyterLab in a workspace of that name; return the seconds until it can be used."""
    begun = time.monotonic()
    page.goto(f"{where.url}/workspaces/{name}?token={TOKEN}&{link}")
    page.wait_for_selector("#jp-main-dock-panel", timeout=READY_S * 1e3)
    page.wait_for_selector("#jupyterlab-splash", state="detached", timeout=READY_S * 1e3)
    return time.monotonic() - begun


def resident_bytes(pid: int) -> int:
    """Return the memory of a process and of all that it started."""
    process = psutil.Process(pid)
    total = 0
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            total += one.memory_info().rss
    return total
