"""Stage search: queries against shards, combined query by query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import Piece, Plan, Task, tasks
from workbench_proteins.hits import best, conclude, join, table
from workbench_proteins.hmmer import Found, Search, Targets
from workbench_proteins.layout import Layout, items, layout
from workbench_proteins.pages import read_pages
from workbench_proteins.search_ingest import page_table
from workbench_proteins.search_parameters import SearchParameters


def _layout(p: SearchParameters, results: Mapping[str, Any]) -> Layout:
    return layout(results["entry_length"], results["page_residues"], p.shard_residues)


def plan_search(p: SearchParameters, results: Mapping[str, Any]) -> Plan:
    """Plan pairs of queries and shards."""
    cut = _layout(p, results)
    found = items(cut, results["entry_length"], results["page_residues"])
    return Plan(
        dim="search",
        owner="query",
        coords={
            "search": np.arange(len(found.query)),
            "query": results["entry_name"],
            "search_query": ("search", found.query),
            "search_shard": ("search", found.shard),
        },
        tasks=tasks(found.start, found.stop, cost=found.cost, group=found.block),
        attrs={
            "Z": int(results["page_sequences"].sum()),
            "max_hits": p.max_hits,
            "database_residues": int(results["page_residues"].sum()),
            "queries_sha256": str(results["queries_sha256"][0]),
            "database_sha256": str(results["database_sha256"][0]),
        },
    )


class SearchState:
    """What a worker process keeps: HMMER, the queries, and where the shards are."""

    def __init__(self, p: SearchParameters, ctx: Any) -> None:
        results = ctx.results
        self.table = page_table(results)
        self.shards = _layout(p, results).shards
        self.search = Search(int(self.table.sequences.sum()), p.evalue, p.seed)
        self.ends = np.cumsum(results["entry_length"])
        self.lengths = results["entry_length"]
        self.residues = np.memmap(ctx.file("query_file", 0), np.uint8, "r")

    def query(self, number: int) -> NDArray[np.uint8]:
        """Return the residues of a query."""
        end = int(self.ends[number])
        return np.array(self.residues[end - int(self.lengths[number]) : end])

    def profile(self, number: int, ctx: Any) -> Any:
        """Return the profile of a query; kept where there are more shards to search."""
        if len(self.shards) == 2:
            return self.search.profile(self.query(number))
        return ctx.cache(f"profile {number}", lambda: self.search.profile(self.query(number)))

    def targets(self, shard: int, ctx: Any) -> Targets:
        """Return a shard of the database."""
        start, stop = (int(edge) for edge in self.shards[shard : shard + 2])
        path = ctx.file("page_file", 0)
        return ctx.cache(  # type: ignore[no-any-return]
            f"shard {shard}", lambda: Targets(read_pages(path, self.table, start, stop))
        )


def search(task: Task, p: SearchParameters, ctx: Any) -> Mapping[str, Any]:
    """Search one shard with a block of queries."""
    state: SearchState = ctx.state
    targets = state.targets(int(task.inputs["search_shard"][0]), ctx)
    reported = np.zeros(task.owners[1] - task.owners[0], np.int64)
    found: list[tuple[int, Found]] = []
    for query in task.inputs["search_query"].tolist():
        n, domains = state.search.reported(state.profile(query, ctx), targets)
        reported[query - task.owners[0]] = n
        found += [(query, domain) for domain in domains]
    return {"domZ": reported, "hits": best(table(found), p.max_hits)}


def combine(pieces: Sequence[Piece], p: SearchParameters, ctx: Any) -> Piece:
    """Put shards together."""
    return join(pieces, p.max_hits)


def root(piece: Piece, p: SearchParameters, ctx: Any) -> Piece:
    """Conclude what needs the whole database."""
    return conclude(piece)
