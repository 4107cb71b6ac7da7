"""Durations and sizes as schedulers and people write them."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

_DURATION = re.compile(r"(?:(\d{1,6})-)?(\d{1,6}):([0-5]?\d)(?::([0-5]?\d))?", re.ASCII)
_SIZE = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*([kmgtp]?)(i?)(b?)", re.ASCII | re.IGNORECASE)
_POWER = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def seconds(text: str) -> int:
    """Read ``H:M:S`` or ``D-H:M:S``.

    Raises
    ------
    ValueError
        With what it should read.
    """
    match = _DURATION.fullmatch(text)
    if match is None or match[4] is None:
        raise ValueError("it reads H:M:S or D-H:M:S, as in 12:00:00 or 2-00:00:00")
    days, hours, minutes, rest = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def hms(duration_s: float) -> str:
    """Write a duration as ``H:M:S``, rounded up to whole seconds."""
    whole = math.ceil(duration_s)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def size(text: str) -> int:
    """Read a number of bytes: ``64 GB`` is 64 * 10**9, ``64 GiB`` is 64 * 2**30.

    Raises
    ------
    ValueError
        With what it should read.
    """
    match = _SIZE.fullmatch(text.strip())
    # A number alone would be bytes, which nobody means: Slurm's own numbers are megabytes.
    if match is None or (match[3] and not match[2]) or not (match[2] or match[4]):
        raise ValueError("it reads a number with a unit, as in 64 GB or 64 GiB")
    factor: int = (1024 if match[3] else 1000) ** _POWER[match[2].lower()]
    return round(float(match[1]) * factor)


def mebibytes(n_bytes: float) -> int:
    """Return whole MiB, rounded up: what schedulers call a megabyte."""
    return math.ceil(n_bytes / 2**20)


def utc(text: str) -> str | None:
    """Turn ``2026-11-26T07:43:18`` of a program that was run with ``TZ=UTC`` into RFC 3339."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")
    except ValueError:
        return None


def rfc3339(epoch_s: float) -> str:
    """Write seconds since 1970 as RFC 3339 in UTC, to the millisecond."""
    moment = datetime.fromtimestamp(epoch_s, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def later(start: str | None, duration_s: int | None) -> str | None:
    """Return the moment so long after another one, as RFC 3339; None where one is not known."""
    if start is None or duration_s is None:
        return None
    return rfc3339(datetime.fromisoformat(start).timestamp() + duration_s).replace(".000Z", "Z")


def clock(text: object) -> int | None:
    """Read ``24:00:00``, ``30:00`` or seconds; None for any other word, such as INFINITY."""
    found = 0
    for part in str(text).split(":"):
        if not part.isdecimal():
            return None
        found = found * 60 + int(part)
    return found


def binary_size(text: object) -> int:
    """Read ``23.541G`` or ``527672488kb`` in powers of 1024; 0 where it is no size."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGTP]?)[BW]?", str(text).upper(), re.ASCII)
    return round(float(match[1]) * 1024 ** " KMGTP".index(match[2] or " ")) if match else 0
