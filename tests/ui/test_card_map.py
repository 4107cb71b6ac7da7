"""The map of every card: 32,000 of a real controller, one node's change seen on the screen."""

import itertools
import json
import re

import pytest
from playwright.sync_api import expect

from tests.needs import require_slurm
from tests.ui.conftest import PICTURES
from tests.ui.lab import Desk, Lab
from tests.ui.paints import COUNT, first_paint_ms, frames_per_s, open_map
from tests.ui.place import Place
from tests.ui.test_looks import THEMES, findings
from tools.rig.big import BigSlurm
from workbench.testing.contrast import LEAST, contrast, linear

PAINT_MS = 1000
# What a picture of 32,000 cards reaches without a graphics card on a computer with other work.
FRAMES = 20
# Longer than between two looks at the cards.
POLL_MS = 21_000
FRESH = re.compile(r"[0-9]+ (s|min) old")
STALE = re.compile(
    r"The scheduler does not answer now\. This is what it showed before: [0-9]+ (s|min) old\."
)
STATES = ("free", "others", "mine", "out")
COLOURS = """(names) => {
    const style = getComputedStyle(document.querySelector('.jp-Workbench-cardmap'));
    const whole = hex => hex.length === 4 ? hex.replace(/[0-9a-f]/g, '$&$&') : hex;
    return Object.fromEntries(names.map(
        name => [name, whole(style.getPropertyValue(`--jp-workbench-card-${name}`).trim())]));
}"""
# The first card of the node that fills the middle of the map, at its edge and its centre.
CARD = """() => {
    const canvas = document.querySelector('.jp-Workbench-cardmap canvas');
    const scale = 60 * devicePixelRatio;
    const at = (dx, dy) => {
        const x = (canvas.width - 4 * scale) / 2 + dx, y = (canvas.height - 2 * scale) / 2 + dy;
        const [r, g, b] = canvas.getContext('2d').getImageData(x, y, 1, 1).data;
        return '#' + [r, g, b].map(n => n.toString(16).padStart(2, '0')).join('');
    };
    return {edge: at(3, 3), centre: at(scale / 2, scale / 2)};
}"""


@pytest.fixture(scope="module")
def big():
    """A Slurm of 4,000 nodes and 32,000 cards."""
    require_slurm()
    with BigSlurm.start() as rig:
        yield rig


@pytest.fixture(scope="module")
def big_lab(big):
    """A JupyterLab where that Slurm is met."""
    place = Place()
    place.env = {**big.env, "WORKBENCH_POLL_S": "1", **place.env}
    lab = Lab(place)
    try:
        lab.start()
        yield lab
    finally:
        lab.kill()
        place.end()


@pytest.fixture
def map_of(browser, big_lab):
    """Open the map in a window of some size."""
    desks = []

    def opened(theme="light", **size):
        desk = Desk(browser, big_lab, **size)
        desks.append(desk)
        desk.page.add_init_script(COUNT)
        desk.open()
        shown = open_map(desk.page)
        expect(shown.get_by_role("button", name=re.compile("^free"))).to_be_visible()
        desk.theme(THEMES[theme])
        return desk, shown

    yield opened
    for desk in desks:
        desk.close()


def numbers(shown):
    """Cards by state, as the legend tells."""
    buttons = shown.locator(".jp-Workbench-cardmap-legend button")
    texts = [re.match(r"\s*(.*?)\s*([\d,]+)$", one, re.S) for one in buttons.all_inner_texts()]
    return {text[1]: int(text[2].replace(",", "")) for text in texts}


def test_a_drained_node_changes_colour(map_of, big, big_lab, picture):
    desk, shown = map_of()
    before = numbers(shown)
    assert sum(before.values()) == 32_000
    assert before["out of service"] == 8 * (16 + 4 + 1)
    assert before["mine"] == 8 * (2 * 300 + 100)
    assert before["in use by others"] == 8 * 6 * 300 + 100 * 3
    answers = []
    desk.page.on("response", lambda one: answers.append(one))
    colour = desk.page.evaluate(COLOURS, [*STATES, "ground"])
    picture(desk.page, "cards-light")
    canvas = shown.get_by_role("application")
    canvas.focus()
    for key in ("ArrowRight", "End", "Enter"):
        canvas.press(key)
    told = shown.get_by_role("status").filter(has_text="dcu2800")
    expect(told).to_have_text("dcu2800: 8 cards: 8 free")
    expect(shown.get_by_role("row")).to_have_count(9)
    desk.page.wait_for_timeout(300)
    assert desk.page.evaluate(CARD) == {"edge": colour["free"], "centre": colour["free"]}
    big.drain("dcu2800")
    expect(told).to_have_text("dcu2800: 8 cards: 8 out of service")
    desk.page.wait_for_timeout(300)
    assert desk.page.evaluate(CARD) == {"edge": colour["out"], "centre": colour["ground"]}
    picture(desk.page, "cards-node-light")
    assert numbers(shown)["out of service"] == before["out of service"] + 8
    # What has not changed is not sent again.
    assert look_again(shown).status == 304
    canvas.press("Escape")
    shown.get_by_role("button", name=re.compile("^free")).click()
    expect(shown.get_by_role("button", name=re.compile("^free"))).to_have_attribute(
        "aria-pressed", "false"
    )
    picture(desk.page, "cards-filtered-light")


