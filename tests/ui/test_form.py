"""Every kind of parameter: shown, filled by keyboard, refused, corrected, run."""

import json

import pytest
from playwright.sync_api import expect

from tests.ui.lab import TOKEN


@pytest.fixture
def form(desk):
    """The form of the recipe with every kind of parameter."""
    desk.open("workbench=recipe/kinds.every")
    found = desk.page.locator(".jp-Workbench-recipe:visible")
    found.get_by_role("button", name="Example", exact=True).wait_for()
    return found


def sent_values(desk):
    """What the browser sends when Run is pressed."""
    sent = []
    desk.page.on(
        "request",
        lambda request: (
            sent.append(json.loads(request.post_data))
            if request.method == "POST" and request.url.split("?")[0].endswith("/api/runs")
            else None
        ),
    )
    return sent


def fill(form, label, text):
    """Go to a field and type, as by keyboard."""
    field = form.get_by_label(label)
    field.focus()
    field.press("ControlOrMeta+A")
    field.press_sequentially(text)


def test_every_field_has_a_name_and_its_help(form):
    for label in ("Numbers", "Factor", "Rounds", "Exact", "Method", "Limit", "Note"):
        field = form.get_by_label(label, exact=False).first
        described = field.get_attribute("aria-describedby")
        assert described, label
        assert any(form.locator(f"[id='{one}']").count() for one in described.split()), label
    expect(form.locator(".jp-mod-unit").first).to_have_text("eV")
    expect(form.get_by_role("group", name="Words")).to_contain_text("What you want to remember.")
    expect(form.get_by_label("Pause s")).to_be_hidden()
    form.get_by_text("Advanced (2)").focus()
    form.page.keyboard.press("Enter")
    expect(form.get_by_label("Pause s")).to_be_visible()


def test_defaults_are_shown(form):
    expect(form.get_by_label("Factor")).to_have_value("2")
    expect(form.get_by_label("Rounds")).to_have_value("1")
    expect(form.get_by_label("Method")).to_contain_text("plain")
    expect(form.get_by_label("Limit")).to_have_value("")
    expect(form.get_by_role("group", name="Weights").get_by_role("textbox")).to_have_value("1")
    window = form.get_by_role("group", name="Window").get_by_role("textbox")
    expect(window).to_have_count(2)
    expect(window.last).to_have_value("100")


def test_every_kind_is_filled_by_keyboard_and_sent(desk, form, place, picture):
    sent = sent_values(desk)
    fill(form, "Numbers (required)", str(place.numbers))
    fill(form, "Factor", "0.5")
    fill(form, "Rounds", "2")
    form.get_by_label("Exact").focus()
    desk.page.keyboard.press("Space")
    form.get_by_label("Method").focus()
    desk.page.keyboard.press("ArrowDown")
    fill(form, "Limit", "1e3")
    weights = form.get_by_role("group", name="Weights")
    weights.get_by_role("button", name="Add").focus()
    desk.page.keyboard.press("Enter")
    expect(weights.get_by_role("textbox")).to_have_count(2)
    weights.get_by_role("textbox").last.press_sequentially("0.25")
    window = form.get_by_role("group", name="Window").get_by_role("textbox")
    window.first.focus()
    desk.page.keyboard.press("ControlOrMeta+A")
    desk.page.keyboard.type("1")
    fill(form, "Note", "typed, not clicked")
    expect(form.get_by_role("status").filter(has_text="6 items")).to_be_visible()
    picture(desk.page, "form-filled-light")
    form.get_by_label("Note").press("Enter")
    expect(desk.page.locator(".jp-Workbench-run:visible")).to_contain_text("Finished, 6 items")
    (request,) = sent
    assert request["values"] == {
        "numbers": str(place.numbers),
        "factor": 0.5,
        "rounds": 2,
        "exact": True,
        "method": "careful",
        "limit": 1000,
        "weights": [1, 0.25],
        "window": [1, 100],
        "note": "typed, not clicked",
        "pause_s": 0,
        "fail": [],
    }


