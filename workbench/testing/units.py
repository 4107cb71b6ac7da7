"""Whether a text can be a unit: the grammar of UDUNITS, not its list of names."""

from __future__ import annotations

import re

# https://docs.unidata.ucar.edu/udunits/current/udunits2lib.html#Grammar
_NUMBER = r"[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?"
_NAME = r"[A-Za-z_%'\"\u00b0\u00b5\u00c5\u03a9]+"
_FACTOR = rf"(?:{_NUMBER}|{_NAME})(?:(?:\^|\*\*)?[+-]?[0-9]+)?"
_TIMES = r"(?:\s*[*./\u00b7]\s*|\s+)"
_PRODUCT = re.compile(rf"{_FACTOR}(?:{_TIMES}{_FACTOR})*\Z")
_INNER = re.compile(r"\(([^()]*)\)")

NO_UNITS = ("a.u.", "arb.", "arbitrary", "dimensionless", "n/a", "na", "none", "null", "unitless")


def unit_problem(text: str) -> str:
    """Return what is wrong with a unit, nothing when it reads like one."""
    if not text.strip():
        return "the unit is empty; write '1' for a number without one"
    if text.strip().lower() in NO_UNITS:
        return f"{text!r} is no unit; write '1' for a number without one"
    if not _reads_like_one(text):
        return f"{text!r} does not read like a unit, such as 'eV', 'kJ mol-1' or 'eV/angstrom^3'"
    return ""


def _reads_like_one(text: str) -> bool:
    while (inner := _INNER.search(text)) is not None:
        if not _PRODUCT.match(inner[1]):
            return False
        text = text[: inner.start()] + "x" + text[inner.end() :]
    return _PRODUCT.match(text) is not None
