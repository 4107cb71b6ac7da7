"""How soon and how often the map of cards is painted, as the browser itself counts it."""

import itertools
import time

COUNT = """
window.paints = [];
const put = CanvasRenderingContext2D.prototype.putImageData;
CanvasRenderingContext2D.prototype.putImageData = function (...given) {
    put.apply(this, given);
    window.paints.push(performance.now());
};
"""
ARRIVED = """performance.getEntriesByType('resource')
    .find(one => one.name.includes('pool/cards')).responseEnd"""
DRAG_S = 2.0


def open_map(page):
    """Open the map by the palette; return it with its cards."""
    page.keyboard.press("Control+Shift+C")
    page.keyboard.type("Map of Every Card")
    page.locator(".lm-CommandPalette-item.lm-mod-active", has_text="Map of Every").wait_for()
    page.keyboard.press("Enter")
    shown = page.locator(".jp-Workbench-cardmap")
    shown.get_by_role("table").wait_for()
    return shown


def first_paint_ms(page):
    """Milliseconds from the last byte of the cards to their first picture."""
    return page.evaluate("window.paints[0]") - page.evaluate(ARRIVED)


def frames_per_s(page):
    """Pictures a second while all cards, a little enlarged, are dragged about."""
    box = page.locator(".jp-Workbench-cardmap canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.wheel(0, -100)
    page.mouse.down()
    page.evaluate("window.paints.length = 0")
    begun = time.monotonic()
    for step in itertools.count():
        page.mouse.move(x + step % 90, y + step % 60)
        if time.monotonic() - begun > DRAG_S:
            break
    frames = page.evaluate("window.paints.length") / (time.monotonic() - begun)
    page.mouse.up()
    return frames