def test_what_is_wrong_is_said_at_the_field_and_corrected(desk, form, place, picture):
    desk.allowed = "422"
    fill(form, "Factor", "99")
    wrong = form.locator(".jp-mod-wrong")
    expect(wrong).to_have_count(1)
    expect(wrong).to_contain_text("99 was given; it should be less than or equal to 10.")
    before = sorted((place.home / "runs").glob("*"))
    # What was not touched yet is not complained about, until Run is pressed.
    form.get_by_role("button", name="Run", exact=True).click()
    expect(wrong).to_have_count(2)
    expect(form.get_by_label("Numbers (required)")).to_be_focused()
    picture(desk.page, "form-refused-light")
    assert sorted((place.home / "runs").glob("*")) == before
    fill(form, "Numbers (required)", str(place.numbers))
    expect(wrong).to_have_count(1)
    # What people of other countries type is not swallowed.
    fill(form, "Factor", "0,5")
    expect(wrong).to_contain_text("'0,5' was given")
    form.get_by_label("Factor").fill("")
    expect(form.get_by_label("Factor")).to_have_attribute("placeholder", "2")
    fill(form, "Factor", "9")
    expect(wrong).to_have_count(0)
    expect(form.get_by_role("status").filter(has_text="6 items")).to_be_visible()


def test_a_file_that_cannot_be_used_says_why(form, place):
    bad = place.work / "bad.txt"
    bad.write_text("1\ntwo\n")
    fill(form, "Numbers (required)", str(bad))
    expect(form.locator(".jp-mod-wrong")).to_contain_text("'two' is no whole number.")
    fill(form, "Numbers (required)", "/no/such/file.txt")
    expect(form.locator(".jp-mod-wrong")).to_contain_text("/no/such/file.txt")


def test_what_only_the_whole_can_say_is_said_at_its_field(form, place):
    fill(form, "Numbers (required)", str(place.numbers))
    window = form.get_by_role("group", name="Window").get_by_role("textbox")
    window.first.fill("200")
    expect(form.locator(".jp-mod-wrong")).to_contain_text("the first number is larger")


def test_a_file_is_picked_in_the_dialog(desk, form, place):
    (place.work / "picked.txt").write_text("7\n8\n")
    form.get_by_role("button", name="Browse for Numbers").click()
    dialog = desk.page.get_by_role("dialog")
    dialog.locator(".jp-DirListing-item", has_text="picked.txt").click()
    dialog.get_by_role("button", name="Select").click()
    expect(form.get_by_label("Numbers (required)")).to_have_value(str(place.work / "picked.txt"))
    expect(form.get_by_role("status").filter(has_text="2 items")).to_be_visible()


def test_a_file_is_dragged_from_the_file_browser(desk, form, place):
    (place.work / "dragged.txt").write_text("7\n8\n9\n")
    desk.page.keyboard.press("ControlOrMeta+Shift+F")
    item = desk.page.locator("#filebrowser .jp-DirListing-item", has_text="dragged.txt")
    item.wait_for()
    target = form.locator(".jp-Workbench-file")
    start, end = item.bounding_box(), target.bounding_box()
    mouse = desk.page.mouse
    mouse.move(start["x"] + 40, start["y"] + 8)
    mouse.down()
    mouse.move(start["x"] + 80, start["y"] + 40, steps=5)
    mouse.move(end["x"] + 60, end["y"] + 12, steps=10)
    mouse.up()
    expect(form.get_by_label("Numbers (required)")).to_have_value(str(place.work / "dragged.txt"))


def test_a_file_is_uploaded(desk, form, place, tmp_path):
    mine = tmp_path / "laptop.txt"
    mine.write_text("1\n2\n3\n4\n")
    with desk.page.expect_file_chooser() as chooser:
        form.get_by_role("button", name="Upload Numbers").click()
    chooser.value.set_files(mine)
    expect(form.get_by_role("status").filter(has_text="4 items")).to_be_visible()
    path = form.get_by_label("Numbers (required)").input_value()
    assert path.startswith(str(place.home / "uploads"))


def test_a_link_fills_in_and_runs_nothing(desk, place):
    before = sorted((place.home / "runs").iterdir())
    # The address as somebody sends it, not that of a workspace.
    link = "workbench=recipe/kinds.every&set.factor=7.5&set.note=from%20a%20link"
    desk.page.goto(f"{desk.lab.url}?token={TOKEN}&{link}")
    form = desk.page.locator(".jp-Workbench-recipe:visible")
    expect(form.get_by_label("Factor")).to_have_value("7.5")
    expect(form.get_by_label("Note")).to_have_value("from a link")
    assert "workbench" not in desk.page.url
    assert sorted((place.home / "runs").iterdir()) == before
