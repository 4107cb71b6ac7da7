"""Whether two results hold the same bits, or the same values within what is declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import xarray


def differences(
    one: xarray.Dataset, other: xarray.Dataset, tolerances: Mapping[str, float] | None = None
) -> list[str]:
    """Return what differs between the variables and coordinates of two results, in words.

    Parameters
    ----------
    tolerances
        By how much, relative to the larger, floats of a variable may differ; those of others, and
        whatever is no float, have to be the same bits.
    """
    allowed = tolerances or {}
    names = set(map(str, one.variables)), set(map(str, other.variables))
    found = [f"{name} stands in one of them only" for name in sorted(names[0] ^ names[1])]
    for name in sorted(names[0] & names[1]):
        a, b = one.variables[name], other.variables[name]
        if a.dims != b.dims or a.shape != b.shape or a.dtype != b.dtype:
            found.append(f"{name}: {a.dims} {a.shape} {a.dtype}, {b.dims} {b.shape} {b.dtype}")
        elif said := _unequal(a.values, b.values, allowed.get(name, 0.0)):
            found.append(f"{name}: {said}")
    return found


def _unequal(a: NDArray[Any], b: NDArray[Any], tolerance: float) -> str:
    if tolerance and a.dtype.kind in "fc":
        nan = np.isnan(a) & np.isnan(b)
        with np.errstate(invalid="ignore"):
            near = np.abs(a - b) <= tolerance * np.maximum(np.abs(a), np.abs(b))
        unequal = ~(near | nan | np.asarray(a == b))
    elif a.dtype.kind in "OT":
        unequal = np.asarray(a != b)
    else:
        width = a.dtype.itemsize
        bits = [np.ascontiguousarray(x).view(np.uint8).reshape(-1, width) for x in (a, b)]
        unequal = (bits[0] != bits[1]).any(axis=1).reshape(a.shape)
    if not unequal.any():
        return ""
    first = tuple(int(i) for i in np.argwhere(unequal)[0])
    count = f"{int(unequal.sum())} of {a.size} values differ"
    return f"{count}, the first at {first}: {a[first]!r}, {b[first]!r}"
