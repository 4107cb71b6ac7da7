"""Huawei Ascend: ``npu-smi``; torch with ``torch_npu``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.kernel import Card
from workbench.pool.vendor import MIB, Command, FoundCard, Vendor, comma_list, watts

# NPU ID, chip ID, logic ID, in newer versions the physical one, name; "-" for what is no chip.
_MAPPED = re.compile(r"\s*(\d+)\s+(\d+)\s+(\d+)\s+(?:\d+\s+)?([A-Za-z]\S*(?: \S+)*)\s*$")
# Two lines a chip: NPU and name, then chip, PCI address, and at the end its memory.
_NAMED = re.compile(r"\|\s*(\d+)\s+(\S*[A-Za-z]\S*)\s*\|")
_CHIP = re.compile(r"\|\s*(\d+)(?:\s+\d+)?\s*\|\s*([0-9A-Fa-f]{4}:[0-9A-Fa-f:.]+)\s*\|(.*)\|")
_OF = re.compile(r"\d+\s*/\s*(\d+)")


class Ascend(Vendor):
    """Ascend's chips; each of the two dies of a 910C is one."""

    name = "ascend"
    words = ("npu", "ascend", "gpu:910", "gpu:ascend", "gpu:npu")
    namespaces = ("torch",)
    needs = ("torch_npu",)
    visible_variables = ("ASCEND_RT_VISIBLE_DEVICES", "ASCEND_VISIBLE_DEVICES")

    def probe_commands(self) -> tuple[Command, ...]:
        """Return the map to logic IDs, by which programs count, and the table of all else."""
        return ("npu-smi", "info", "-m"), ("npu-smi", "info")

    def parse_probe(self, text: str) -> list[FoundCard]:
        """Read both; without the map, programs count in the order of the table."""
        named = [
            (int(m[1]), int(m[2]), int(m[3]), m[4])
            for m in map(_MAPPED.match, text.splitlines())
            if m
        ]
        chips = _chips(text)
        if not named and not chips:
            raise ValueError(f"no list of cards: {text.strip()[:200]!r}")
        if not named:
            named = [(*chip, index, said[0]) for index, (chip, said) in enumerate(chips.items())]
        found = []
        for npu, chip, index, name in named:
            _, bus, size = chips.get((npu, chip), ("", None, None))
            card = Card(self.name, _model(name), index)
            handle = f"{npu} {chip}"
            found.append(FoundCard(card=card, memory_bytes=size, bus=bus, handle=handle))
        return found

    def visible(self, cards: Sequence[Card]) -> Mapping[str, str | None]:
        """Return the runtime's variable; the other is read when a container is made."""
        return {"ASCEND_RT_VISIBLE_DEVICES": comma_list(cards)}

    def device(self, namespace: str) -> Any:
        """Return the first and only one."""
        return {"torch": "npu:0"}[namespace]

    def power_command(self, found: FoundCard) -> Command | None:
        """Return the command for a chip, which goes by NPU and chip there."""
        if not found.handle:
            return None
        npu, chip = found.handle.split()
        return ("npu-smi", "info", "-t", "power", "-i", npu, "-c", chip)

    def parse_power(self, text: str) -> float:
        """Read watts."""
        return watts(r"(?:NPU Real-time Power|Power Dissipation)\(W\)\s*:\s*([\d.]+)", text)


def _chips(text: str) -> dict[tuple[int, int], tuple[str, str, int | None]]:
    """Return name, PCI address and memory by NPU and chip, in the order of the table."""
    chips: dict[tuple[int, int], tuple[str, str, int | None]] = {}
    npu, name = -1, ""
    for line in text.splitlines():
        if chip := _CHIP.match(line):
            # A chip has either kind of memory; the other reads "0 / 0".
            size = max((int(total) for total in _OF.findall(chip[3])), default=0)
            chips[npu, int(chip[1])] = (name, chip[2].lower(), size * MIB or None)
        elif named := _NAMED.match(line):
            npu, name = int(named[1]), named[2]
    return chips


def _model(name: str) -> str:
    return re.sub(r"^Ascend\s*", "", name.strip())
