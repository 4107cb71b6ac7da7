"""Runs as people name them on a command line; everybody else gives whole ids."""

from __future__ import annotations

from workbench.errors import NotFound, ParameterError, quoted
from workbench.runs.folder import run_ids

LAST = "last"
# Less could be meant for anything.
SHORTEST = 4
SHOWN = 5


def run_named(text: str) -> str:
    """Return the id of the run that is meant: whole, its beginning or end, or ``last``.

    Returns
    -------
    str
        The text itself where it stands for none.

    Raises
    ------
    NotFound
        For ``last``, when there is no run.
    ParameterError
        When several could be meant.
    """
    known = run_ids()
    if text in known:
        return text
    if text == LAST:
        if not known:
            raise NotFound("There is no run yet. Start one: workbench run start RECIPE")
        return known[0]
    if len(text) < SHORTEST:
        return text
    meant = [one for one in known if one.startswith(text) or one.endswith(text)]
    if len(meant) > 1:
        more = ", ..." if len(meant) > SHOWN else "."
        raise ParameterError(
            f"{quoted(text)} may be each of {len(meant):,} runs: {', '.join(meant[:SHOWN])}{more} "
            "Give more of the id."
        )
    return meant[0] if meant else text
