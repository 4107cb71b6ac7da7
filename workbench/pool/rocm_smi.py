"""What ``rocm-smi --json`` and its kin print: one object a card, by its name."""

from __future__ import annotations

import re

from workbench.pool.vendor import MIB

_CARD = re.compile(r'"card(\d+)"\s*:\s*\{([^}]*)\}')
_PAIR = re.compile(r'"([^"]*)"\s*:\s*"([^"]*)"')
_UNITS = {"b": 1, "kib": 2**10, "mib": MIB, "gib": 2**30}
_NOTHING = ("", "n/a", "none", "unknown")


def cards(text: str) -> dict[int, dict[str, str]]:
    """Return what is said of each card, by its number; names of values in lower case.

    Read by pattern: ``hy-smi`` leaves commas out between some values, so that no JSON reader
    takes it.
    """
    found: dict[int, dict[str, str]] = {}
    for number, body in _CARD.findall(text):
        values = {key.strip().lower(): value.strip() for key, value in _PAIR.findall(body)}
        said = {key: value for key, value in values.items() if value.lower() not in _NOTHING}
        found.setdefault(int(number), {}).update(said)
    return found


def memory_bytes(said: dict[str, str]) -> int | None:
    """Return the card's memory; the unit stands in the name of the value."""
    for unit, size in _UNITS.items():
        value = said.get(f"vram total memory ({unit})", "")
        if value.isdigit():
            return int(value) * size
    return None


def bus(said: dict[str, str]) -> str | None:
    """Return the PCI address; a serial number may follow it."""
    return said["pci bus"].split()[0].lower() if "pci bus" in said else None


def model(said: dict[str, str]) -> str:
    """Return the first name that is one: some cards have a number there."""
    names = (said.get(key, "") for key in ("card series", "device name", "card model"))
    return next((name for name in names if name and not name.startswith("0x")), "")
