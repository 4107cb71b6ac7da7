"""Moore Threads: ``mthreads-gmi``; torch with ``torch_musa``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.kernel import Card
from workbench.pool.vendor import MIB, Command, FoundCard, Vendor, comma_list, watts

# The first of three lines a card: number, name | PCI address | load, used and whole memory.
_ROW = re.compile(r"(\d+)\s+(MTT \S+)\s*\|\s*([0-9A-Fa-f:.]+)\s*\|.*\((\d+)MiB\)")


class MooreThreads(Vendor):
    """Moore Threads' MTT cards."""

    name = "mthreads"
    words = ("gpu:mtt", "gpu:mthreads", "gpu:musa", "gpu:s3000", "gpu:s4000", "gpu:s5000", "musa")
    namespaces = ("torch",)
    needs = ("torch_musa",)
    visible_variables = ("MUSA_VISIBLE_DEVICES", "MTHREADS_VISIBLE_DEVICES")

    def probe_commands(self) -> tuple[Command, ...]:
        """Return the table of cards."""
        return (("mthreads-gmi",),)

    def parse_probe(self, text: str) -> list[FoundCard]:
        """Read it."""
        if "mthreads-gmi" not in text:
            raise ValueError(f"no list of cards: {text.strip()[:200]!r}")
        return [
            FoundCard(
                card=Card(self.name, row[2], int(row[1])),
                memory_bytes=int(row[4]) * MIB,
                bus=row[3].lower(),
            )
            for row in map(_ROW.match, text.splitlines())
            if row
        ]

    def visible(self, cards: Sequence[Card]) -> Mapping[str, str | None]:
        """Return the runtime's variable; the other is read when a container is made."""
        return {"MUSA_VISIBLE_DEVICES": comma_list(cards)}

    def device(self, namespace: str) -> Any:
        """Return the first and only one."""
        return {"torch": "musa:0"}[namespace]

    def power_command(self, found: FoundCard) -> Command | None:
        """Return the command for a card's sheet, which has its power."""
        return ("mthreads-gmi", "-q", "-i", str(found.card.index))

    def parse_power(self, text: str) -> float:
        """Read watts."""
        return watts(r"Power Draw\s*:\s*([\d.]+)\s*W", text)
