"""Which cards this job may use, and the hold on each that no other worker gets.

A scheduler says which cards a job has, or only how many: then nothing but the hold keeps two
jobs off one card.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from workbench.environ import CARD, NODE
from workbench.errors import Refused
from workbench.kernel import Card
from workbench.pool.card_socket import address, holder
from workbench.pool.probe import Probe
from workbench.pool.usable import Usable, counted, usable_cards
from workbench.pool.vendor import FoundCard, Vendor

PATIENCE_S = 10.0
PAUSE_S = 0.5


@dataclass(frozen=True)
class HeldCard:
    """A card that is this process's until :meth:`close`, or its end.

    Attributes
    ----------
    environment
        What a process that uses the card needs in its environment before it imports anything;
        None: the variable must not be there.
    """

    card: Card
    found: FoundCard
    environment: Mapping[str, str | None]
    _hold: socket.socket

    def close(self) -> None:
        """Let go of the card."""
        self._hold.close()

    def __enter__(self) -> HeldCard:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def hold(
    vendor: Vendor,
    wanted: int,
    *,
    environ: Mapping[str, str],
    per_node: int | None = None,
    model: str = "",
    only: str = "",
    patience_s: float = PATIENCE_S,
) -> list[HeldCard]:
    """Hold some of the cards that this job may use.

    The process that calls has to live as long as anything uses the cards.

    Parameters
    ----------
    wanted
        How many.
    environ
        The environment that the scheduler gave.  ``WORKBENCH_NODE`` in it says which node this
        is where one computer plays several, as test rigs do: each has its own cards.
    per_node
        How many cards each node has, where the site says it: they are numbered from 0 where
        neither the scheduler nor the vendor's tool tells them.
    model
        What the cards are called where the tool does not tell.
    only
        Hold none but cards of this model; empty: any.
    patience_s
        How long a card that is held may take to come free: a worker that is being replaced
        needs a moment to end.

    Raises
    ------
    Refused
        When fewer are free, or there are none.
    """
    usable = usable_cards(vendor, Probe.run(vendor, environ), environ, per_node, model)
    if only:
        usable = replace(usable, cards=[f for f in usable.cards if f.card.model == only])
    node = environ.get(NODE, "")
    deadline = time.monotonic() + patience_s
    while True:
        held = _take(vendor, node, usable.cards, wanted)
        if len(held) == wanted:
            return held
        for one in held:
            one.close()
        if len(usable.cards) < wanted or time.monotonic() >= deadline:
            raise Refused(_too_few(vendor, node, usable, wanted, held), code="cards")
        time.sleep(PAUSE_S)


def pinned(environ: Mapping[str, str], held: HeldCard) -> dict[str, str]:
    """Return an environment in which a process sees this card alone.

    Dask's nannies can only add variables: before they start, what must not be there has to be
    taken out of the environment of the process that starts them.
    """
    given = {**environ, **held.environment}
    return {name: value for name, value in given.items() if value is not None}


def described(vendor: Vendor, card: Card) -> str:
    """Return what a worker process has to know of its card, as JSON."""
    return json.dumps(
        {
            **asdict(card),
            "namespaces": [
                {"name": name, "device": vendor.device(name)} for name in vendor.namespaces
            ],
            "needs": vendor.needs,
            "energy_counter": vendor.energy_counter,
        }
    )


def _take(vendor: Vendor, node: str, cards: list[FoundCard], wanted: int) -> list[HeldCard]:
    """Hold the first ones that can be held."""
    held: list[HeldCard] = []
    for found in cards:
        if len(held) == wanted:
            break
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.bind(address(found, node))
        except OSError:
            sock.close()
            continue
        # Whoever is refused may ask who holds it.
        sock.listen()
        card = found.card
        environment = {**vendor.visible([card]), CARD: described(vendor, card)}
        held.append(HeldCard(card, found, environment, sock))
    return held


def _too_few(vendor: Vendor, node: str, usable: Usable, wanted: int, held: list[HeldCard]) -> str:
    models = {found.card.model for found in usable.cards if found.card.model}
    kind = f" {models.pop()}" if len(models) == 1 else f" {vendor.name}"
    asked = f"Asked for {counted(wanted, kind)}"
    if len(usable.cards) < wanted:
        return (
            f"{asked}, but this job may use {len(usable.cards)}: {usable.source}. Ask the "
            "scheduler for more, or start fewer workers in a job."
        )
    mine = [one.found for one in held]
    others = [
        f"{_shown(found)} by {holder(found, node) or 'another process'}"
        for found in usable.cards
        if found not in mine
    ]
    return (
        f"{asked}, could hold {len(held)} of {len(usable.cards)}: held are {', '.join(others)}. "
        "Cards come free when these processes end; the scheduler may have given them twice, "
        "which it does where it counts cards without telling them apart."
    )


def _shown(found: FoundCard) -> str:
    return f"card {found.card.index if found.card.index is not None else found.card.uuid}"
