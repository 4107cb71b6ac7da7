"""Writes ``result.zarr`` shard by shard, and at the end the record that it is complete."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zarr
from zarr.storage import MemoryStore

from workbench.recipe import Recipe
from workbench.runs.checksum import FileRef, damaged, fault, write_sealed
from workbench.runs.files import fsync_folder
from workbench.runs.layout import WriteJob, grid, lost_files, write_jobs
from workbench.runs.lock import now
from workbench.runs.plan_checks import plain_attrs
from workbench.runs.records import StageRecord, record_file
from workbench.runs.shards import METADATA, RESULT, describe, put, write_slab
from workbench.runs.stages import Results
from workbench.runs.summary import add_summary

__all__ = ["Prepared", "WriteJob", "add_summary", "prepare_result", "seal", "sweep", "write_result"]

COMPLETION = "result.json"
CONVENTIONS = "CF-1.11"


@dataclass(frozen=True)
class Prepared:
    """A result whose arrays are described but not written.

    Attributes
    ----------
    jobs
        Calls of :func:`write_result` that together write everything, in any order.
    files
        The metadata files that were written.
    """

    jobs: tuple[WriteJob, ...]
    files: tuple[FileRef, ...]


def prepare_result(
    folder: Path,
    recipe: Recipe[Any],
    records: Sequence[StageRecord],
    attrs: Mapping[str, Any],
) -> Prepared:
    """Describe every array of the result; what an earlier attempt left is removed.

    Parameters
    ----------
    records
        Of all stages, finished.
    attrs
        For the result, beside title, recipe, version and what the plans say.
    """
    results = Results(folder, recipe, records)
    (folder / COMPLETION).unlink(missing_ok=True)
    fsync_folder(folder)
    if (folder / RESULT).exists():
        shutil.rmtree(folder / RESULT)
    store: dict[str, Any] = {}
    group = zarr.create_group(
        MemoryStore(store), zarr_format=3, attributes=_run_attrs(recipe, results, attrs)
    )
    grids = {}
    for name, variable in results.variables.items():
        grids[name] = grid(results.shape(name), variable.dtype)
        describe(group, variable, grids[name])
    files = [put(folder, key, value.to_bytes()) for key, value in store.items()]
    dtypes = {name: variable.dtype for name, variable in results.variables.items()}
    return Prepared(tuple(write_jobs(grids, dtypes)), tuple(files))


def write_result(
    folder: Path, recipe: Recipe[Any], records: Sequence[StageRecord], job: WriteJob
) -> list[FileRef]:
    """Write the shards of one job; doing it again writes the same bytes again.

    Raises
    ------
    DamagedResult
        When a part file, or the description of an array, is missing or damaged.
    OSError
        When there is no room; no unfinished file is left behind.
    """
    results = Results(folder, recipe, records)
    written = []
    for name, start, stop in job.pieces:
        values = results.read(name, start, stop)
        written += write_slab(folder, name, start, values)
    return written


def seal(
    folder: Path,
    recipe: Recipe[Any],
    records: Sequence[StageRecord],
    files: Sequence[FileRef],
    *,
    run_id: str,
    items: Mapping[str, int],
) -> None:
    """Record that the result is complete: the last thing written of a run.

    Parameters
    ----------
    files
        Everything that :func:`prepare_result`, :func:`write_result` and :func:`add_summary`
        returned.
    items
        ``{total, done, failed, not_run}``.

    Raises
    ------
    DamagedResult
        When a shard was not written, or a file is not there any more.
    """
    by_name = {ref.file: ref for ref in files}
    described = _described(folder, recipe, records, by_name)
    there = [name.removeprefix(f"{RESULT}/") for name in by_name]
    lost = [(f"{RESULT}/{key}", "it was not written") for key in lost_files(described, there)]
    lost += [
        (name, said)
        for name, ref in by_name.items()
        if (said := fault(folder, ref, content=False)) is not None
    ]
    if lost:
        raise damaged(folder, *lost[0])
    write_sealed(
        folder / COMPLETION,
        {
            "v": 1,
            "run_id": run_id,
            "recipe": recipe.id,
            "version": recipe.version,
            "created": now(),
            "items": dict(items),
            "files": [by_name[name].to_dict() for name in sorted(by_name)],
        },
    )


def sweep(folder: Path, records: Sequence[StageRecord]) -> list[str]:
    """Remove part files that no record names; return their names.

    They are what killed workers left: unfinished files, and parts whose receipt was never
    written.  To be called when all stages are finished and no batch is under way.
    """
    kept = {ref.file for record in records for ref in (*record.parts, *record.combined)}
    kept |= {record.plan.file for record in records}
    kept |= {record_file(record.stage) for record in records}
    removed = []
    for name in ("parts", "plans", "stages"):
        for path in sorted((folder / name).glob("*")):
            file = f"{name}/{path.name}"
            if file not in kept and path.is_file():
                path.unlink(missing_ok=True)
                removed.append(file)
    return removed


def _run_attrs(recipe: Recipe[Any], results: Results, attrs: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Conventions": CONVENTIONS,
        "title": recipe.title,
        "recipe": recipe.id,
        "recipe_version": recipe.version,
    }
    if recipe.references:
        found["references"] = "; ".join(recipe.references)
    for plan in results.plans.values():
        found |= plain_attrs(plan.attrs)
    return {**found, **attrs}


def _described(
    folder: Path,
    recipe: Recipe[Any],
    records: Sequence[StageRecord],
    files: Mapping[str, FileRef],
) -> dict[str, Any]:
    """Return the metadata of every array that the result must have."""
    names = [*Results(folder, recipe, records).variables, *(o.name for o in recipe.summary)]
    found = {}
    for name in names:
        file = f"{RESULT}/{name}/{METADATA}"
        if file not in files:
            raise damaged(folder, file, "it was not written")
        found[name] = json.loads((folder / file).read_bytes())
    return found
