"""Lists of nodes as Slurm writes them: ``d[1-2,09-11],g1``."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from functools import lru_cache

_ENTRY = re.compile(r"(?:[^,\[]|\[[^\]]*\])+")
_PART = re.compile(r"\[([^\]]*)\]|([^\[]+)")
_RANGE = re.compile(r"(\d{1,9})-(\d{1,9})", re.ASCII)
MOST = 100_000


@lru_cache(4096)
def expanded(text: str) -> tuple[str, ...]:
    """Return the single names; a list of more than 100,000 nodes is cut there."""
    names = (name for entry in _ENTRY.findall(text) for name in _names(entry))
    return tuple(itertools.islice(names, MOST))


def _names(entry: str) -> Iterator[str]:
    parts = [_numbers(inside) if inside else [text] for inside, text in _PART.findall(entry)]
    return ("".join(chosen) for chosen in itertools.product(*parts))


def _numbers(inside: str) -> list[str]:
    """Read ``01-03,7``; leading zeros give the width."""
    found: list[str] = []
    for part in inside.split(","):
        match = _RANGE.fullmatch(part)
        if match is None:
            found.append(part)
            continue
        last = min(int(match[2]), int(match[1]) + MOST)
        found.extend(f"{number:0{len(match[1])}}" for number in range(int(match[1]), last + 1))
    return found


_TAIL = re.compile(r"(.*?)(\d+)", re.ASCII | re.DOTALL)


def folded(names: list[str]) -> str:
    """Write names as one list, those that count on from each other as a range."""
    parts: list[tuple[str, int, list[int]]] = []  # beginning, width, numbers
    for name in names:
        match = _TAIL.fullmatch(name)
        if match is None:
            parts.append((name, 0, []))
            continue
        beginning, digits = match[1], match[2]
        if parts and _follows(parts[-1], beginning, digits):
            parts[-1][2].append(int(digits))
        else:
            parts.append((beginning, len(digits), [int(digits)]))
    return ",".join(_range(*part) for part in parts)


def _follows(part: tuple[str, int, list[int]], beginning: str, digits: str) -> bool:
    before, width, numbers = part
    if before != beginning or not numbers or int(digits) != numbers[-1] + 1:
        return False
    # 9 and 10 have one width when nothing stands before them; 09 and 10 always.
    return width == len(digits) or (digits[0] != "0" and len(str(numbers[0])) == width)


def _range(beginning: str, width: int, numbers: list[int]) -> str:
    if not numbers:
        return beginning
    first = f"{numbers[0]:0{width}}"
    if len(numbers) == 1:
        return f"{beginning}{first}"
    return f"{beginning}[{first}-{numbers[-1]:0{width}}]"
