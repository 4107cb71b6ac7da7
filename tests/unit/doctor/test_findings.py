"""Checks side by side: in order, bounded, and none of them brings the others down."""

import threading
import time

from workbench.doctor.findings import bad, good, together
from workbench.errors import Refused


def refuse():
    yield good("second", "so far")
    raise Refused("No. Ask somebody else.")


def break_down():
    raise LookupError("nothing there")


def test_a_check_that_hangs_is_told_and_left_behind():
    never = threading.Event()
    began = time.monotonic()
    found = together({"hangs": lambda: never.wait() or [], "works": lambda: [good("w", "x")]}, 0.2)
    assert time.monotonic() - began < 5
    assert [(one.check, one.state) for one in found] == [("hangs", "unknown"), ("w", "good")]
    assert "no answer within 0 s" in found[0].said


def test_what_a_check_raises_is_its_finding():
    checks = {"first": break_down, "second": refuse, "third": lambda: [bad("third", "x", "y")]}
    found = together(checks, 10)
    assert [(one.check, one.state) for one in found] == [
        ("first", "unknown"), ("second", "bad"), ("third", "bad")
    ]  # fmt: skip
    assert "LookupError: nothing there" in found[0].said
    assert found[1].said == "No. Ask somebody else."
    assert all(one.fix for one in found)
