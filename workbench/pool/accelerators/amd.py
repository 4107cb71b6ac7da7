"""AMD: ``amd-smi``, and ``rocm-smi`` where ROCm is older than that."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.kernel import Card
from workbench.pool import rocm_smi
from workbench.pool.vendor import MIB, Command, FoundCard, Vendor, comma_list, watts

_AMD_SMI = ("amd-smi", "static", "--asic", "--bus", "--vram", "--json")
_SHOW = ("--showproductname", "--showuniqueid", "--showbus", "--showmeminfo", "vram", "--json")
# amd-smi writes MB and counts MiB: 65520 of them are an MI210's 64 GiB.
_UNITS = {"B": 1, "KB": 2**10, "MB": MIB, "GB": 2**30}


class Amd(Vendor):
    """AMD's cards under ROCm."""

    name = "amd"
    words = ("gpu:amd", "gpu:instinct", "gpu:mi", "gpu:radeon")
    namespaces = ("torch", "cupy")
    visible_variables = ("ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES")

    def probe_commands(self) -> tuple[Command, ...]:
        """Return the lists of both tools; where both are there the newer one counts."""
        return _AMD_SMI, ("rocm-smi", *_SHOW)

    def parse_probe(self, text: str) -> list[FoundCard]:
        """Read what is there of them."""
        entries = _entries(text)
        if entries is not None:
            return [_of_amd_smi(entry) for entry in entries]
        cards = rocm_smi.cards(text)
        if not cards and '"system"' not in text:
            raise ValueError(f"no list of cards: {text.strip()[:200]!r}")
        return [
            FoundCard(
                card=Card(self.name, _model(rocm_smi.model(said)), index, said.get("unique id")),
                memory_bytes=rocm_smi.memory_bytes(said),
                bus=rocm_smi.bus(said),
                handle="rocm-smi",
            )
            for index, said in sorted(cards.items())
        ]

    def visible(self, cards: Sequence[Card]) -> Mapping[str, str | None]:
        """Return the runtime's variable alone.

        HIP_VISIBLE_DEVICES and CUDA_VISIBLE_DEVICES count within what ROCR_VISIBLE_DEVICES left
        (ROCm documentation, "GPU isolation techniques", which recommends the latter on Linux):
        card 2 in both is the third card of one, which is none.
        """
        alone = {"HIP_VISIBLE_DEVICES": None, "CUDA_VISIBLE_DEVICES": None}
        return {"ROCR_VISIBLE_DEVICES": comma_list(cards), **alone, "GPU_DEVICE_ORDINAL": None}

    def device(self, namespace: str) -> Any:
        """Return the first and only one; torch for ROCm keeps the word ``cuda``."""
        return {"torch": "cuda:0", "cupy": 0}[namespace]

    def power_command(self, found: FoundCard) -> Command | None:
        """Return the command of the tool that found the card."""
        index = str(found.card.index)
        if found.handle == "rocm-smi":
            return ("rocm-smi", "-d", index, "--showpower", "--json")
        return ("amd-smi", "metric", "--gpu", index, "--power", "--json")

    def parse_power(self, text: str) -> float:
        """Read watts: the socket's now, or the package's mean on older cards."""
        old = r'"(?:Average|Current Socket) Graphics Package Power \(W\)"\s*:\s*"([\d.]+)"'
        new = r'"socket_power"\s*:\s*\{\s*"value"\s*:\s*([\d.]+)'
        return watts(new if "socket_power" in text else old, text)


def _entries(text: str) -> list[dict[str, Any]] | None:
    """Return the cards of ``amd-smi static``; None where its document is not in the text."""
    at = re.search(r'\{\s*"gpu_data"|\[\s*\{\s*"gpu"', text)
    if at is None:
        return None
    document, _ = json.JSONDecoder().raw_decode(text[at.start() :])
    entries: list[dict[str, Any]] = document["gpu_data"] if isinstance(document, dict) else document
    return entries


def _of_amd_smi(entry: Mapping[str, Any]) -> FoundCard:
    asic = entry.get("asic", {})
    serial = str(asic.get("asic_serial", "N/A"))
    # A card without a number of its own has zeros there.
    uuid = serial.lower() if serial.strip("0x") and serial != "N/A" else None
    size = entry.get("vram", {}).get("size", {})
    known = isinstance(size, dict) and isinstance(size.get("value"), int)
    bus = str(entry.get("bus", {}).get("bdf", "")).lower()
    return FoundCard(
        card=Card(Amd.name, _model(str(asic.get("market_name", ""))), int(entry["gpu"]), uuid),
        memory_bytes=size["value"] * _UNITS[size["unit"]] if known else None,
        bus=bus or None,
        handle="amd-smi",
    )


def _model(name: str) -> str:
    """Return ``MI250X`` of ``AMD Instinct MI250X``, ``Radeon RX 7900 XTX`` of its kind."""
    instinct = re.search(r"\bMI\d+\w*", name)
    return instinct[0] if instinct else re.sub(r"^AMD ", "", name)
