"""The limit of a worker's memory, and libraries that reserve much and use little."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def reserving() -> Iterator[None]:
    """Let a library reserve what it wants; what it leaves unused is added to the limit.

    The limit counts what is allocated (``RLIMIT_DATA``), and is meant for what kernels allocate:
    drivers of cards map gigabytes that are never touched.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    before = _unused_bytes()
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
    try:
        yield
    finally:
        if soft != resource.RLIM_INFINITY:
            limit = soft + max(0, _unused_bytes() - before)
            limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


def _unused_bytes() -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    said = dict(line.split(":", 1) for line in lines)
    return 1024 * (int(said["VmData"].split()[0]) - int(said["RssAnon"].split()[0]))
