"""A million items of eight numbers: writing and reading the result beside plain zarr.

The run's time goes from the end of its last kernel call to the record of completion: parts read
and compared with their checksums, shards with checksums written and flushed to the disk, digests
noted.  The peer writes the same dataset with ``xarray.Dataset.to_zarr`` as it comes: no
checksums, nothing flushed.  Reading is into memory, with every byte compared by ours.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import xarray
from common import arguments, finished, home, last_call_s, leave, say, spread, start_run

import workbench

ITEMS = 1_000_000


def by_workbench() -> tuple[float, float, xarray.Dataset]:
    """Return the seconds for writing and reading, and what was read."""
    folder = start_run("bench.variables", items=ITEMS)
    finished(folder)
    written = (folder / "result.json").stat().st_mtime - last_call_s(folder)
    begun = time.monotonic()
    with workbench.open_run(folder.name).open() as result:
        dataset = result.load()
    taken = time.monotonic() - begun
    shutil.rmtree(folder)
    return written, taken, dataset


def by_zarr(dataset: xarray.Dataset) -> tuple[float, float]:
    """Return the seconds for writing and reading the same numbers."""
    plain = dataset.drop_encoding()
    with tempfile.TemporaryDirectory() as name:
        begun = time.monotonic()
        plain.to_zarr(Path(name, "plain.zarr"), consolidated=False, zarr_format=3)
        written = time.monotonic() - begun
        begun = time.monotonic()
        with xarray.open_zarr(Path(name, "plain.zarr"), consolidated=False) as result:
            result.load()
        return written, time.monotonic() - begun


def pairs(repeats: int) -> dict[str, Any]:
    """Measure both in turn."""
    ours, peers = [], []
    with home():
        for _ in range(repeats):
            written, read, dataset = by_workbench()
            ours.append((written, read))
            peers.append(by_zarr(dataset))
    found: dict[str, Any] = {"items": ITEMS, "bytes": dataset.nbytes}
    for index, what in enumerate(("write", "read")):
        mine, plain = [one[index] for one in ours], [one[index] for one in peers]
        found[f"{what}_s"] = {"workbench": spread(mine), "zarr": spread(plain)}
        found[f"{what}_ratio"] = spread([a / b for a, b in zip(mine, plain, strict=True)])
    return found


if __name__ == "__main__":
    given = arguments(__doc__, repeats=3)
    figures = pairs(given.repeats)
    for what in ("write", "read"):
        for name, taken in figures[f"{what}_s"].items():
            say(f"{what}, {name}", taken, " s")
        say(f"{what}, workbench / zarr", figures[f"{what}_ratio"])
    leave("storage", figures, ["xarray"])
