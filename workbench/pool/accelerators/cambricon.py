"""Cambricon MLU: ``cnmon``; torch with ``torch_mlu``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.kernel import Card
from workbench.pool.vendor import MIB, Command, FoundCard, Vendor, comma_list, watts

# Two lines a card in the table: card, VF, name, firmware; in version 5 also the PCI address.
_NAMED = re.compile(r"\|\s*(\d+)\s+\S+\s+(MLU\S*)\s+\S+\s*\|\s*(\S+)")
_MEMORY = re.compile(r"\|[^|]*\bW/[^|]*\|\s*\d+ MiB/\s*(\d+) MiB\s*\|")
_BUS = re.compile(r"[0-9A-Fa-f]{4}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.\d")
# In the sheets of ``cnmon info``.
_SHEET = re.compile(r"^Card (\d+)\s*$", re.MULTILINE)
_UUID = re.compile(r"^\s*UUID\s*:\s*(\S+)", re.MULTILINE)


class Cambricon(Vendor):
    """Cambricon's MLUs."""

    name = "cambricon"
    words = ("mlu", "gpu:mlu", "gpu:cambricon")
    namespaces = ("torch",)
    needs = ("torch_mlu",)
    visible_variables = ("MLU_VISIBLE_DEVICES",)

    def probe_commands(self) -> tuple[Command, ...]:
        """Return the table, and the sheets, which alone tell UUIDs."""
        return ("cnmon",), ("cnmon", "info")

    def parse_probe(self, text: str) -> list[FoundCard]:
        """Read both."""
        if "CNMON" not in text:
            raise ValueError(f"no list of cards: {text.strip()[:200]!r}")
        uuids = _uuids(text)
        found: dict[int, FoundCard] = {}
        index = -1
        for line in text.splitlines():
            if named := _NAMED.match(line):
                index = int(named[1])
                bus = named[3].lower() if _BUS.fullmatch(named[3]) else None
                card = Card(self.name, named[2], index, uuids.get(index))
                found[index] = FoundCard(card=card, bus=bus)
            elif (memory := _MEMORY.match(line)) and index in found:
                one = found[index]
                size = int(memory[1]) * MIB
                found[index] = FoundCard(card=one.card, bus=one.bus, memory_bytes=size)
        return list(found.values())

    def visible(self, cards: Sequence[Card]) -> Mapping[str, str | None]:
        """Return the runtime's variable."""
        return {"MLU_VISIBLE_DEVICES": comma_list(cards)}

    def device(self, namespace: str) -> Any:
        """Return the first and only one."""
        return {"torch": "mlu:0"}[namespace]

    def power_command(self, found: FoundCard) -> Command | None:
        """Return the command for a card's sheet, which has its power."""
        return ("cnmon", "info", "-c", str(found.card.index))

    def parse_power(self, text: str) -> float:
        """Read watts, the first thing that is said under ``Power``."""
        return watts(r"\bPower\s*:\s*\n\s*Usage\s*:\s*([\d.]+) W", text)


def _uuids(text: str) -> dict[int, str]:
    """Return the UUIDs that the sheets tell."""
    parts = _SHEET.split(text)[1:]
    sheets = zip(parts[::2], parts[1::2], strict=True)
    return {int(index): uuid[1] for index, sheet in sheets if (uuid := _UUID.search(sheet))}
