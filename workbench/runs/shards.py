"""Arrays of ``result.zarr``: described, encoded in memory, written file by file.

zarr encodes; the bytes go to disk as every other file of a run does: under a temporary name,
fsync, rename, with the checksum taken from the bytes that were meant to be written.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.buffer import cpu
from zarr.codecs import Crc32cCodec, ZstdCodec
from zarr.storage import MemoryStore

from workbench.recipe import TEXT
from workbench.runs.checksum import FileRef, crc32c, damaged, digits
from workbench.runs.files import fsync_folder, replace_bytes
from workbench.runs.layout import Grid
from workbench.runs.text import STRING
from workbench.runs.variables import Variable

RESULT = "result.zarr"
METADATA = "zarr.json"
COMPRESSION = (ZstdCodec(level=1), Crc32cCodec())


def describe(group: zarr.Group, variable: Variable, cut: Grid) -> None:
    """Add an array to a group, without values."""
    missing = 0 if variable.missing is None else variable.missing
    text = variable.dtype == TEXT
    group.create_array(
        variable.name,
        shape=cut.shape,
        dtype=STRING if text else variable.dtype,
        chunks=cut.chunks,
        shards=cut.shards,
        compressors=COMPRESSION,
        fill_value=(missing or "") if text else np.dtype(variable.dtype).type(missing),
        attributes=dict(variable.attrs),
        dimension_names=variable.dims,
    )


def write_slab(folder: Path, name: str, start: int, values: NDArray[Any]) -> list[FileRef]:
    """Write entries that fill whole shards, one file each.

    Parameters
    ----------
    start
        Where the entries begin along the first axis.
    """
    key = f"{name}/{METADATA}"
    try:
        description = (folder / RESULT / key).read_bytes()
    except FileNotFoundError as error:
        raise damaged(folder, f"{RESULT}/{key}", "it is missing") from error
    store: dict[str, Any] = {METADATA: cpu.Buffer.from_bytes(description)}
    with zarr.config.set({"array.write_empty_chunks": True}):
        array = zarr.open_array(MemoryStore(store), mode="r+", zarr_format=3)
        if array.ndim:
            array[start : start + len(values)] = values
        else:
            array[...] = values
    shards = [shard for shard in store if shard != METADATA]
    return [put(folder, f"{name}/{shard}", store.pop(shard).to_bytes()) for shard in shards]


def put(folder: Path, key: str, data: bytes) -> FileRef:
    """Write one file of ``result.zarr`` and wait until it is on the disk."""
    path = folder / RESULT / key
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_bytes(path, data)
    above = path.parent
    while above != folder:
        above = above.parent
        fsync_folder(above)
    digest = hashlib.sha256(data).hexdigest()
    return FileRef(f"{RESULT}/{key}", len(data), digits(crc32c(data)), digest)
