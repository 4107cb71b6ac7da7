"""Text columns as bytes and offsets: no objects, no pickles, no loop over elements."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.runs.ranges import Integers, offsets

STRING = np.dtypes.StringDType()
AT_ONCE = 2**18  # texts that are Python objects at one time


def is_text(array: NDArray[Any]) -> bool:
    """Say whether an array holds text."""
    return array.dtype.kind in "TU"


def encode(array: NDArray[Any]) -> tuple[NDArray[np.uint8], Integers]:
    """Return the UTF-8 bytes of all elements and where each begins, shape (size + 1,)."""
    flat = array.ravel()
    pieces = [_encode(flat[i : i + AT_ONCE]) for i in range(0, len(flat), AT_ONCE)]
    data = np.concatenate([np.zeros(0, np.uint8), *(bytes_ for bytes_, _ in pieces)])
    return data, offsets(np.concatenate([np.zeros(0, np.int64), *(n for _, n in pieces)]))


def decode(data: NDArray[np.uint8], begins: Integers) -> NDArray[Any]:
    """Return the texts that :func:`encode` wrote, as numpy's StringDType, shape (size,)."""
    n = len(begins) - 1
    found: NDArray[Any] = np.zeros(n, STRING)
    begins = begins - begins[0]
    for i in range(0, n, AT_ONCE):
        edges = begins[i : min(i + AT_ONCE, n) + 1]
        found[i : i + AT_ONCE] = _decode(data[edges[0] : edges[-1]], edges - edges[0])
    return found


def _encode(array: NDArray[Any]) -> tuple[NDArray[np.uint8], Integers]:
    """Return the bytes of some texts and the length of each."""
    texts: list[str] = array.tolist()
    data = np.frombuffer("\0".join(texts).encode(), np.uint8)
    ends = np.flatnonzero(data == 0)
    if len(ends) == len(texts) - 1:
        return data[data != 0], np.diff(ends, prepend=-1, append=len(data)) - 1
    # A text holds NUL itself, so that NUL cannot part them.
    pieces = [text.encode() for text in texts]
    lengths = np.array([len(piece) for piece in pieces], np.int64)
    return np.frombuffer(b"".join(pieces), np.uint8), lengths


def _decode(data: NDArray[np.uint8], edges: Integers) -> list[str]:
    if data.all():
        n = len(edges) - 1
        parted = np.zeros(len(data) + n - 1, np.uint8)
        parted[np.arange(len(data)) + np.repeat(np.arange(n), np.diff(edges))] = data
        return parted.tobytes().decode().split("\0")
    whole = data.tobytes()
    return [whole[a:b].decode() for a, b in itertools.pairwise(edges.tolist())]
