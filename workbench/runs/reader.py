"""Opens results: whole and sound ones as such, unfinished ones only when asked for as such.

A result is complete when ``result.json`` says so, which is written last.  Each of its files is
listed there with size and digest.  Values are read from the shards when they are asked for; a
shard is held against its digest when it is first touched, and one that has gone is an error,
never a fill value.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import xarray
import zarr
from zarr.abc.store import ByteRequest
from zarr.storage import LocalStore, WrapperStore

from workbench import registry
from workbench.errors import DamagedResult
from workbench.recipe import TEXT, Recipe
from workbench.runs.checksum import (
    FileRef,
    advice,
    check,
    damaged,
    fault,
    file_crc32c,
    read_sealed,
)
from workbench.runs.journal import altered_lines
from workbench.runs.lazy import Described, Key, LazyArray, dataset
from workbench.runs.manifest import read_manifest
from workbench.runs.plan_checks import plain_attrs
from workbench.runs.records import StageRecord
from workbench.runs.result import COMPLETION
from workbench.runs.shards import METADATA, RESULT
from workbench.runs.so_far import SoFar, journalled
from workbench.runs.status import DONE, read_status
from workbench.runs.text import STRING


def completion(folder: Path) -> dict[str, Any]:
    """Return the completion record of a run.

    Raises
    ------
    DamagedResult
        When there is none, or it is not what was written.
    """
    found = read_sealed(folder, COMPLETION)
    if found is None:
        raise DamagedResult(
            f"The result of the run in {folder} is not complete: there is no {COMPLETION}. See how "
            f"far it is: workbench run show {folder.name}. What is there so far: "
            "open(partial=True). To finish it: "
            f"workbench run resume {folder.name}"
        )
    return found


def open_result(folder: Path) -> xarray.Dataset:
    """Return the result, read lazily; every file is looked at now, its content when it is read.

    Raises
    ------
    DamagedResult
        When the result is not complete, or a file of it is missing, too short or too long, or
        a description is altered; later, while values are read, when a piece of them is.
    """
    refs = {ref.file: ref for ref in _refs(completion(folder))}
    for file, ref in refs.items():
        if file.endswith(f"/{METADATA}"):
            check(folder, ref)
        elif (said := fault(folder, ref, content=False)) is not None:
            raise damaged(folder, file, said)
    root = folder / RESULT
    store = _Sealed(LocalStore(root, read_only=True), folder, refs)
    names = [file.split("/")[1] for file in refs if file.count("/") == 2 and METADATA in file]
    found = {name: _stored(folder, store, name) for name in names}
    attrs = json.loads((root / METADATA).read_bytes())["attributes"]
    return dataset(found, attrs)


def open_partial(folder: Path, recipe: Recipe[Any] | None = None) -> xarray.Dataset:
    """Return what a run has so far, read lazily; the whole result once that is complete.

    What is not there yet holds the missing value of its output, rows are absent, and the
    ``*_status`` variables say what that is.  Stages that have no plan yet are left out.

    Parameters
    ----------
    recipe
        The run's recipe; looked up when left out.

    Raises
    ------
    DamagedResult
        When a file that a record names is missing or altered.
    """
    if (folder / COMPLETION).exists():
        return open_result(folder)
    recipe = recipe or registry.resolve(read_manifest(folder).recipe)
    so_far = SoFar(folder, recipe)
    found = {
        name: Described(
            variable.dims,
            LazyArray(
                so_far.shapes[name],
                STRING if variable.dtype == TEXT else np.dtype(variable.dtype),
                _from_parts(so_far, name),
            ),
            variable.attrs,
        )
        for name, variable in so_far.results.variables.items()
    }
    attrs = {"title": recipe.title, "recipe": recipe.id, "partial": 1}
    for plan in so_far.results.plans.values():
        attrs |= plain_attrs(plan.attrs)
    return dataset(found, attrs)


def verify(folder: Path) -> list[dict[str, str]]:
    """Read every byte of a result and say what is wrong, file by file.

    Of a run that is not finished the plans, parts and files that its records and journals name
    are read instead.

    Returns
    -------
    list of dict
        ``{file, message}``; empty when everything is as it was written.
    """
    try:
        told = read_sealed(folder, COMPLETION)
    except DamagedResult as error:
        return [{"file": COMPLETION, "message": error.message}]
    if told is None:
        return list(_unfinished_problems(folder))
    refs = _refs(told)
    listed = {ref.file for ref in refs}
    found = list(_problems(folder, refs))
    for file in sorted(_files_below(folder, RESULT) - listed):
        said = "it is not part of the result: somebody else put it there. Remove it"
        found.append({"file": file, "message": said})
    return found


class _Sealed(WrapperStore[LocalStore]):
    """A store whose files are held against the completion record before they are read.

    The chunks' own checksums see a flipped byte, but neither a chunk that is gone (zarr takes it
    for fill values) nor a sound one in another's place.
    """

    def __init__(self, store: LocalStore, folder: Path, refs: Mapping[str, FileRef]) -> None:
        super().__init__(store)
        self._folder = folder
        self._refs = refs

    def _with_store(self, store: LocalStore) -> Self:
        return type(self)(store, self._folder, self._refs)

    async def get(self, key: str, prototype: Any, byte_range: ByteRequest | None = None) -> Any:
        if key.split("/")[1:2] == ["c"]:
            ref = self._refs.get(f"{RESULT}/{key}")
            if ref is None:
                raise damaged(self._folder, f"{RESULT}/{key}", f"{COMPLETION} does not name it")
            await asyncio.to_thread(check, self._folder, ref)
        return await self._store.get(key, prototype, byte_range)


def _stored(folder: Path, store: _Sealed, name: str) -> Described:
    array = zarr.open_array(store, path=name, mode="r", zarr_format=3)
    described = json.loads((folder / RESULT / name / METADATA).read_bytes())
    dims = tuple(described.get("dimension_names", ()))
    return Described(
        dims, LazyArray(array.shape, array.dtype, array.__getitem__), dict(array.attrs)
    )


def _from_parts(so_far: SoFar, name: str) -> Any:
    def read(key: Key) -> Any:
        if not key:
            return so_far.read(name, 0, None)
        first, *rest = key
        if isinstance(first, slice):
            values = so_far.read(name, first.start or 0, first.stop)
            return values[(slice(None, None, first.step), *rest)]
        return so_far.read(name, first, first + 1)[(0, *rest)]

    return read


def _refs(told: dict[str, Any]) -> list[FileRef]:
    return [FileRef.from_dict(entry) for entry in told["files"]]


def _problems(folder: Path, refs: Sequence[FileRef]) -> Iterator[dict[str, str]]:
    for ref in refs:
        if (said := fault(folder, ref)) is not None:
            yield {"file": ref.file, "message": f"{said}. {advice(folder)}"}


def _unfinished_problems(folder: Path) -> Iterator[dict[str, str]]:
    if read_status(folder)["state"] in DONE:
        said = f"it is missing, although the run was complete. {advice(folder)}"
        yield {"file": COMPLETION, "message": said}
    yield from _stage_problems(folder)
    for journal in sorted(folder.glob("*.jsonl")):
        for number in altered_lines(journal):
            yield {"file": journal.name, "message": f"line {number} is not what was written"}
    for stage, plan, refs in journalled(folder):
        file = f"plans/{stage}.npz"
        if not (folder / file).exists():
            yield {"file": file, "message": f"it is missing. {advice(folder)}"}
        elif plan is not None and file_crc32c(folder / file) != plan:
            yield {"file": file, "message": f"it is not what was written. {advice(folder)}"}
        yield from _problems(folder, refs)


def _stage_problems(folder: Path) -> Iterator[dict[str, str]]:
    for file in sorted(_files_below(folder, "stages")):
        try:
            told = read_sealed(folder, file)
        except DamagedResult as error:
            yield {"file": file, "message": error.message}
            continue
        record = StageRecord.from_dict(told or {})
        refs = [record.plan, *record.parts, *record.combined]
        yield from _problems(folder, [*refs, *(FileRef.from_dict(f) for f in record.files)])


def _files_below(folder: Path, name: str) -> set[str]:
    """Files below a folder of the run, those left out that a killed writer left unfinished."""
    found = set()
    for where, _, files in os.walk(folder / name):
        below = Path(where).relative_to(folder)
        found |= {(below / file).as_posix() for file in files if not file.endswith(".tmp")}
    return found
