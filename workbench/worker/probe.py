"""Asking a vendor's tools which cards this node has."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points

from workbench.errors import NotFound, RecipeError
from workbench.pool.vendor import FoundCard, Vendor

GROUP = "workbench.vendors"
TIMEOUT_S = 20.0


def vendors() -> list[Vendor]:
    """Return all installed vendors."""
    return [vendor_named(name) for name in sorted(entry_points(group=GROUP).names)]


def vendor_named(name: str) -> Vendor:
    """Return the vendor of that name, of whatever distribution.

    Raises
    ------
    NotFound
        When there is none.
    RecipeError
        When the entry point of that name leads to something else.
    """
    points = {point.name: point for point in entry_points(group=GROUP)}
    if name not in points:
        raise NotFound.named("vendor of cards", name, points)
    vendor = points[name].load()()
    if not isinstance(vendor, Vendor) or vendor.name != name:
        raise RecipeError(
            f"{points[name].value!r} is registered as {name!r}, but is no such Vendor."
        )
    return vendor


@dataclass(frozen=True)
class Probe:
    """What a vendor's tools said.

    Attributes
    ----------
    words
        What they found, or why they found nothing, in a few words.
    there
        Whether this node has any of them.
    """

    cards: list[FoundCard]
    words: str
    there: bool

    @classmethod
    def run(cls, vendor: Vendor, environ: Mapping[str, str]) -> Probe:
        """Run the tools that are there, each for a bounded time."""
        texts: list[str] = []
        problems: list[str] = []
        there = False
        # Some tools are programs of the vendor's runtime and hide what is not visible.
        whole = {k: v for k, v in environ.items() if k not in vendor.visible_variables}
        for command in vendor.probe_commands():
            try:
                texts.append(_output(command, whole))
                there = True
            except FileNotFoundError:
                problems.append(f"there is no command {command[0]}")
            except OSError as error:
                there = True
                problems.append(f"{command[0]}: {error}")
        if texts:
            tool = vendor.probe_commands()[0][0]
            try:
                cards = vendor.parse_probe("\n".join(texts))
            except (ValueError, LookupError, TypeError) as error:
                problems.append(f"the output of {tool} could not be read: {error}")
            else:
                return cls(cards, f"{tool} shows {len(cards)} card{'s' * (len(cards) != 1)}", there)
        words = "; ".join(dict.fromkeys(problems))
        return cls([], words or f"{vendor.name} has no tool that lists cards", there)


def _output(command: tuple[str, ...], environ: Mapping[str, str]) -> str:
    """Return a command's output.

    Raises
    ------
    OSError
        When it is not there, fails, or does not answer.
    """
    try:
        done = subprocess.run(
            command,
            env=environ,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"no answer within {TIMEOUT_S:.0f} s") from None
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise OSError(f"exit {done.returncode}, {said[-1] if said else 'without a word'}")
    return done.stdout
