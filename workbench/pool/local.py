"""The partition ``local``, this computer: CPUs, memory, and the cards that its tools show."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from workbench.environ import NODE
from workbench.pool.card_socket import holder
from workbench.pool.collect import poll_s
from workbench.pool.partition import LOCAL, Accelerator, Partition
from workbench.pool.plugins import vendors
from workbench.pool.probe import Probe
from workbench.pool.vendor import FoundCard
from workbench.resources import this_computer as resources

TIMEOUT_S = 3.0


@dataclass(frozen=True)
class ThisComputer:
    """The partition ``local``, and what its vendors' tools could not tell."""

    partition: Partition
    problems: tuple[str, ...]


def this_computer() -> ThisComputer:
    """Look at this computer; the vendors' tools are run as rarely as schedulers are asked."""
    probes = _probes(int(time.monotonic() / max(0.001, poll_s())))
    ours = resources()
    partition = Partition(
        name=LOCAL, scheduler=LOCAL, cpus=ours.cpus, memory_bytes=ours.memory_bytes
    )
    partition.nodes.total = partition.nodes.idle = 1
    for probe in probes.values():
        for found in probe.cards:
            _add(partition, found)
    silent = [each.words for each in probes.values() if not each.answered]
    return ThisComputer(partition, tuple(silent))


def _add(partition: Partition, found: FoundCard) -> None:
    """Count one card: in use is what a worker of the workbench holds, whoever's it is."""
    card = found.card
    kind = f"{card.vendor}:{card.model}"
    accelerator = partition.accelerators.setdefault(
        kind, Accelerator(kind, card.vendor, card.model, found.memory_bytes)
    )
    held = holder(found, os.environ.get(NODE, ""))
    accelerator.per_node += 1
    accelerator.cards.total += 1
    accelerator.cards.allocated += held is not None
    accelerator.cards.free += held is None
    accelerator.cards.mine += held is not None and held.uid == os.geteuid()


@lru_cache(1)
def _probes(now: int) -> Mapping[str, Probe]:
    """Run the tools that are on PATH, side by side; `now` says for how long the answer counts."""
    found: dict[str, Probe] = {}
    there = {
        name: vendor
        for name, vendor in sorted(vendors().usable.items())
        if any(shutil.which(command[0]) for command in vendor.probe_commands())
    }
    threads = [
        threading.Thread(
            target=lambda name=name, vendor=vendor: found.update(
                {name: Probe.run(vendor, os.environ, TIMEOUT_S)}
            ),
            daemon=True,
        )
        for name, vendor in there.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return dict(sorted(found.items()))