def test_it_is_painted_at_once_and_pans_smoothly(map_of):
    desk, _ = map_of()
    painted_ms, frames = first_paint_ms(desk.page), frames_per_s(desk.page)
    PICTURES.mkdir(parents=True, exist_ok=True)
    figures = {"painted_ms": round(painted_ms), "frames_per_s": round(frames)}
    (PICTURES / "cards.json").write_text(json.dumps(figures))
    assert painted_ms < PAINT_MS
    assert frames > FRAMES


def test_a_pointer_names_node_card_and_state(map_of):
    _, shown = map_of()
    canvas = shown.get_by_role("application")
    canvas.focus()
    for key in ("ArrowRight", "Enter"):
        canvas.press(key)
    box = canvas.bounding_box()
    # The first card of the node that stands in the middle now, four cards of 60 pixels wide.
    x, y = box["x"] + (box["width"] - 240) / 2, box["y"] + (box["height"] - 120) / 2
    shown.page.wait_for_timeout(300)
    shown.page.mouse.move(x + 25, y + 25)
    tip = shown.locator(".jp-Workbench-cardmap-tip")
    expect(tip).to_have_text("dcu0001: card 1 of 8 (dcu:k100), out of service")


@pytest.mark.parametrize("theme", THEMES)
def test_colours_are_told_apart(map_of, picture, theme):
    desk, _ = map_of(theme)
    colour = desk.page.evaluate(COLOURS, [*STATES, "ground"])
    for state in STATES:
        assert contrast(colour[state], colour["ground"]) >= LEAST, (theme, state)
    for one, other in itertools.combinations(STATES, 2):
        for kind, matrix in BLINDNESS.items():
            assert distance(seen(colour[one], matrix), seen(colour[other], matrix)) > 20, (
                f"{one} and {other} in {theme} with {kind}"
            )
    assert findings(desk.page) == []
    picture(desk.page, f"cards-all-{theme}")


@pytest.mark.parametrize(("name", "width", "scale"), [("narrow", 560, 1), ("double", 1400, 2)])
def test_narrow_and_large(map_of, picture, name, width, scale):
    desk, shown = map_of(width=width // scale, height=900 // scale)
    picture(desk.page, f"cards-{name}")
    spill = shown.evaluate("one => one.scrollWidth - one.clientWidth")
    assert spill <= 0


def test_it_asks_only_while_it_is_seen_and_keeps_what_a_silent_scheduler_told(map_of, big, picture):
    desk, shown = map_of()
    before, asked = numbers(shown), []
    told = shown.locator("header p")
    expect(told).to_have_text(FRESH)

    look_at(shown, "Launcher")
    desk.page.on("request", lambda one: "pool/cards" in one.url and asked.append(one.url))
    with big.controller_down():
        desk.page.wait_for_timeout(POLL_MS)
        assert asked == []
        look_at(shown, "Every card")
        until(lambda: asked, "it asks again")
        until(lambda: look_again(shown) and is_said(told, STALE), "it is stale")
        assert numbers(shown) == before
        expect(shown.locator(".jp-Workbench-cardmap-picture")).to_have_class(re.compile("stale"))
        assert findings(desk.page) == []
        picture(desk.page, "cards-stale-light")
    until(lambda: look_again(shown) and is_said(told, FRESH), "it is fresh again")
    expect(shown.locator(".jp-Workbench-cardmap-picture.jp-mod-stale")).to_have_count(0)
    assert numbers(shown) == before


def look_at(shown, tab):
    shown.page.locator("#jp-main-dock-panel .lm-TabBar-tab", has_text=tab).click()


def look_again(shown):
    """Look elsewhere and back at the map; return the answer to what it asks then."""
    look_at(shown, "Launcher")
    with shown.page.expect_response(lambda one: "pool/cards" in one.url) as answer:
        look_at(shown, "Every card")
    return answer.value


def is_said(told, words):
    told.page.wait_for_timeout(500)
    return re.fullmatch(words, told.inner_text())


def until(true, what):
    for _ in range(40):
        if true():
            return
    raise AssertionError(f"not seen: {what}")


# Machado, Oliveira and Fernandes 2009, doi:10.1109/TVCG.2009.113, severity 1, on linear RGB.
BLINDNESS = {
    "full sight": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def seen(colour, matrix):
    rgb = linear(colour)
    return [min(1, max(0, sum(m * c for m, c in zip(row, rgb, strict=True)))) for row in matrix]


def lab_of(rgb):
    """CIE L*a*b* under D65."""
    rows = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    xyz = [sum(m * c for m, c in zip(row, rgb, strict=True)) for row in rows]
    x, y, z = (
        t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116
        for t in (v / w for v, w in zip(xyz, (0.9505, 1, 1.089), strict=True))
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(one, other):
    pairs = zip(lab_of(one), lab_of(other), strict=True)
    return sum((a - b) ** 2 for a, b in pairs) ** 0.5
