"""Settings of one shell: numbers of seconds in the environment, told apart from mistakes."""

from __future__ import annotations

import math
import os

from workbench.errors import ParameterError

# Names that more than one module spells: what users set, then what workers are told.
SITE = "WORKBENCH_SITE"
LOGIN_NODE = "WORKBENCH_LOGIN_NODE"
BATCH_S = "WORKBENCH_BATCH_S"
RESTART_DELAYS_S = "WORKBENCH_RESTART_DELAYS_S"
WORKER_NAME = "WORKBENCH_WORKER_NAME"
WORKER_JOB = "WORKBENCH_WORKER_JOB"
WORKER_ABSENT = "WORKBENCH_WORKER_ABSENT"
NODE_DIR = "WORKBENCH_NODE_DIR"
MEMORY_LIMIT = "WORKBENCH_MEMORY_LIMIT"
NODE = "WORKBENCH_NODE"
CARD = "WORKBENCH_CARD"
JOB_BEGAN = "WORKBENCH_JOB_BEGAN"


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
