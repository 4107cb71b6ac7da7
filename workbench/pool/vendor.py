"""Vendor: what one file in ``accelerators/`` answers about cards of one make."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from workbench.kernel import Card

Command = tuple[str, ...]
MIB = 2**20


@dataclass(frozen=True, kw_only=True)
class FoundCard:
    """A card that a vendor's tool found on this node.

    Attributes
    ----------
    memory_bytes
        None where the tool does not tell.
    bus
        PCI address, the same whatever a job may see of the node; None where the tool does not
        tell.
    handle
        What else the vendor's own commands need to know of the card, in the vendor's terms.
    """

    card: Card
    memory_bytes: int | None = None
    bus: str | None = None
    handle: str = ""


class Vendor(ABC):
    """One vendor's cards: how to find, pin and ask them.  Knows no scheduler, runs nothing.

    Attributes
    ----------
    name
        As in site files and JSON: ``nvidia``, ``hygon``.
    words
        Beginnings of scheduler names, in lower case, that mean this vendor when no site file
        says it (``("gpu:a100", "gpu:h100")``), for drafts.
    namespaces
        Array API namespaces for these cards, the best first: ``("torch", "cupy")``.
    needs
        Modules that make a namespace know these cards, imported after it: ``("torch_npu",)``.
    visible_variables
        Environment variables by which a scheduler says which cards a job has, read in order.
    energy_counter
        ``module:function`` that takes a :class:`~workbench.kernel.Card` and returns a function
        that tells the joules that the card has used so far; empty where there is no counter.
        Power read now and then is no counter.
    """

    name: ClassVar[str]
    words: ClassVar[tuple[str, ...]]
    namespaces: ClassVar[tuple[str, ...]]
    needs: ClassVar[tuple[str, ...]] = ()
    visible_variables: ClassVar[tuple[str, ...]]
    energy_counter: ClassVar[str] = ""

    @abstractmethod
    def probe_commands(self) -> tuple[Command, ...]:
        """Return the commands that list the cards of this node; those that are there are run."""

    @abstractmethod
    def parse_probe(self, text: str) -> list[FoundCard]:
        """Read their outputs, one after the other.

        Raises
        ------
        ValueError
            When this is no output of theirs.  An output that shows no card gives an empty list.
        """

    @abstractmethod
    def visible(self, cards: Sequence[Card]) -> Mapping[str, str | None]:
        """Return the environment that shows a process these cards alone.

        None: the variable must not be there.
        """

    @abstractmethod
    def device(self, namespace: str) -> Any:
        """Return the device, in a namespace's words, of the one card that a process sees."""

    @abstractmethod
    def power_command(self, found: FoundCard) -> Command | None:
        """Return the command that reads a card's power; None where there is none."""

    @abstractmethod
    def parse_power(self, text: str) -> float:
        """Return watts.

        Raises
        ------
        ValueError
            When the output tells none.
        """


def watts(pattern: str, text: str) -> float:
    """Return the number that a pattern's group finds first in a tool's output.

    Raises
    ------
    ValueError
        When it finds none.
    """
    found = re.search(pattern, text)
    if found is None:
        raise ValueError(f"no power in {text.strip()[:200]!r}")
    return float(found[1])


def comma_list(cards: Sequence[Card]) -> str:
    """Return the indexes of cards as most variables want them; what has none goes by its UUID."""
    return ",".join(str(card.uuid if card.index is None else card.index) for card in cards)
