"""What the panel costs: three clicks to a figure, requests of an idle page, its JavaScript.

And pages of the list of 100,000 runs: copies of a real run's manifest and status under new ids.
And the map of the 32,000 cards of a real Slurm controller, for which it is run as root.
"""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from common import arguments, leave, say, spread, told
from lab import EXTENSION, TOKEN, browser, lab, open_page, place
from playwright.sync_api import expect

from tests.many import copies
from tests.ui.paints import COUNT, first_paint_ms, frames_per_s, open_map
from tools.rig.big import BigSlurm

TARGETS = {
    "figure_s": "at most 20 s",
    "requests_visible": "at most 4 a minute",
    "requests_hidden": "at most 2 a minute",
    "javascript_kb": "at most 400 kB",
    "list_cold_ms": "at most 200 ms",
    "list_warm_ms": "at most 50 ms",
    "cards_paint_ms": "at most 1,000 ms",
    "cards_frames_per_s": "at least 30",
}
API = "/workbench/api/"
RUNS = 100_000
WARM = 20
COLD = 5
WATCHED_S = 120.0
READ_S = 300
SETTLE_S = 5.0
PAGE_S = 2.0
FIGURE = ".jp-Workbench-figure canvas, .jp-Workbench-figure svg"
HIDE = """
Object.defineProperty(document, 'hidden', {get: () => true});
Object.defineProperty(document, 'visibilityState', {get: () => 'hidden'});
document.dispatchEvent(new Event('visibilitychange'));
"""


def three_clicks(chrome: Any) -> float:
    """Return the seconds from the click on a recipe to its first figure, nothing running before."""
    with place() as where, lab(where) as server:
        page = chrome.new_page()
        open_page(page, server)
        page.locator(".jp-LauncherCard", has_text="Science Workbench").click()
        panel = page.get_by_role("region", name="Science workbench")
        recipe = panel.get_by_role("button", name=re.compile("^Protein search")).first
        expect(recipe).to_be_visible()
        begun = time.monotonic()
        recipe.click()
        page.get_by_role("button", name="Example", exact=True).click()
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.locator(FIGURE).first).to_be_visible()
        taken = time.monotonic() - begun
        page.close()
    return taken


def idle(chrome: Any, watched_s: float) -> dict[str, Any]:
    """Count what an idle page with its panel open asks of the workbench, and what it loads."""
    with place() as where, lab(where) as server:
        page = chrome.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        open_page(page, server)
        page.wait_for_timeout(SETTLE_S * 1e3)
        scripts = [url for url in asked if EXTENSION in url and ".js" in url]
        sizes = [len(page.request.get(url).body()) for url in scripts]
        page.locator(".jp-LauncherCard", has_text="Science Workbench").click()
        page.wait_for_timeout(SETTLE_S * 1e3)
        counts = {}
        for name, script in (("requests_visible", ""), ("requests_hidden", HIDE)):
            page.evaluate(script)
            asked.clear()
            page.wait_for_timeout(watched_s * 1e3)
            ours = [url for url in asked if API in url]
            counts[name] = spread([len(ours) * 60 / watched_s])
        page.close()
    return {"javascript_kb": spread([sum(sizes) / 1000]), **counts}


@contextmanager
def many_runs(where: Any) -> Iterator[None]:
    """Give a home on a RAM disk with copies of a real run."""
    with copies(Path(where.run()["folder"]), RUNS) as (home, _):
        where.env["WORKBENCH_HOME"] = str(home)
        yield


def _wait_until_read(server: Any) -> None:
    """Wait until the server has read every run once."""
    for _ in range(READ_S):
        if json.loads(_answer(server, "runs?limit=1"))["complete"]:
            return
        time.sleep(1)
    raise SystemExit(f"The list was not complete within {READ_S} s.")


def _answer(server: Any, path: str) -> bytes:
    request = urllib.request.Request(
        f"{server.url.removesuffix('/lab')}{API}{path}", headers={"Authorization": f"token {TOKEN}"}
    )
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def pages(server: Any, *queries: str) -> list[float]:
    """Return the milliseconds that each page of the list takes."""
    taken = []
    for query in queries:
        begun = time.monotonic()
        _answer(server, f"runs?limit=50&{query}")
        taken.append((time.monotonic() - begun) * 1e3)
    return taken


def lists() -> dict[str, Any]:
    """Ask for pages by a server that has just begun, and again; first without any index.

    The first is asked for when JupyterLab's page can have been loaded, as `lab_start.py` measures.
    """
    cold, warm, searched, unread = [], [], [], []
    with place() as where, many_runs(where):
        for round_ in range(COLD + 1):
            with lab(where) as server:
                time.sleep(PAGE_S)
                first, *later = pages(server, *[""] * (WARM + 1))
                if round_ == 0:
                    unread = [first]
                    _wait_until_read(server)
                    continue
                cold.append(first)
                warm += later
                searched += pages(server, *[f"text={n:06d}" for n in range(WARM)])[1:]
    return {
        "list_unread_ms": spread(unread),
        "list_cold_ms": spread(cold),
        "list_warm_ms": spread(warm),
        "list_searched_ms": spread(searched),
    }


def cards(chrome: Any, repeats: int) -> dict[str, Any]:
    """Open the map of cards, and drag it about."""
    paint, frames = [], []
    with BigSlurm.start() as rig, place() as where:
        where.env.update({name: text for name, text in rig.env.items() if name not in where.env})
        with lab(where) as server:
            for n in range(repeats):
                page = chrome.new_page()
                page.add_init_script(COUNT)
                open_page(page, server, f"cards-{n}")
                open_map(page)
                paint.append(first_paint_ms(page))
                frames.append(frames_per_s(page))
                page.close()
    return {"cards_paint_ms": spread(paint), "cards_frames_per_s": spread(frames)}


def measured(repeats: int, watched_s: float) -> dict[str, Any]:
    """Measure everything."""
    with browser() as chrome:
        three_clicks(chrome)
        taken = []
        for _ in range(repeats):
            taken.append(three_clicks(chrome))
            told("three clicks", figure_s=taken[-1])
        return {
            "figure_s": spread(taken),
            **idle(chrome, watched_s),
            **lists(),
            **cards(chrome, repeats),
        }


if __name__ == "__main__":
    given = arguments(__doc__, repeats=5)
    figures = measured(given.repeats, WATCHED_S)
    for name, found in figures.items():
        say(name.replace("_", " "), found, "", TARGETS.get(name, ""))
    leave("ui", figures, ["jupyterlab"])
