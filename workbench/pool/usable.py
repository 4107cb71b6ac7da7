"""Which cards a job may use: what its environment, the vendor's tool and the site say of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from workbench.kernel import Card
from workbench.pool.probe import Probe
from workbench.pool.vendor import FoundCard, Vendor

_INDEX = re.compile(r"(\d+)(?:\.\d+)?")
_RANGE = re.compile(r"(\d+)-(\d+)")
_NONE = ("", "-1", "none", "void", "nodevfiles")


@dataclass(frozen=True)
class Usable:
    """The cards that a job may use, and who says so."""

    cards: list[FoundCard]
    source: str


def usable_cards(
    vendor: Vendor,
    probe: Probe,
    environ: Mapping[str, str],
    per_node: int | None = None,
    model: str = "",
) -> Usable:
    """Return the cards that a job may use: by its environment, else the tool, else the site.

    Where the tool is there but fails, cards are not guessed from their number: other jobs know
    them by their UUIDs, and two names of one card would be two holds.
    """
    found = _told_apart(probe.cards)
    for variable in vendor.visible_variables:
        if variable in environ:
            value = environ[variable]
            names = _named(value)
            if names is None:
                break
            source = f"{variable}={value} names {counted(len(names))}"
            if len(names) == len(found):
                # Where a job sees no other card, tool and scheduler may count them differently.
                return Usable(found, source)
            return Usable([_match(vendor, name, found, model) for name in names], source)
    if found or probe.there or per_node is None:
        return Usable(found, probe.words)
    cards = [FoundCard(card=Card(vendor.name, model, index)) for index in range(per_node)]
    return Usable(cards, f"the site file says {counted(per_node)} a node ({probe.words})")


def counted(n: int, kind: str = "") -> str:
    """Return ``2 K100 cards``."""
    return f"{n}{kind} card{'s' * (n != 1)}"


def _named(value: str) -> list[str] | None:
    """Return what a variable names, one by one; None where it names all."""
    if value.strip().lower() == "all":
        return None
    names: list[str] = []
    for word in (word.strip() for word in value.split(",")):
        if word.lower() in _NONE:
            # What stands behind it counts no more (CUDA's rule for an index that is none).
            break
        between = _RANGE.fullmatch(word)
        last = range(int(between[1]), int(between[2]) + 1) if between else None
        names += [word] if last is None else [str(index) for index in last]
    return list(dict.fromkeys(names))


def _match(vendor: Vendor, name: str, found: list[FoundCard], model: str) -> FoundCard:
    """Return the card of a name: an index, or a UUID or the beginning of one."""
    index = _INDEX.fullmatch(name)
    if index is not None:
        hits = [card for card in found if card.card.index == int(index[1])]
        other = Card(vendor.name, model, int(index[1]))
    else:
        hits = [card for card in found if (card.card.uuid or "").startswith(name)]
        other = Card(vendor.name, model, None, name)
    return hits[0] if len(hits) == 1 else FoundCard(card=other)


def _told_apart(cards: list[FoundCard]) -> list[FoundCard]:
    """Forget a UUID that several cards have: it tells none of them."""
    seen = Counter(found.card.uuid for found in cards)
    return [
        replace(found, card=replace(found.card, uuid=None)) if seen[found.card.uuid] > 1 else found
        for found in cards
    ]
