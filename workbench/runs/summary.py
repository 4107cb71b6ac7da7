"""What a recipe's ``finish`` returned, checked and written beside the results of its stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import zarr
from numpy.typing import NDArray
from zarr.storage import MemoryStore

from workbench.errors import RecipeError
from workbench.recipe import Recipe
from workbench.runs.checksum import FileRef
from workbench.runs.layout import grid
from workbench.runs.records import StageRecord
from workbench.runs.shards import METADATA, describe, put, write_slab
from workbench.runs.stages import Results
from workbench.runs.typed import typed
from workbench.runs.variables import summary_variables


def add_summary(
    folder: Path,
    recipe: Recipe[Any],
    records: Sequence[StageRecord],
    arrays: Mapping[str, Any],
) -> list[FileRef]:
    """Write what the recipe's ``finish`` returned, beside the results of the stages.

    Raises
    ------
    RecipeError
        When names, dims or types are not as declared.
    """
    results = Results(folder, recipe, records)
    values = _checked_summary(recipe, results, arrays)
    files = []
    store: dict[str, Any] = {}
    group = zarr.create_group(MemoryStore(store), zarr_format=3)
    for variable in summary_variables(recipe):
        array = values[variable.name]
        describe(group, variable, grid(array.shape, variable.dtype))
        key = f"{variable.name}/{METADATA}"
        files.append(put(folder, key, store[key].to_bytes()))
        if array.size:
            files += write_slab(folder, variable.name, 0, array)
    return files


def _checked_summary(
    recipe: Recipe[Any], results: Results, arrays: Mapping[str, Any]
) -> dict[str, NDArray[Any]]:
    declared = {output.name: output for output in recipe.summary}
    problems = [f"{name!r} is not declared" for name in arrays if name not in declared]
    problems += [f"{name!r} is missing" for name in declared if name not in arrays]
    lengths: dict[str, int] = {}
    found = {}
    for name, output in declared.items():
        if name not in arrays:
            continue
        found[name] = typed(output, arrays[name])
        if found[name].ndim != len(output.dims):
            problems.append(f"{name!r} has shape {found[name].shape}, declared is {output.dims}")
            continue
        for dim, n in zip(output.dims, found[name].shape, strict=True):
            wanted = lengths.setdefault(dim, results.size(dim) if results.has_dim(dim) else n)
            if n != wanted:
                problems.append(f"{name!r} has {n} entries along {dim!r}, which has {wanted}")
    if problems:
        raise RecipeError(f"finish of {recipe.id}: {'; '.join(problems)}")
    return found
