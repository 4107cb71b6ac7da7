"""Arrays that are read when their values are asked for, as xarray wants them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray
from numpy.typing import NDArray
from xarray.backends import BackendArray
from xarray.core import indexing

Key = tuple[int | slice, ...]


class LazyArray(BackendArray):
    """An array behind a function.

    Parameters
    ----------
    shape, dtype
        Of the whole.
    read
        Returns what a key of integers and slices with positive steps selects.
    """

    def __init__(
        self, shape: tuple[int, ...], dtype: np.dtype[Any], read: Callable[[Key], Any]
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self._read = read

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.BASIC, self._values
        )

    def _values(self, key: Key) -> NDArray[Any]:
        return np.asarray(self._read(key))


@dataclass(frozen=True)
class Described:
    """A variable of a dataset to come."""

    dims: tuple[str, ...]
    array: LazyArray
    attrs: Mapping[str, Any]


def dataset(found: Mapping[str, Described], attrs: Mapping[str, Any]) -> xarray.Dataset:
    """Return the dataset; a variable that is named like its dim is a coordinate."""
    variables = {
        name: xarray.Variable(one.dims, indexing.LazilyIndexedArray(one.array), one.attrs)
        for name, one in found.items()
    }
    coords = {name: one for name, one in variables.items() if one.dims == (name,)}
    data = {name: one for name, one in variables.items() if name not in coords}
    return xarray.Dataset(data, coords, dict(attrs))
