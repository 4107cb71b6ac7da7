"""What a request has to know of the pool: partitions, their cards and their time limits."""

from __future__ import annotations

from dataclasses import dataclass, field

from workbench.pool.collect import latest
from workbench.pool.plugins import vendors
from workbench.pool.site import Site
from workbench.pool.snapshot import Shown


@dataclass
class Cards:
    """One kind of card in one partition."""

    name: str
    vendor: str | None
    model: str
    per_node: int = 0
    total: int = 0


@dataclass
class Terms:
    """One partition."""

    name: str
    scheduler: str
    time_limit_s: int | None
    cards: dict[str, Cards] = field(default_factory=dict)


def partitions(site: Site) -> tuple[dict[str, Terms], list[str]]:
    """Return what the schedulers show by partition, and what went wrong."""
    snapshot = latest(site)
    found: dict[str, Terms] = {}
    for scheduler, shown in snapshot.by_scheduler.items():
        for limits in shown.limits:
            found[limits.name] = Terms(limits.name, scheduler, limits.time_limit_s)
        _add_cards(found, shown, site)
    return found, snapshot.problems


def _add_cards(found: dict[str, Terms], shown: Shown, site: Site) -> None:
    for node in shown.nodes:
        for partition in node.partitions:
            for kind, count in node.cards.items():
                if partition not in found:
                    continue
                told = site.accelerator(kind)
                model = told.model or kind.rpartition(":")[2].upper()
                cards = found[partition].cards.setdefault(
                    kind, Cards(kind, told.vendor or _vendor(kind), model)
                )
                cards.per_node = max(cards.per_node, count.total)
                cards.total += count.total


def _vendor(kind: str) -> str | None:
    """Return whose cards a scheduler's name means."""
    for name, vendor in vendors().usable.items():
        if kind.lower().startswith(tuple(vendor.words)):
            return name
    return None
