"""Vendor: what one file in ``accelerators/`` answers about cards of one make."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from workbench.kernel import Card


@dataclass(frozen=True, kw_only=True)
class FoundCard:
    """A card that a vendor's tool found on this node.

    Attributes
    ----------
    memory_bytes
        None where the tool does not tell.
    """

    card: Card
    memory_bytes: int | None = None


class Vendor(ABC):
    """One vendor's cards: how to find, pin and ask them.  Knows no scheduler.

    Attributes
    ----------
    name
        As in site files and JSON: ``nvidia``, ``hygon``.
    words
        Beginnings of scheduler names that mean this vendor when no site file says it
        (``("gpu:a100", "gpu:h100")``), for drafts.
    namespaces
        Array API namespaces for these cards, the best first: ``("torch", "cupy")``.
    visible_variables
        Environment variables by which a scheduler says which cards a job has, read in order.
    """

    name: ClassVar[str]
    words: ClassVar[tuple[str, ...]]
    namespaces: ClassVar[tuple[str, ...]]
    visible_variables: ClassVar[tuple[str, ...]]

    @abstractmethod
    def probe_command(self) -> tuple[str, ...] | None:
        """Return the command that lists the cards of this node; None where there is none."""

    @abstractmethod
    def parse_probe(self, text: str) -> list[FoundCard]:
        """Read its output."""

    @abstractmethod
    def visible(self, cards: Sequence[Card]) -> Mapping[str, str]:
        """Return the environment that shows a process these cards alone."""

    @abstractmethod
    def device(self, namespace: str) -> Any:
        """Return the device, in a namespace's words, of the one card that a process sees."""

    @abstractmethod
    def power_command(self, card: Card) -> tuple[str, ...] | None:
        """Return the command that reads a card's power; None where there is none."""

    @abstractmethod
    def parse_power(self, text: str) -> float:
        """Return watts."""
