"""Intel: ``xpu-smi``; torch has these cards built in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.kernel import Card
from workbench.pool.vendor import Command, FoundCard, Vendor, comma_list, watts


class Intel(Vendor):
    """Intel's data center and Arc cards; the tiles of one are used as one."""

    name = "intel"
    words = ("gpu:arc", "gpu:flex", "gpu:intel", "gpu:max", "gpu:pvc", "gpu:xpu", "xpu")
    namespaces = ("torch",)
    visible_variables = ("ZE_AFFINITY_MASK",)

    def probe_commands(self) -> tuple[Command, ...]:
        """Return the list of cards."""
        return (("xpu-smi", "discovery", "-j"),)

    def parse_probe(self, text: str) -> list[FoundCard]:
        """Read it; parts that a card is split into for virtual machines are no cards."""
        document = json.loads(text)
        return [
            _card(entry)
            for entry in document.get("device_list", [])
            if entry.get("device_function_type", "physical") == "physical"
        ]

    def visible(self, cards: Sequence[Card]) -> Mapping[str, str | None]:
        """Return the mask, and that it counts cards.

        Left alone it counts tiles where cards have several (oneAPI Level Zero specification,
        "ZE_FLAT_DEVICE_HIERARCHY").
        """
        hierarchy = {"ZE_FLAT_DEVICE_HIERARCHY": "COMPOSITE", "ONEAPI_DEVICE_SELECTOR": None}
        return {"ZE_AFFINITY_MASK": comma_list(cards), **hierarchy}

    def device(self, namespace: str) -> Any:
        """Return the first and only one."""
        return {"torch": "xpu:0"}[namespace]

    def power_command(self, found: FoundCard) -> Command | None:
        """Return the command for one reading of metric 1, "GPU Power (W)"."""
        return ("xpu-smi", "dump", "-d", str(found.card.index), "-m", "1", "-n", "1")

    def parse_power(self, text: str) -> float:
        """Read watts, after time and card."""
        return watts(r"(?m)^[\d:.]+,\s*\d+,\s*([\d.]+)\s*(?:,|$)", text)


def _card(entry: Mapping[str, Any]) -> FoundCard:
    memory = str(entry.get("memory_physical_size_byte", ""))
    model = re.sub(r"^Intel(\(R\))? ", "", entry["device_name"])
    return FoundCard(
        card=Card(Intel.name, model, int(entry["device_id"]), entry.get("uuid")),
        memory_bytes=int(memory) if memory.isdigit() else None,
        bus=entry.get("pci_bdf_address"),
    )
