"""The table of hits: put together from tasks, concluded where the whole database is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import Output, Piece
from workbench_proteins.hmmer import Found

HMMER = "doi:10.1371/journal.pcbi.1002195"

DOMAIN_EVALUE = 10.0
"""HMMER's default bound on the conditional E-value of a reported domain."""

Columns = Mapping[str, NDArray[Any]]


def _column(name: str, dtype: str, long_name: str, source: str = "") -> Output:
    return Output(name=name, dtype=dtype, long_name=long_name, source=source)


COLUMNS = (
    _column("query_index", "int32", "number of the query in its file, from 0"),
    _column("target_index", "int64", "number of the target in the database, from 0"),
    _column("target", "str", "name of the target"),
    _column("domain", "int32", "number of the domain in the target, from 1"),
    _column("evalue", "float64", "E-value of the target", HMMER),
    Output(name="score", unit="bit", long_name="score of the target", source=HMMER),
    Output(name="bias", unit="bit", long_name="bias correction in the score", source=HMMER),
    _column("c_evalue", "float64", "conditional E-value of the domain", HMMER),
    _column("i_evalue", "float64", "independent E-value of the domain", HMMER),
    Output(name="domain_score", unit="bit", long_name="score of the domain", source=HMMER),
    Output(
        name="domain_bias", unit="bit", long_name="bias correction in domain_score", source=HMMER
    ),
    _column("identity", "float64", "identical residues per column of the alignment"),
    _column("query_coverage", "float64", "part of the query that the alignment spans"),
    _column("target_coverage", "float64", "part of the target that the alignment spans"),
    *(
        _column(f"{what}_{end}", "int32", f"{word} residue of {of}, from 1")
        for what, of in (
            ("query", "the alignment in the query"),
            ("target", "the alignment in the target"),
            ("env", "the domain's envelope in the target"),
        )
        for end, word in (("from", "first"), ("to", "last"))
    ),
)

HITS = Output(
    name="hits",
    dims=("query", "hit"),
    kind="rows",
    columns=COLUMNS,
    key=("query_index", "target_index", "domain"),
    long_name="reported domains of reported targets",
)

DOM_Z = Output(
    name="domZ",
    dims=("query",),
    dtype="int64",
    long_name="number of reported targets, before any cut by max_hits",
    source=HMMER,
)


def table(found: Sequence[tuple[int, Found]]) -> dict[str, NDArray[Any]]:
    """Turn domains, each with its query's number, into columns.

    ``c_evalue`` holds the domain's P-value until :func:`conclude` knows domZ.
    """
    columns: dict[str, NDArray[Any]] = {}
    for column in COLUMNS:
        name = "pvalue" if column.name == "c_evalue" else column.name
        values = (
            [q for q, _ in found]
            if name == "query_index"
            else [getattr(domain, name) for _, domain in found]
        )
        dtype = np.dtypes.StringDType() if column.dtype == "str" else np.dtype(column.dtype)
        columns[column.name] = np.array(values, dtype)
    return columns


def best(columns: Columns, max_hits: int | None) -> Columns:
    """Keep the rows of each query's `max_hits` best targets: by score, then by target_index.

    For one query the E-value falls as the score rises, so these have the lowest E-values too.
    """
    if max_hits is None or not len(columns["query_index"]):
        return columns
    order = np.lexsort((columns["target_index"], -columns["score"], columns["query_index"]))
    query, target = columns["query_index"][order], columns["target_index"][order]
    new_query = np.append(True, query[1:] != query[:-1])
    new_target = new_query | np.append(True, target[1:] != target[:-1])
    rank = np.cumsum(new_target)
    rank -= rank[new_query][np.cumsum(new_query) - 1]
    return _rows(columns, np.sort(order[rank < max_hits]))


def join(pieces: Sequence[Piece], max_hits: int | None) -> Piece:
    """Put the pieces of consecutive shards together; associative."""
    tables = [piece.rows["hits"] for piece in pieces]
    joined = {name: np.concatenate([t[name] for t in tables]) for name in tables[0]}
    dom_z = np.sum([piece.arrays["domZ"] for piece in pieces], axis=0)
    return Piece(pieces[0].owners, {"domZ": dom_z}, {"hits": best(joined, max_hits)})


def conclude(piece: Piece) -> Piece:
    """Say what needs domZ: conditional E-values, which domains are reported, their numbers."""
    columns = piece.rows["hits"]
    dom_z = piece.arrays["domZ"][columns["query_index"] - piece.owners[0]]
    c_evalue = columns["c_evalue"] * dom_z.astype(np.float64)
    given = {**columns, "c_evalue": c_evalue}
    kept = _rows(given, np.flatnonzero(c_evalue <= DOMAIN_EVALUE))
    keys = (kept["domain"], kept["target_index"], kept["query_index"])
    kept = _rows(kept, np.lexsort(keys))
    rows = {"hits": {**kept, "domain": _numbers(kept)}}
    return Piece(piece.owners, piece.arrays, rows)


def _numbers(columns: Columns) -> NDArray[np.int32]:
    """Count the domains of each target from 1; rows are sorted by their key."""
    query, target = columns["query_index"], columns["target_index"]
    changed = (query[1:] != query[:-1]) | (target[1:] != target[:-1])
    starts = np.flatnonzero(np.append(True, changed))
    counts = np.diff(np.append(starts, len(query)))
    return (np.arange(len(query)) - np.repeat(starts, counts) + 1).astype(np.int32)


def _rows(columns: Columns, chosen: NDArray[np.intp]) -> Columns:
    return {name: values[chosen] for name, values in columns.items()}
