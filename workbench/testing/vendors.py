"""The suite that the author of a vendor's file runs against it: no card is needed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import fields
from itertools import combinations
from pathlib import Path
from typing import ClassVar

import pytest

from workbench.kernel import Card
from workbench.pool import plugins
from workbench.pool.card_socket import identity
from workbench.pool.held import described
from workbench.pool.probe import Probe
from workbench.pool.usable import usable_cards
from workbench.pool.vendor import FoundCard, Vendor

FORBIDDEN = ("cupy", "dask", "distributed", "torch")
NEITHER = "bash: no-such-tool: command not found\n"


class VendorTests:
    """A vendor's file, held against captured outputs of its tools.

    Attributes
    ----------
    vendor
        The vendor.
    probes
        Pairs: a file with the captured output of its probe commands, and the cards in it.
    powers
        Pairs: a captured output of its power command, and the watts in it.
    """

    vendor: ClassVar[Vendor]
    probes: ClassVar[Sequence[tuple[Path, Sequence[FoundCard]]]]
    powers: ClassVar[Sequence[tuple[str, float]]] = ()

    def cards(self) -> list[list[FoundCard]]:
        """Return the cards of each captured output, as the vendor's file reads them."""
        return [
            self.vendor.parse_probe(path.read_text(encoding="utf-8")) for path, _ in self.probes
        ]

    def test_its_entry_point_has_its_name(self) -> None:
        """Site files and jobs know it by that name."""
        assert type(plugins.vendor(self.vendor.name)) is type(self.vendor)

    def test_captured_outputs_show_the_cards_that_are_in_them(self) -> None:
        """Model, index, UUID, memory, PCI address and handle, exactly."""
        for (path, expected), cards in zip(self.probes, self.cards(), strict=True):
            read = "\n".join(map(str, cards))
            assert cards == list(expected), f"{path.name} is read as\n{read or 'no card'}"

    def test_what_is_no_output_of_its_tools_is_refused(self) -> None:
        """Otherwise a tool that fails looks like a node without cards."""
        for text in ("", NEITHER):
            with pytest.raises(ValueError, match=r"."):
                self.vendor.parse_probe(text)

    def test_cards_of_a_node_are_told_apart(self) -> None:
        """By UUID, PCI address or index: no two workers may hold one card."""
        for cards in self.cards():
            for found in cards:
                assert found.card.index is not None or found.card.uuid, f"{found} has no name"
                assert found.card.vendor == self.vendor.name
                assert found.card.model, f"{found} has no model"
            names = [identity(found) for found in cards]
            assert len(set(names)) == len(names), f"cards share a name: {names}"

    def test_visible_shows_exactly_the_given_cards(self) -> None:
        """What it sets is read back as a scheduler's word would be."""
        for cards in self.cards():
            probe = Probe(cards, "", there=True)
            for chosen in [[card] for card in cards] + [list(p) for p in combinations(cards, 2)]:
                given = self.vendor.visible([found.card for found in chosen])
                environ = {name: value for name, value in given.items() if value is not None}
                assert set(environ) & set(self.vendor.visible_variables), f"no variable in {given}"
                assert usable_cards(self.vendor, probe, environ).cards == chosen

    def test_no_second_variable_counts_within_the_first(self) -> None:
        """Each variable that a scheduler may have set is overwritten or removed, or harmless."""
        for cards in self.cards():
            for found in cards:
                given = self.vendor.visible([found.card])
                set_ = [v for v in self.vendor.visible_variables if given.get(v) is not None]
                assert len(set_) == 1, f"{given} sets {len(set_)} of its variables"

    def test_a_worker_process_is_told_its_card(self) -> None:
        """As JSON in its environment: the card, and the device of each namespace."""
        for cards in self.cards():
            for found in cards:
                told = json.loads(described(self.vendor, found.card))
                assert Card(**{f.name: told[f.name] for f in fields(Card)}) == found.card
                names = [namespace["name"] for namespace in told["namespaces"]]
                assert names == list(self.vendor.namespaces)

    def test_power_is_read(self) -> None:
        """In watts, and never as 0 where the tool tells none."""
        for text, expected in self.powers:
            assert self.vendor.parse_power(text) == pytest.approx(expected)
        with pytest.raises(ValueError, match=r"."):
            self.vendor.parse_power(NEITHER)

    def test_each_card_has_its_own_power_command(self) -> None:
        """Or none."""
        for cards in self.cards():
            commands = [self.vendor.power_command(found) for found in cards]
            asked = [command for command in commands if command is not None]
            assert len(set(asked)) == len(asked), f"two cards, one command: {asked}"
            assert all(isinstance(word, str) for command in asked for word in command)

    def test_its_words_are_nobody_elses(self) -> None:
        """A scheduler's name of a card means one vendor, or a site file has to say it."""
        assert all(word == word.lower() for word in self.vendor.words)
        clashes = [
            (ours, other.name, theirs)
            for other in plugins.vendors().usable.values()
            if other.name != self.vendor.name
            for theirs in other.words
            for ours in self.vendor.words
            if ours.startswith(theirs) or theirs.startswith(ours)
        ]
        assert clashes == []

    def test_it_loads_neither_dask_nor_an_array_library(self) -> None:
        """It only names them; the worker that computes with one imports it."""
        code = f"import sys, {type(self.vendor).__module__}\nprint(*sys.modules)"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert set(done.stdout.split()) & set(FORBIDDEN) == set()
