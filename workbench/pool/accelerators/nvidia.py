"""NVIDIA: cards and MIG devices by ``nvidia-smi``, joules by NVML."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.kernel import Card
from workbench.pool.vendor import MIB, Command, FoundCard, Vendor, comma_list, watts

_FIELDS = "index,uuid,name,memory.total,pci.bus_id,mig.mode.current"
_ROW = re.compile(r"(\d+), (GPU-[^,]+), ([^,]+), ([^,]+), ([^,]+), ([^,]+)")
_GPU = re.compile(r"GPU (\d+): ")
_MIG = re.compile(r"MIG (\S+)\s+Device\s+\d+: \(UUID: (MIG-[^)]+)\)")


class Nvidia(Vendor):
    """NVIDIA's cards.

    A MIG device is a card of its own; the card that it is a part of is none, because nothing
    can compute on it.
    """

    name = "nvidia"
    words = (
        "gpu:a10", "gpu:a2", "gpu:a3", "gpu:a4", "gpu:a5", "gpu:a6", "gpu:a8", "gpu:b2", "gpu:b3",
        "gpu:gb", "gpu:geforce", "gpu:gh", "gpu:gtx", "gpu:h1", "gpu:h2", "gpu:h8", "gpu:k80",
        "gpu:l2", "gpu:l4", "gpu:nvidia", "gpu:p1", "gpu:p4", "gpu:quadro", "gpu:rtx", "gpu:t4",
        "gpu:tesla", "gpu:titan", "gpu:v1",
    )  # fmt: skip
    namespaces = ("torch", "cupy")
    visible_variables = ("CUDA_VISIBLE_DEVICES",)
    energy_counter = "workbench.pool.accelerators.nvml:counter"

    def probe_commands(self) -> tuple[Command, ...]:
        """Return the list of cards, and the only one that knows the UUIDs of MIG devices."""
        query = ("nvidia-smi", f"--query-gpu={_FIELDS}", "--format=csv,noheader,nounits")
        return query, ("nvidia-smi", "-L")

    def parse_probe(self, text: str) -> list[FoundCard]:
        """Read both lists."""
        rows = {int(row[1]): row for row in map(_ROW.match, text.splitlines()) if row}
        if not rows and "No devices were found" not in text:
            raise ValueError(f"no list of cards: {text.strip()[:200]!r}")
        parts = _mig_devices(text)
        found = []
        for index, (_, uuid, name, memory, bus, mig) in (
            (i, row.groups()) for i, row in rows.items()
        ):
            if mig == "Enabled":
                found += [_part(name, profile, part) for profile, part in parts.get(index, [])]
                continue
            card = Card(self.name, _model(name), index, uuid)
            size = int(memory) * MIB if memory.isdigit() else None
            found.append(FoundCard(card=card, memory_bytes=size, bus=bus.lower()))
        return found

    def visible(self, cards: Sequence[Card]) -> Mapping[str, str | None]:
        """Return UUIDs, which mean the same card whatever the order is.

        CUDA numbers the fastest card first unless told otherwise, ``nvidia-smi`` by PCI address
        (CUDA C++ Programming Guide, "CUDA Environment Variables").
        """
        uuids = [card.uuid for card in cards if card.uuid]
        names = ",".join(uuids) if len(uuids) == len(cards) else comma_list(cards)
        return {"CUDA_VISIBLE_DEVICES": names, "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}

    def device(self, namespace: str) -> Any:
        """Return the first and only one."""
        return {"torch": "cuda:0", "cupy": 0}[namespace]

    def power_command(self, found: FoundCard) -> Command | None:
        """Return the command for the power of the board: none tells that of a MIG device.

        On Ampere and newer it is the mean of the last second (``nvidia-smi --help-query-gpu``).
        """
        name = found.card.uuid or str(found.card.index)
        if name.startswith("MIG-"):
            return None
        query = ("--query-gpu=power.draw", "--format=csv,noheader,nounits", "-i", name)
        return ("nvidia-smi", *query)

    def parse_power(self, text: str) -> float:
        """Read watts; ``[N/A]`` where the board does not tell."""
        return watts(r"^\s*([\d.]+)\s*$", text)


def _mig_devices(text: str) -> dict[int, list[tuple[str, str]]]:
    """Return profile and UUID of the MIG devices by the index of their card."""
    parts: dict[int, list[tuple[str, str]]] = {}
    index = -1
    for line in text.splitlines():
        if gpu := _GPU.match(line):
            index = int(gpu[1])
        elif part := _MIG.match(line.strip()):
            parts.setdefault(index, []).append((part[1], part[2]))
    return parts


def _part(name: str, profile: str, uuid: str) -> FoundCard:
    return FoundCard(card=Card(Nvidia.name, f"{_model(name)} MIG {profile}", None, uuid))


def _model(name: str) -> str:
    return re.sub(r"^(NVIDIA|Tesla) ", "", re.sub(r"^NVIDIA ", "", name.strip()))
