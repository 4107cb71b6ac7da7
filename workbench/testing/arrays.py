"""Whether two results hold the same bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import xarray


def differences(one: xarray.Dataset, other: xarray.Dataset) -> list[str]:
    """Return what differs between the variables and coordinates of two results, in words."""
    names = set(map(str, one.variables)), set(map(str, other.variables))
    found = [f"{name} stands in one of them only" for name in sorted(names[0] ^ names[1])]
    for name in sorted(names[0] & names[1]):
        a, b = one.variables[name], other.variables[name]
        if a.dims != b.dims or a.shape != b.shape or a.dtype != b.dtype:
            found.append(f"{name}: {a.dims} {a.shape} {a.dtype}, {b.dims} {b.shape} {b.dtype}")
        elif said := _unequal(a.values, b.values):
            found.append(f"{name}: {said}")
    return found


def _unequal(a: NDArray[np.generic], b: NDArray[np.generic]) -> str:
    if a.dtype.kind in "OT":
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
