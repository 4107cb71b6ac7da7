"""Stage ingest: both files read once and checked whole, the database laid out in pages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from workbench import (
    Output,
    ParameterError,
    Plan,
    Problem,
    Source,
    Task,
    content_hash,
    tile,
    unpacked_bytes,
)
from workbench_proteins.fasta import Records
from workbench_proteins.layout import PAGE_RESIDUES
from workbench_proteins.pages import PageTable, write_pages
from workbench_proteins.search_parameters import SearchParameters


def _count(name: str, long_name: str) -> Output:
    return Output(name=name, dtype="int64", long_name=long_name)


INGESTED = (
    Output(
        name="queries_sha256",
        dims=("ingest",),
        dtype="str",
        long_name="SHA-256 of the query file",
    ),
    Output(
        name="database_sha256",
        dims=("ingest",),
        dtype="str",
        long_name="SHA-256 of the database file",
    ),
    Output(
        name="entries",
        dims=("ingest", "entry"),
        kind="rows",
        columns=(
            _count("entry_ingest", "always 0"),
            _count("entry_number", "number of the query in its file, from 0"),
            Output(name="entry_name", dtype="str", long_name="name of the query"),
            _count("entry_length", "residues of the query"),
        ),
        key=("entry_ingest", "entry_number"),
        long_name="query sequences",
    ),
    Output(
        name="pages",
        dims=("ingest", "page"),
        kind="rows",
        columns=(
            _count("page_ingest", "always 0"),
            _count("page_number", "number of the page, from 0"),
            _count("page_sequences", "sequences of the page"),
            _count("page_residues", "residues of the page"),
            _count("page_name_bytes", "bytes of the names of the page"),
        ),
        key=("page_ingest", "page_number"),
        long_name="consecutive parts of the database",
    ),
    Output(name="query_file", kind="file", long_name="residues of the queries"),
    Output(name="page_file", kind="file", long_name="pages of the database"),
)


def room(p: SearchParameters) -> int:
    """Return what the pages and the queries will take on disk: no more than what is read."""
    return unpacked_bytes(p.queries) + unpacked_bytes(p.database)


def plan_ingest(p: SearchParameters, results: Mapping[str, Any]) -> Plan:
    """Plan one item: both files."""
    return Plan(dim="ingest", coords={"ingest": ["queries and database"]}, tasks=tile(1))


def ingest(task: Task, p: SearchParameters, ctx: Any) -> Mapping[str, Any]:
    """Read and check both files.

    Raises
    ------
    ParameterError
        With every problem of both files.
    """
    queries, database = Records(Source(p.queries)), Records(Source(p.database))
    query_file, page_file = ctx.scratch / "queries", ctx.scratch / "pages"
    names, lengths = _write_queries(query_file, queries)
    table = write_pages(page_file, database, min(PAGE_RESIDUES, p.shard_residues))
    _refuse(queries=queries, database=database)
    return {
        "queries_sha256": [content_hash(p.queries)],
        "database_sha256": [content_hash(p.database)],
        "entries": {
            "entry_ingest": np.zeros(len(names), np.int64),
            "entry_number": np.arange(len(names)),
            "entry_name": np.array(names, np.dtypes.StringDType()),
            "entry_length": np.array(lengths, np.int64),
        },
        "pages": _columns(table),
        "query_file": [query_file],
        "page_file": [page_file],
    }


def page_table(results: Mapping[str, Any]) -> PageTable:
    """Return the table of pages from the results of the stage."""
    return PageTable(
        results["page_sequences"], results["page_residues"], results["page_name_bytes"]
    )


def _columns(table: PageTable) -> dict[str, Any]:
    n = len(table.sequences)
    return {
        "page_ingest": np.zeros(n, np.int64),
        "page_number": np.arange(n),
        "page_sequences": table.sequences,
        "page_residues": table.residues,
        "page_name_bytes": table.name_bytes,
    }


def _write_queries(path: Path, records: Records) -> tuple[list[str], list[int]]:
    names, lengths = [], []
    with path.open("xb") as file:
        for record in records:
            names.append(record.name)
            lengths.append(len(record.residues))
            file.write(record.residues)
    return names, lengths


def _refuse(**files: Records) -> None:
    found = [
        Problem(name, problem.message)
        for name, records in files.items()
        for problem in records.problems
    ]
    if found:
        raise ParameterError.of(found)
