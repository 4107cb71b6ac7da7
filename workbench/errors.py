"""Errors: what was asked, what is there, what to do.

::

    WorkbenchError
    ├── ParameterError      wrong values; ``fields`` names every one of them
    ├── NotFound            no such recipe, run, cluster, example
    ├── Refused             held by somebody else, no room, the scheduler said no
    ├── DamagedResult       something on disk is missing, incomplete or altered
    ├── RunFailed           a run ended without a result
    └── RecipeError         a mistake in a recipe, told to its author
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

# What somebody typed is quoted whole up to so many characters, else so many of them.
LONGEST_QUOTE, SHORT_QUOTE = 200, 60
# As in materials.elastic and dcu:k100.
_LAST_PART = re.compile(r"[.:]")
_LONG_WORD = re.compile(rf"\S{{{LONGEST_QUOTE + 1},}}")


@dataclass(frozen=True)
class Problem:
    """One wrong value.

    Parameters
    ----------
    parameter
        Name of the parameter, or of the file or field that is meant.
    message
        What is wrong and what to do about it, one sentence or two.
    """

    parameter: str
    message: str


class WorkbenchError(Exception):
    """Base of everything that is meant for the user's eyes.

    Parameters
    ----------
    message
        What was asked, what is there, what to do.
    code
        Short, stable word for scripts (``error.code`` in JSON).
    fields
        The single problems, where there are several.
    """

    code = "error"

    def __init__(
        self, message: str, *, code: str | None = None, fields: Sequence[Problem] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.fields = tuple(fields)
        if code is not None:
            self.code = code

    def to_json(self) -> dict[str, Any]:
        """Return ``{code, message, fields}`` as front ends print it."""
        return {
            "code": self.code,
            "message": self.message,
            "fields": [asdict(field) for field in self.fields],
        }


class ParameterError(WorkbenchError):
    """One or more parameters have wrong values."""

    code = "parameters"

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> ParameterError:
        """Build the error that lists every problem at once."""
        lines = [f"{named(p.parameter)}: {p.message}" for p in problems]
        return cls("\n".join(lines), fields=problems)


class NotFound(WorkbenchError):  # noqa: N818 - reads as a sentence where it is raised
    """A name that stands for nothing here."""

    code = "not_found"

    @classmethod
    def named(cls, kind: str, name: str, there: Iterable[str], hint: str = "") -> NotFound:
        """Build "no such thing" with the nearest names and what exists."""
        known = sorted(there)
        message = f"There is no {kind} named {quoted(name)}.{did_you_mean(name, known)}"
        if known:
            message += f" There {'is' if len(known) == 1 else 'are'}: {', '.join(known[:12])}"
            message += ", ..." if len(known) > 12 else "."
        return cls(f"{message} {hint}".rstrip())


class Refused(WorkbenchError):  # noqa: N818
    """Somebody else holds it, there is no room, or the scheduler said no."""

    code = "refused"


class DamagedResult(WorkbenchError):  # noqa: N818
    """A piece on disk is missing, incomplete or altered; the message names it."""

    code = "damaged"


class RunFailed(WorkbenchError):  # noqa: N818
    """A run that ended without a result."""

    code = "run_failed"


class RecipeError(WorkbenchError):
    """A recipe breaks one of its promises (shape, names, determinism, ...)."""

    code = "recipe"


def quoted(given: Any) -> str:
    """Return what was given as errors quote it: its beginning, where it is very long."""
    text = repr(given)
    if len(text) <= LONGEST_QUOTE:
        return text
    return f"{text[:SHORT_QUOTE]}... ({len(text):,} characters)"


def named(given: str) -> str:
    """Return a name without quotes, as errors begin with it: its beginning, where very long."""
    return given if len(given) <= LONGEST_QUOTE else quoted(given)


def shortened(text: str) -> str:
    """Return what another program made of what was typed, its very long words cut."""
    return _LONG_WORD.sub(lambda word: f"{word[0][:SHORT_QUOTE]}...", text)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is meant: in other case, misspelt, or by its last part alone."""
    given = name[:LONGEST_QUOTE].casefold()
    whole = {one.casefold(): one for one in known}
    last = {_LAST_PART.split(one)[-1]: one for one in whole.values()}
    parts = {part.casefold(): one for part, one in last.items()}
    if given in whole or given not in parts:
        near = difflib.get_close_matches(given, list(whole), n=1, cutoff=0.6)
        return whole[near[0]] if near else None
    return parts[given]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"``, or nothing when no known name is near."""
    near = nearest(name, known)
    return "" if near is None else f" Did you mean {quoted(near)}?"


def last_line(text: str) -> str:
    """Return the last line of what a process of ours printed as it broke: the error itself."""
    lines = text.strip().splitlines()
    return lines[-1].rstrip(".") if lines else "it said nothing"
