"""What the lines of a journal carry: a line that lacks it is not what was written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Line = Mapping[str, Any]

# What each event of a cluster's jobs carries besides the name of its job.
EVENTS: Mapping[str, tuple[str, ...]] = {
    "last": ("number",),
    "intended": ("number", "workers", "time_limit_s"),
    "accepted": ("job_id", "at"),
    "cancelled": ("why",),
    "ended": ("state", "exit", "explained", "reason", "plain"),
}


def as_written(kind: str, line: Any) -> bool:
    """Say whether a line is one of those that are written into the journals of a kind.

    Parameters
    ----------
    kind
        The first word of the journal's name: ``tasks``, ``folds`` or ``jobs``.
    """
    return isinstance(line, dict) and (kind not in CHECKS or CHECKS[kind](line))


def _receipt(line: Line) -> bool:
    part, failed, files = line.get("part", ""), line.get("failed"), line.get("files", [])
    return (
        all(isinstance(line.get(name), str) for name in ("stage", "cluster", "worker", "host"))
        and _ranges(line.get("tasks"))
        and (part is None or _file(part))
        and isinstance(failed, list)
        and all(_failure(entry) for entry in failed)
        and isinstance(files, list)
        and all(_file(entry) and {"output", "item"} <= entry.keys() for entry in files)
    )


def _fold(line: Line) -> bool:
    sources = line.get("sources")
    return (
        isinstance(line.get("stage"), str)
        and isinstance(sources, list)
        and all(isinstance(source, str) for source in sources)
        and _file(line.get("part"))
        and _ranges(line.get("tasks"))
    )


def _event(line: Line) -> bool:
    event = line.get("event")
    return (
        isinstance(event, str)
        and event in EVENTS
        and isinstance(line.get("job"), str)
        and all(name in line for name in EVENTS[event])
        and _counts([line.get("number", 0)])
    )


CHECKS: Mapping[str, Callable[[Line], bool]] = {"tasks": _receipt, "folds": _fold, "jobs": _event}


def _counts(found: Any) -> bool:
    return isinstance(found, list) and all(type(n) is int and n >= 0 for n in found)


def _ranges(found: Any) -> bool:
    return isinstance(found, list) and all(
        _counts(pair) and len(pair) == 2 and pair[0] <= pair[1] for pair in found
    )


def _file(found: Any) -> bool:
    return (
        isinstance(found, dict)
        and isinstance(found.get("file"), str)
        and _counts([found.get("bytes")])
        and isinstance(found.get("crc32c"), str)
    )


def _failure(found: Any) -> bool:
    return (
        isinstance(found, dict)
        and _counts([found.get("task"), found.get("attempts")])
        and _counts(found.get("items"))
        and all(isinstance(found.get(name), str) for name in ("code", "message"))
    )
