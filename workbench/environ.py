"""Settings of one shell: numbers of seconds in the environment, told apart from mistakes."""

from __future__ import annotations

import math
import os

from workbench.errors import ParameterError


def seconds(name: str, usual: float) -> float:
    """Return the seconds that a variable names, `usual` where it is not set or empty.

    Raises
    ------
    ParameterError
        When it is no number, below 0, or without end.
    """
    given = os.environ.get(name)
    return read_seconds(name, given) if given else usual


def read_seconds(name: str, text: str) -> float:
    """Read a number of seconds out of a variable; raises as :func:`seconds` does."""
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < math.inf:
        raise ParameterError(f"{name} is {text!r}; it takes a number of seconds. Or unset it.")
    return found
