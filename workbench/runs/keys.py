"""Task keys: the same work has the same key, wherever and however it runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from workbench.recipe import Plan
from workbench.runs.manifest import Manifest

AT_ONCE = 10_000


def stage_base(
    manifest: Manifest, stage: str, round_: int, plan: Plan, before: Sequence[str]
) -> bytes:
    """Hash of everything that the tasks of one stage share.

    Parameters
    ----------
    before
        Digests (:func:`keys_digest`) of the stages that this one can read.
    """
    shared = {
        "recipe": manifest.recipe,
        "version": manifest.version,
        "stage": stage,
        "round": round_,
        "parameters": manifest.key_parameters(),
        "seed": manifest.seed,
        "before": list(before),
        "attrs": {name: str(value) for name, value in plan.attrs.items()},
    }
    return hashlib.sha256(json.dumps(shared, sort_keys=True).encode()).digest()


def task_keys(base: bytes, plan: Plan) -> Iterator[str]:
    """Yield the key of each task in order: shared part, item range and inputs."""
    columns = [_bytes(values) for dim, values in plan.variables.values() if dim == plan.dim]
    for start, stop in _ranges(plan):
        digest = hashlib.sha256(base)
        digest.update(b"%d %d" % (start, stop))
        for data, width in columns:
            digest.update(data[start * width : stop * width])
        yield digest.hexdigest()


def _ranges(plan: Plan) -> Iterator[tuple[int, int]]:
    """Yield the item range of each task; a million of them at once would take 80 MB."""
    for first in range(0, len(plan.tasks), AT_ONCE):
        some = slice(first, first + AT_ONCE)
        columns = plan.tasks.start[some].tolist(), plan.tasks.stop[some].tolist()
        yield from zip(*columns, strict=True)


def keys_digest(base: bytes, plan: Plan) -> str:
    """SHA-256 over the ordered task keys (``keys_sha256``)."""
    digest = hashlib.sha256()
    for key in task_keys(base, plan):
        digest.update(key.encode())
    return digest.hexdigest()


def task_seed(seed: int, stage: str, round_: int, first_item: int) -> int:
    """Return the seed of a task, 0 .. 2**63 - 1."""
    text = f"{seed} {stage} {round_} {first_item}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little") >> 1


def _bytes(values: Any) -> tuple[memoryview, int]:
    """Bytes of a column and their number per item; text by its hash."""
    if values.dtype.kind == "T":
        hashes = b"".join(hashlib.md5(str(v).encode()).digest() for v in values)
        return memoryview(hashes), 16
    plain = np.ascontiguousarray(values)
    return plain.view(np.uint8).data, plain.dtype.itemsize
