"""Hygon DCU: ``hy-smi``, which descends from ``rocm-smi``; programs use HIP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.kernel import Card
from workbench.pool import rocm_smi
from workbench.pool.vendor import Command, FoundCard, Vendor, comma_list, watts

# Where the driver puts it; on many nodes it is on nobody's PATH.
_TOOLS = ("hy-smi", "/opt/hyhal/bin/hy-smi")
_SHOW = ("--showproductname", "--showuniqueid", "--showbus", "--showmeminfo", "vram", "--json")


class Hygon(Vendor):
    """Hygon's DCUs (Z100, K100, BW)."""

    name = "hygon"
    words = ("dcu", "gpu:dcu", "gpu:hygon", "gpu:z100", "gpu:k100_", "gpu:k100-", "gpu:bw")
    namespaces = ("torch", "cupy")
    visible_variables = ("HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES")

    def probe_commands(self) -> tuple[Command, ...]:
        """Return the list of cards, by whichever path the tool is found."""
        return tuple((tool, *_SHOW) for tool in _TOOLS)

    def parse_probe(self, text: str) -> list[FoundCard]:
        """Read it."""
        cards = rocm_smi.cards(text)
        if not cards:
            raise ValueError(f"no list of cards: {text.strip()[:200]!r}")
        return [
            FoundCard(
                card=Card(self.name, rocm_smi.model(said), index, said.get("unique id")),
                memory_bytes=rocm_smi.memory_bytes(said),
                bus=rocm_smi.bus(said),
            )
            for index, said in sorted(cards.items())
        ]

    def visible(self, cards: Sequence[Card]) -> Mapping[str, str | None]:
        """Return HIP's variable alone.

        A list in ROCR_VISIBLE_DEVICES is applied before it and renumbers what is left (ROCm
        documentation, "GPU isolation techniques"): both together show another card, or none.
        """
        alone = {"ROCR_VISIBLE_DEVICES": None, "CUDA_VISIBLE_DEVICES": None}
        return {"HIP_VISIBLE_DEVICES": comma_list(cards), **alone, "GPU_DEVICE_ORDINAL": None}

    def device(self, namespace: str) -> Any:
        """Return the first and only one; torch for HIP keeps the word ``cuda``."""
        return {"torch": "cuda:0", "cupy": 0}[namespace]

    def power_command(self, found: FoundCard) -> Command | None:
        """Return the command for the mean power of the package."""
        return ("hy-smi", "-d", str(found.card.index), "--showpower", "--json")

    def parse_power(self, text: str) -> float:
        """Read watts."""
        return watts(r'"Average Graphics Package Power \(W\)"\s*:\s*"([\d.]+)"', text)
