"""Asking a vendor's tools which cards this node has."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from workbench.pool.vendor import FoundCard, Vendor

TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Probe:
    """What a vendor's tools said.

    Attributes
    ----------
    words
        What they found, or why they found nothing, in a few words.
    there
        Whether this node has any of them.
    answered
        Whether they told something that could be read.
    """

    cards: list[FoundCard]
    words: str
    there: bool
    answered: bool = True

    @classmethod
    def run(
        cls, vendor: Vendor, environ: Mapping[str, str], timeout_s: float | None = None
    ) -> Probe:
        """Run the tools that are there, each for a bounded time."""
        texts: list[str] = []
        problems: list[str] = []
        there = False
        # Some tools are programs of the vendor's runtime and hide what is not visible.
        whole = {k: v for k, v in environ.items() if k not in vendor.visible_variables}
        for command in vendor.probe_commands():
            program = shutil.which(command[0], path=whole.get("PATH"))
            if program is None:
                problems.append(f"there is no command {command[0]}")
                continue
            there = True
            try:
                texts.append(_output((program, *command[1:]), whole, timeout_s or TIMEOUT_S))
            except OSError as error:
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
        return cls([], words or f"{vendor.name} has no tool that lists cards", there, False)


def _output(command: tuple[str, ...], environ: Mapping[str, str], timeout_s: float) -> str:
    """Return a command's output.

    Raises
    ------
    OSError
        When it fails, or does not answer.
    """
    try:
        done = subprocess.run(
            command,
            env=environ,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"no answer within {timeout_s:.0f} s") from None
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise OSError(f"exit {done.returncode}, {said[-1] if said else 'without a word'}")
    return done.stdout
