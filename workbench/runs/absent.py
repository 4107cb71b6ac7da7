"""Which entries of a variable were never computed, where the value itself cannot tell."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.recipe import Output, Recipe

DONE = 1


def absent(recipe: Recipe[Any], dataset: Any, name: str) -> NDArray[np.bool_] | None:
    """Return where a variable of whole numbers or flags holds nothing but its missing value.

    Parameters
    ----------
    dataset
        A result, or what is there of it.
    name
        A variable of one dim.

    Returns
    -------
    numpy.ndarray or None
        True where the item, or one of the owner's, is not done.  None for floats, whose NaN says
        it, for text, and for what is no output of a stage.
    """
    found = [(s, o) for s in recipe.stages for o in s.outputs if o.name == name]
    variable = dataset[name]
    if not found or variable.dtype.kind not in "iub":
        return None
    stage, output = found[0]
    if output.kind != "dense" or f"{stage.name}_status" not in dataset:
        return None
    status = dataset[f"{stage.name}_status"]
    lost: NDArray[np.bool_] = np.asarray(status.values) != DONE
    if status.dims == variable.dims:
        return lost
    owner = f"{status.dims[0]}_{variable.dims[0]}"
    return _of_owners(output, dataset, lost, dataset[owner].values) if owner in dataset else None


def _of_owners(
    output: Output, dataset: Any, lost: NDArray[np.bool_], owner: NDArray[Any]
) -> NDArray[np.bool_]:
    values = np.asarray(dataset[output.name].values)
    found = np.ones(len(values), bool)
    found[owner] = False
    found[owner[lost]] = True
    # Groups are combined when the whole stage is done.
    return found | (values == output.missing) if dataset.attrs.get("partial") else found
