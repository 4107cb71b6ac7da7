"""A result as one table: the rows that the recipe shows first, sorted, filtered and paged."""

from __future__ import annotations

import contextlib
import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import ParameterError, Problem, did_you_mean, quoted
from workbench.recipe import Recipe
from workbench.runs.absent import absent

# Beyond it browsers, which know no whole numbers, leave some out.
EXACT = 2**53
FLAGS = {"true": 1, "yes": 1, "false": 0, "no": 0}
OPERATORS = ("contains", "=", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    name, unit, long_name
        As the result declares them.
    kind
        ``text``, ``integer``, ``number`` or ``flag``.
    variable
        The variable that holds the values.
    through
        The variable that holds, for each row, the place of its value; empty where rows and
        values stand in the same order.
    """

    name: str
    unit: str
    long_name: str
    kind: str
    variable: str
    through: str = ""


@dataclass(frozen=True)
class Condition:
    """One filter: ``column operator value``."""

    column: str
    operator: str
    value: str


class ResultTable:
    """The table of one opened result.

    Parameters
    ----------
    recipe, dataset
        The recipe, and its result as :meth:`workbench.runs.handle.Run.open` returns it.
    """

    def __init__(self, recipe: Recipe[Any], dataset: Any) -> None:
        self._recipe = recipe
        self._dataset = dataset
        self._absences: dict[str, NDArray[np.bool_]] = {}
        self._read: dict[str, NDArray[Any]] = {}
        self._orders: dict[Any, NDArray[np.int64] | None] = {}
        self.columns = columns_of(recipe, dataset)
        self.order = tuple(name for name in recipe.order if name in self._names())
        first = self.columns[0] if self.columns else None
        self.total = int(dataset.sizes[self._row_dim(first)]) if first else 0

    def page(
        self,
        *,
        sort: str = "",
        descending: bool = False,
        filters: Sequence[Condition] = (),
        offset: int = 0,
        limit: int = 100,
    ) -> dict[str, Any]:
        """Return rows ``offset .. offset + limit`` as JSON.

        Cells that hold NaN, or whose item is not done, are ``null``.

        Raises
        ------
        ParameterError
            For a column that is not there, or a condition that no value can meet by its type.
        """
        rows = self.select(sort=sort, descending=descending, filters=filters)
        total = self.total if rows is None else len(rows)
        where = slice(offset, min(offset + limit, total)) if rows is None else rows[offset:][:limit]
        cells = [self._cells(column, where) for column in self.columns]
        return {
            "columns": [
                {"name": c.name, "unit": c.unit, "long_name": c.long_name, "kind": c.kind}
                for c in self.columns
            ],
            "rows": [list(row) for row in zip(*cells, strict=True)],
            "offset": offset,
            "total": total,
            "unfiltered": self.total,
            "order": list(self.order),
        }

    def csv(self, rows: NDArray[np.int64] | None, offset: int, limit: int) -> str:
        """Return rows as CSV text, with a line of names and units before the first."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        if offset == 0:
            writer.writerow(c.name if c.unit in ("", "1") else f"{c.name} [{c.unit}]"
                            for c in self.columns)  # fmt: skip
        total = self.total if rows is None else len(rows)
        where = slice(offset, min(offset + limit, total)) if rows is None else rows[offset:][:limit]
        cells = [self._cells(column, where) for column in self.columns]
        writer.writerows(zip(*cells, strict=True))
        return out.getvalue()

    def select(
        self, *, sort: str = "", descending: bool = False, filters: Sequence[Condition] = ()
    ) -> NDArray[np.int64] | None:
        """Return the rows that meet every condition, in order; None for all as they stand."""
        self._refuse_unknown(sort, filters)
        key = (sort, descending, tuple(filters))
        if key not in self._orders:
            if len(self._orders) > 7:
                self._orders.pop(next(iter(self._orders)))
            self._orders[key] = self._selected(sort, descending, filters)
        return self._orders[key]

    def _selected(
        self, sort: str, descending: bool, filters: Sequence[Condition]
    ) -> NDArray[np.int64] | None:
        by = (sort,) if sort else self.order
        if not by and not filters:
            return None
        keep = np.ones(self.total, bool)
        for condition in filters:
            met = _meets(condition, self._column(condition.column), self._whole(condition.column))
            met[self._absent(condition.column)] = condition.operator == "!="
            keep &= met
        rows = np.flatnonzero(keep)
        for name in reversed(by):
            rows = rows[_sorted(self._whole(name)[rows], descending and bool(sort))]
            last = self._absent(name)[rows]
            rows = np.concatenate([rows[~last], rows[last]])
        return rows

    def _refuse_unknown(self, sort: str, filters: Sequence[Condition]) -> None:
        names = self._names()
        problems = [
            Problem(where, f"the table has no column {quoted(name)}.{did_you_mean(name, names)}")
            for where, name in [("sort", sort), *(("filter", c.column) for c in filters)]
            if name and name not in names
        ]
        problems += [
            Problem(
                "filter",
                f"{quoted(c.operator)} is no comparison: use one of {' '.join(OPERATORS)}.",
            )
            for c in filters
            if c.operator not in OPERATORS
        ]
        if problems:
            raise ParameterError.of(problems)

    def _names(self) -> list[str]:
        return [column.name for column in self.columns]

    def _column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def _row_dim(self, column: Column) -> str:
        return str(self._dataset[column.through or column.variable].dims[0])

    def _whole(self, name: str) -> NDArray[Any]:
        return self._values(self._column(name), slice(None))

    def _absent(self, name: str) -> NDArray[np.bool_]:
        """Say in which rows a column has no value, beside those where it is NaN."""
        if name not in self._absences:
            column = self._column(name)
            found = None if column.through else absent(self._recipe, self._dataset, column.variable)
            self._absences[name] = np.zeros(self.total, bool) if found is None else found
        return self._absences[name]

    def _cells(self, column: Column, rows: slice | NDArray[np.int64]) -> list[Any]:
        cells = _cells(column, self._values(column, rows))
        pairs = zip(cells, self._absent(column.name)[rows].tolist(), strict=True)
        return [None if gone else cell for cell, gone in pairs]

    def _values(self, column: Column, rows: slice | NDArray[np.int64]) -> NDArray[Any]:
        if column.through:
            places = self._stored(column.through, rows)
            names = self._stored(column.variable, slice(None))
            return np.asarray(names[places])
        return self._stored(column.variable, rows)

    def _stored(self, name: str, rows: slice | NDArray[np.int64]) -> NDArray[Any]:
        """Read a variable: a stretch of it as it lies, any other choice through the whole."""
        if name not in self._read and isinstance(rows, slice) and rows != slice(None):
            return np.asarray(self._dataset[name][rows].values)
        if name not in self._read:
            self._read[name] = np.asarray(self._dataset[name].values)
        found: NDArray[Any] = self._read[name][rows]
        return found


def columns_of(recipe: Recipe[Any], dataset: Any) -> list[Column]:
    """Return the columns of the table: the owner, what the recipe wants first, the others."""
    found = {column.name: column for column in _declared(recipe, dataset)}
    first = [*list(found)[:1], *(name for name in recipe.columns if name in found)]
    return [found[name] for name in dict.fromkeys([*first, *found])]


def _declared(recipe: Recipe[Any], dataset: Any) -> list[Column]:
    """Return the columns as they are declared; an owner's index becomes its name."""
    outputs = [*recipe.summary, *(o for stage in recipe.stages for o in stage.outputs)]
    rows = next((o for o in outputs if o.name == recipe.table and o.kind == "rows"), None)
    if rows is None:
        dim = recipe.table or recipe.items or (outputs[0].dims[0] if outputs[0].dims else "")
        declared = [output.name for output in outputs if output.dims == (dim,)]
        return [_column_of(dataset, name) for name in (dim, *declared) if name in dataset]
    owner = rows.dims[0]
    names = [column.name for column in rows.columns if not column.name.endswith("_index")]
    found = [_column_of(dataset, name) for name in names if name in dataset]
    if found and owner in dataset and rows.key[0] in dataset:
        found.insert(0, _column_of(dataset, owner, through=rows.key[0]))
    return found


def _column_of(dataset: Any, name: str, through: str = "") -> Column:
    variable = dataset[name]
    kinds = {"f": "number", "i": "integer", "u": "integer", "b": "flag"}
    return Column(
        name=name,
        unit=str(variable.attrs.get("units", "1")),
        long_name=str(variable.attrs.get("long_name", "")),
        kind=kinds.get(variable.dtype.kind, "text"),
        variable=name,
        through=through,
    )


def _sorted(values: NDArray[Any], descending: bool) -> NDArray[np.int64]:
    """Return the order of the values, equal ones as they stand, NaN always last."""
    if values.dtype.kind not in "fiub":
        values = np.unique(_texts(values), return_inverse=True)[1]
    if descending:
        # The complement turns the order of whole numbers and flags round and cannot overflow.
        values = -values if values.dtype.kind == "f" else ~values
    return np.argsort(values, kind="stable")


def _meets(condition: Condition, column: Column, values: NDArray[Any]) -> NDArray[np.bool_]:
    if column.kind == "text" or condition.operator == "contains":
        return _meets_text(condition, values)
    return _compared(condition.operator, values, _wanted(condition, column))


def _wanted(condition: Condition, column: Column) -> float:
    """Return the number that a condition names; a whole one in full, as large as it may be."""
    text = condition.value.strip()
    if column.kind == "flag" and text.casefold() in FLAGS:
        return FLAGS[text.casefold()]
    for kind in (int, float) if column.kind == "integer" else (float,):
        # int: more digits than Python reads.
        with contextlib.suppress(ValueError):
            wanted = kind(text)
            if not math.isnan(wanted):
                return wanted
    holds = "true or false" if column.kind == "flag" else "numbers"
    message = f"{column.name} holds {holds}: {quoted(condition.value)} is none."
    raise ParameterError.of([Problem("filter", message)])


def _meets_text(condition: Condition, values: NDArray[Any]) -> NDArray[np.bool_]:
    texts, place = np.unique(_texts(values), return_inverse=True)
    if condition.operator == "contains":
        part = condition.value.casefold()
        met = np.array([part in text.casefold() for text in texts.tolist()], bool)
    else:
        met = _compared(condition.operator, texts, condition.value)
    return met[place] if len(texts) else np.zeros(len(values), bool)


def _texts(values: NDArray[Any]) -> NDArray[Any]:
    """Return values as texts of a kind that numpy sorts and compares, whatever kind they have."""
    return np.array([str(value) for value in values.tolist()], object)


def _compared(operator: str, values: NDArray[Any], wanted: Any) -> NDArray[np.bool_]:
    found: dict[str, Any] = {
        "=": values == wanted,
        "!=": values != wanted,
        "<": values < wanted,
        "<=": values <= wanted,
        ">": values > wanted,
        ">=": values >= wanted,
    }
    return np.asarray(found[operator], bool)


def _cells(column: Column, values: NDArray[Any]) -> list[Any]:
    """Return values as JSON and a browser take them.

    NaN is None; infinity, and whole numbers that a browser would round, are texts.
    """
    found: list[Any] = values.tolist()
    if column.kind == "number":
        return [_number(value) for value in found]
    if column.kind == "text":
        return [str(value) for value in found]
    return [str(value) if abs(value) > EXACT else value for value in found]


def _number(value: float) -> float | str | None:
    if math.isfinite(value):
        return value
    return None if math.isnan(value) else str(value)
