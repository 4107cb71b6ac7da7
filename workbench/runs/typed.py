"""What a recipe returned, as the type that it declared: no value is changed by that."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import RecipeError
from workbench.recipe import TEXT, Output, as_column


def typed(output: Output, value: Any, *, casting: bool = True) -> NDArray[Any]:
    """Return an array of the declared type.

    Parameters
    ----------
    casting
        Whether 2.0 may stand for 2; otherwise only narrower and wider types of one kind may.

    Raises
    ------
    RecipeError
        When the declared type cannot hold a value: no number is wrapped around, cut or made
        infinite, nothing but text is text, and no mask is lost.
    """
    if np.ma.is_masked(value):
        raise RecipeError(f"output {output.name!r} is masked: fill what is missing, with NaN.")
    array = np.asarray(value)
    if output.dtype == TEXT:
        return _text(output, array)
    wanted = _dtype(output.dtype)
    if array.dtype == wanted:
        return array
    numeric = array.dtype.kind in ("biufc" if wanted.kind == "c" else "biuf")
    if not numeric or not (casting or _same_kind(array.dtype, wanted)):
        raise RecipeError(f"output {output.name!r} is {array.dtype}, declared {output.dtype}")
    with np.errstate(all="ignore"):
        found = array.astype(wanted)
    same = np.isfinite(found) == np.isfinite(array) if wanted.kind in "fc" else found == array
    if not same.all():
        lost = array[~same].flat[0]
        raise RecipeError(
            f"output {output.name!r} holds {lost}, which {output.dtype} cannot: declare another "
            "dtype, or return other values."
        )
    return found


def _text(output: Output, array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind not in "OUT" and array.size:
        raise RecipeError(f"output {output.name!r} is {array.dtype}, declared {output.dtype}")
    if array.dtype.kind == "O":
        others = {type(one).__name__ for one in array.flat if not isinstance(one, str)}
        if others:
            said = ", ".join(sorted(others))
            raise RecipeError(f"output {output.name!r} holds {said}, declared {output.dtype}")
    return as_column(array) if array.size else np.empty(array.shape, np.dtypes.StringDType())


@lru_cache(maxsize=256)
def _dtype(name: str) -> np.dtype[Any]:
    return np.dtype(name)


@lru_cache(maxsize=256)
def _same_kind(given: np.dtype[Any], wanted: np.dtype[Any]) -> bool:
    return np.can_cast(given, wanted, "same_kind")
