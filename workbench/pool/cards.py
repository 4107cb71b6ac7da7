"""The state of every single card, one byte each, for pictures of the whole pool.

Of 32,000 cards that is 32 kB and an index of a few lines, since nodes that are alike stand in one.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from itertools import groupby

from workbench.pool.count import Held, held_by
from workbench.pool.hostlist import folded
from workbench.pool.seen import CardCount, Node
from workbench.pool.snapshot import Snapshot, user_name

FREE = 0
OTHERS = 1
MINE = 2
OUT_OF_SERVICE = 3
MEANINGS = ("free", "in use by others", "mine", "out of service")


@dataclass(frozen=True)
class CardRange:
    """Nodes that are alike, one after the other.

    Attributes
    ----------
    nodes
        Their names, as ``dcu[0001-2800]``.
    count
        How many they are.
    per_node
        Cards of this kind on each.
    start
        Where their cards begin in the array.
    """

    scheduler: str
    nodes: str
    count: int
    kind: str
    per_node: int
    start: int
    partitions: tuple[str, ...]


@dataclass(frozen=True)
class CardStates:
    """All cards, in the order of the nodes.

    Attributes
    ----------
    states
        One byte a card: 0 free, 1 in use by others, 2 mine, 3 out of service.  Which of a node's
        cards are in use no scheduler tells for sure: mine come first, then those of others.
    index
        Whose cards stand where.
    """

    states: bytes
    index: tuple[CardRange, ...]

    def payload(self) -> bytes:
        """Return both in one: length of the index (4 bytes, the lowest first), index, states."""
        index = [vars(each) for each in self.index]
        head = json.dumps(
            {"meanings": MEANINGS, "index": index}, separators=(",", ":"), ensure_ascii=True
        ).encode()
        return len(head).to_bytes(4, "little") + head + self.states


def card_states(snapshot: Snapshot, kinds: Collection[str] | None = None) -> CardStates:
    """Lay out the cards of all schedulers of a snapshot.

    Parameters
    ----------
    kinds
        Only these; all if left out.
    """
    states = bytearray()
    index: list[CardRange] = []
    for scheduler, shown in snapshot.by_scheduler.items():
        mine = held_by(shown, user_name())
        runs = groupby(shown.nodes, key=_like)
        for (partitions, there), nodes in runs:
            alike = list(nodes)
            for kind, per_node in there:
                if kinds is not None and kind not in kinds:
                    continue
                index.append(
                    CardRange(
                        scheduler,
                        folded([n.name for n in alike]),
                        len(alike),
                        kind,
                        per_node,
                        len(states),
                        partitions,
                    )
                )
                for node in alike:
                    states += _states(node, kind, node.cards[kind], mine)
    return CardStates(bytes(states), tuple(index))


def _like(node: Node) -> tuple[tuple[str, ...], tuple[tuple[str, int], ...]]:
    return node.partitions, tuple((kind, count.total) for kind, count in node.cards.items())


def _states(node: Node, kind: str, count: CardCount, mine: Held) -> bytes:
    ours = mine.get((node.name, kind), 0)
    idle = OUT_OF_SERVICE if node.state == "out_of_service" else FREE
    others, left = count.allocated - ours, count.total - count.allocated
    return bytes([MINE]) * ours + bytes([OTHERS]) * others + bytes([idle]) * left
