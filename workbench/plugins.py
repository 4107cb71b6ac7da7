"""What installed distributions offer by entry point: imported late, and apart from each other."""

from __future__ import annotations

import contextlib
import sys
import traceback
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any


class Broken(Exception):  # noqa: N818 - reads as a sentence where it is raised
    """An entry point whose module cannot be imported; the text says why and where."""


@dataclass(frozen=True)
class Plugin:
    """A name and where it lives; nothing is imported before :meth:`load`."""

    name: str
    pack: str
    version: str
    point: EntryPoint

    def load(self) -> Any:
        """Import what the entry point names.

        Raises
        ------
        Broken
            With the cause, whatever the import raised.
        """
        return _load(self.point)


@cache
def _load(point: EntryPoint) -> Any:
    try:
        # Standard output belongs to the command that asked: one JSON document, for example.
        with contextlib.redirect_stdout(sys.stderr):
            return point.load()
    except (Exception, SystemExit) as error:
        raise Broken(said(error)) from error


def said(error: BaseException) -> str:
    """Say what was raised, and where."""
    try:
        text = str(error)
    except Exception as unreadable:
        text = f"(no text: showing it raised {type(unreadable).__name__})"
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {text} ({last.filename}:{last.lineno})"


def found(group: str) -> tuple[dict[str, Plugin], dict[str, tuple[str, ...]]]:
    """Look at what is installed.

    Returns
    -------
    usable
        Plugins by name, in the order of the alphabet.
    claimed
        Names that several distributions offer, with those: none of them is used, because nobody
        could tell whose it would be.
    """
    offers: dict[str, dict[str, Plugin]] = {}
    for point in entry_points(group=group):
        pack, version = (point.dist.name, point.dist.version) if point.dist else ("?", "?")
        offers.setdefault(point.name, {})[pack] = Plugin(point.name, pack, version, point)
    usable = {name: next(iter(p.values())) for name, p in sorted(offers.items()) if len(p) == 1}
    claimed = {name: tuple(sorted(p)) for name, p in sorted(offers.items()) if len(p) > 1}
    return usable, claimed
