"""Rows of a ``rows`` output: sorted by their key, without those of failed owners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.recipe import Output

Columns = Mapping[str, NDArray[Any]]


def sort_rows(
    output: Output, columns: Columns, *, without: NDArray[np.int64] | None = None
) -> dict[str, NDArray[Any]]:
    """Return the rows sorted by the output's key; rows with equal keys keep their order.

    Parameters
    ----------
    without
        Owners whose rows are left out: what a failed item has to say does not count.
    """
    keys = [columns[name] for name in output.key]
    order = np.arange(len(keys[0]))
    if without is not None and len(without):
        order = order[~np.isin(keys[0], without)]
    if len(order) > 1:
        order = order[np.lexsort([key[order] for key in reversed(keys)])]
    if len(order) == len(keys[0]) and (order == np.arange(len(order))).all():
        return dict(columns)
    return {name: values[order] for name, values in columns.items()}


def joined_rows(pieces: list[Columns]) -> dict[str, NDArray[Any]]:
    """Return the rows of several pieces, one after the other."""
    if len(pieces) == 1:
        return dict(pieces[0])
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
