"""The journal of receipts: what is finished, written by one driver, read by the next."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.runs.lines import as_written

LOG = logging.getLogger(__name__)


class Journal:
    """Appends whole lines to one file and makes them last.

    A line that could not be written whole is taken back, so that a full disk leaves no
    half of a line in front of the next one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._descriptor = os.open(path, flags, 0o600)
        self._length = os.fstat(self._descriptor).st_size

    def append(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """Write the lines and wait until they are on the disk.

        Raises
        ------
        OSError
            When there is no room; nothing of the lines stays in the file.
        """
        text = "".join(json.dumps(line, allow_nan=False) + "\n" for line in lines).encode()
        try:
            done = 0
            while done < len(text):
                done += os.write(self._descriptor, text[done:])
            os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, self._length)
            raise
        self._length += len(text)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the whole lines of one journal; a torn last line is no line.

    A line that was altered, or is no line of this journal, is left out: a lost receipt only
    repeats its batch.
    """
    for number, line in _numbered(path):
        if line is None:
            LOG.warning("%s: line %d is not what was written and is left out", path, number)
        else:
            yield line


def altered_lines(path: Path) -> list[int]:
    """Return the numbers of the whole lines that cannot be read, from 1."""
    return [number for number, line in _numbered(path) if line is None]


def _numbered(path: Path) -> Iterator[tuple[int, dict[str, Any] | None]]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return
    end, kind = data.rfind(b"\n") + 1, path.name.partition(".")[0]
    for number, text in enumerate(data[:end].split(b"\n")[:-1], 1):
        try:
            line = json.loads(text)
        except ValueError:
            line = None
        yield number, line if as_written(kind, line) else None


def read_epochs(folder: Path, kind: str, last: int) -> Iterator[dict[str, Any]]:
    """Yield the lines of ``<kind>.1.jsonl`` to ``<kind>.<last>.jsonl`` in order."""
    for epoch in range(1, last + 1):
        yield from read_lines(folder / f"{kind}.{epoch}.jsonl")


def standing_failures(
    receipts: Iterable[Mapping[str, Any]],
) -> dict[tuple[str, int], tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Return the failures that later receipts leave standing.

    Returns
    -------
    dict
        ``{(stage, task): (receipt, entry)}``, the latest failure last.
    """
    found: dict[tuple[str, int], tuple[Mapping[str, Any], Mapping[str, Any]]] = {}
    for line in receipts:
        stage = line["stage"]
        for start, stop in line["tasks"] if found else ():
            for task in range(start, stop):
                found.pop((stage, task), None)
        for entry in line["failed"]:
            found[stage, entry["task"]] = (line, entry)
    return found
