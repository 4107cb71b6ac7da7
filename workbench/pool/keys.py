"""Keys of a TOML file declared in dataclasses: one line each says name, check and help.

All problems are found at once; each is told with its line, an unknown key with the nearest name.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from workbench.errors import did_you_mean, quoted
from workbench.pool import allowed, units

Where = tuple[str, ...]

_VARIABLE = re.compile(r"\$(?:\{(USER|LOGNAME|HOME)\}|(USER|LOGNAME|HOME)\b)")
_HEADER = re.compile(r"\s*\[\s*([^\[\]]+(?:\[[^\]]*\])*[^\[\]]*)\]\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*[^=\s]+)*)\s*=""")
_DOTTED = re.compile(r""""([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)""")


@dataclass(frozen=True)
class Reader:
    """How a value is read.

    Attributes
    ----------
    read
        Returns the value, or raises ValueError with what is wrong.
    says
        What may stand there, for the documentation.
    inner, many
        The dataclass of a table, or of the tables below it.
    """

    read: Callable[[Any], Any]
    says: str
    inner: type[Any] | None = None
    many: bool = False


def key(
    reader: Reader,
    help: str,
    *,
    name: str = "",
    default: Any = None,
    factory: Callable[[], Any] | None = None,
) -> Any:
    """Declare one key; `name` where the field's name says its unit besides."""
    metadata = {"reader": reader, "help": help, "name": name}
    if factory is not None:
        return field(default_factory=factory, metadata=metadata)
    return field(default=default, metadata=metadata)


def _of(kind: type, says: str, value: Any) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"{quoted(value)} was given; it is {says}")
    return value


def text(check: Callable[[str], str]) -> Reader:
    """Read one text that passes a check of :mod:`workbench.pool.allowed`."""
    return Reader(lambda value: check(_of(str, "a text", value)), "text")


def texts(check: Callable[[str], str]) -> Reader:
    """Read a list of texts."""

    def read(value: Any) -> tuple[str, ...]:
        return tuple(check(_of(str, "a text", each)) for each in _of(list, "a list", value))

    return Reader(read, "list of texts")


def _words(value: Any) -> tuple[str, ...]:
    found = [value] if isinstance(value, str) else _of(list, "a text or a list of texts", value)
    return tuple(allowed.word(_of(str, "a text", each)) for each in found)


def _plain(value: Any) -> str:
    found: str = _of(str, "a text", value)
    if not found.isprintable() or not 0 < len(found) <= 100:
        raise ValueError(f"{ascii(found)[:60]} was given; it is one line of at most 100 characters")
    return found


def _number(value: Any, least: float, kind: type, says: str) -> Any:
    found = _of(kind, says, float(value) if kind is float and type(value) is int else value)
    if not least <= found < 1e15:
        raise ValueError(f"{quoted(value)} was given; it is {says}")
    return found


def _path(value: Any) -> str:
    given: str = _of(str, "a text", value)
    filled = _VARIABLE.sub(lambda match: os.environ.get(match[1] or match[2], ""), given)
    return allowed.path(os.path.expanduser(filled))


words = Reader(_words, "text or list of texts")
plain = Reader(_plain, "text")
count = Reader(lambda value: _number(value, 1, int, "a whole number, 1 or more"), "whole number")
amount = Reader(lambda value: _number(value, 0, float, "a number, 0 or more"), "number")
yes_no = Reader(lambda value: _of(bool, "true or false", value), "true or false")
duration = Reader(lambda v: units.seconds(_of(str, "a text such as 12:00:00", v)), "H:M:S")
size = Reader(lambda v: units.size(_of(str, "a text such as 64 GB", v)), "size, such as 64 GB")
path = Reader(_path, "absolute path; ~, $USER and $HOME are filled in")


def table(inner: type[Any]) -> Reader:
    """Read a table with fixed keys."""
    return Reader(lambda value: _of(dict, "a table", value), "table", inner)


def tables(inner: type[Any], check: Callable[[str], str]) -> Reader:
    """Read tables of one kind, each below a name of its own."""

    def read(value: Any) -> Any:
        for name in _of(dict, "a table of tables", value):
            check(name)
        return value

    return Reader(read, "tables", inner, many=True)


def name_of(declared: Any) -> str:
    """Return how a field is called in the file."""
    return str(declared.metadata["name"] or declared.name)


def declared(of: type[Any]) -> list[Any]:
    """Return the fields of a dataclass that are keys of the file."""
    return [each for each in fields(of) if "reader" in each.metadata]


def read(of: type[Any], source: str) -> tuple[dict[str, Any], list[tuple[int, str]]]:
    """Read a file's text.

    Returns
    -------
    values
        By field; what was wrong is left out.
    problems
        Line (0 where nobody can tell it) and what is wrong and what to do.
    """
    try:
        document = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"\(at line (\d+)", str(error))
        return {}, [(int(at[1]) if at else 0, f"This is no TOML: {error}.")]
    lines = _lines(source)
    found: list[tuple[Where, str]] = []
    values = _table(of, document, (), found)
    return values, sorted((_line(lines, where), said) for where, said in found)


def _table(
    of: type[Any], document: Mapping[str, Any], where: Where, problems: list[tuple[Where, str]]
) -> dict[str, Any]:
    known = {name_of(each): each for each in declared(of)}
    values: dict[str, Any] = {}
    for name, value in document.items():
        here = (*where, name)
        if name not in known:
            said = f"{'.'.join(here)}: there is no such key.{did_you_mean(name, known)}"
            problems.append((here, f"{said} There are: {', '.join(sorted(known))}."))
            continue
        reader: Reader = known[name].metadata["reader"]
        try:
            values[known[name].name] = _inner(reader, reader.read(value), here, problems)
        except ValueError as error:
            problems.append((here, f"{'.'.join(here)}: {error}."))
    return values


def _inner(reader: Reader, value: Any, where: Where, problems: list[tuple[Where, str]]) -> Any:
    if reader.inner is None:
        return value
    if not reader.many:
        return reader.inner(**_table(reader.inner, value, where, problems))
    found = {}
    for name, each in value.items():
        if not isinstance(each, dict):
            here = ".".join((*where, name))
            problems.append(((*where, name), f"{here}: {each!r} was given; it is a table."))
            continue
        found[name] = reader.inner(**_table(reader.inner, each, (*where, name), problems))
    return found


def _lines(source: str) -> dict[Where, int]:
    """Map keys to their lines: tomllib does not tell them."""
    found: dict[Where, int] = {}
    at: Where = ()
    for number, line in enumerate(source.splitlines(), 1):
        header, assigned = _HEADER.match(line), _KEY.match(line)
        if header:
            at = _parts(header[1])
            found.setdefault(at, number)
        elif assigned:
            found.setdefault((*at, *_parts(assigned[1])), number)
    return found


def _parts(dotted: str) -> Where:
    return tuple(next(filter(None, parts), "") for parts in _DOTTED.findall(dotted))


def _line(lines: Mapping[Where, int], where: Where) -> int:
    """Return the line of a key, else that of the table around it."""
    while where and where not in lines:
        where = where[:-1]
    return lines.get(where, 0)
