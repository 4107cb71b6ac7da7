"""The limit of a worker's memory, and libraries that reserve much and use little."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager

from workbench.resources import untouched_bytes


@contextmanager
def reserving() -> Iterator[None]:
    """Let a library reserve what it wants; what it leaves unused is added to the limit.

    The limit counts what is allocated (``RLIMIT_DATA``), and is meant for what kernels allocate:
    drivers of cards map gigabytes that are never touched.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    before = untouched_bytes()
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
    try:
        yield
    finally:
        if soft != resource.RLIM_INFINITY:
            limit = soft + max(0, untouched_bytes() - before)
            limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
