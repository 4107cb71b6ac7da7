"""Figures of proteins.search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench_proteins.search_parameters import SearchParameters

MOST_POINTS = 2500
MOST_QUERIES = 20
# Every colour has a contrast of 3:1 on white and on the dark theme's #212121.
# From worst to best E-value.
SCALE = ("#4a7fd0", "#a860c8", "#d8572a")
# Of the queries, one after the other; Vega's own are too bright on white.
QUERIES = (
    "#4a7fd0", "#d8572a", "#2e8b57", "#a860c8", "#8f7d12",
    "#1a8fa0", "#d04a8c", "#a06a3a", "#6d8a2a", "#808080",
)  # fmt: skip
SMALLEST = 1e-300
"""E-values below this cannot be told from 0 in a figure."""


def figures(dataset: Any, p: SearchParameters) -> Mapping[str, Any]:
    """Draw how the scores fall off, and how alike the best domains are.

    Returns
    -------
    mapping
        ``ranks`` and ``identity``, Altair charts; none where nothing was found.
    """
    hits = best_domains(dataset)
    if not len(hits["score"]):
        return {}
    shown = _shown(hits)
    names = dataset["query"].values
    rows = [
        {
            "query": str(names[hits["query_index"][i]]),
            "target": str(hits["target"][i]),
            "rank": int(hits["rank"][i]),
            "evalue": float(hits["evalue"][i]),
            "exponent": float(-np.log10(max(hits["evalue"][i], SMALLEST))),
            "score": float(hits["score"][i]),
            "identity": float(hits["identity"][i]),
            "coverage": float(hits["query_coverage"][i]),
        }
        for i in shown.tolist()
    ]
    return {"ranks": _ranks(rows, len(names)), "identity": _identity(rows)}


def best_domains(dataset: Any) -> dict[str, NDArray[Any]]:
    """Return the best domain of every target, and the target's rank among its query's.

    Returns
    -------
    dict
        Columns of the hits, and ``rank`` from 1, sorted by query and rank.
    """
    wanted = ("query_index", "target_index", "target", "evalue", "score", "domain_score")
    columns = {
        name: np.asarray(dataset[name].values) for name in (*wanted, "identity", "query_coverage")
    }
    order = np.lexsort(
        (
            -columns["domain_score"],
            columns["target_index"],
            -columns["score"],
            columns["query_index"],
        )
    )
    query, target = columns["query_index"][order], columns["target_index"][order]
    new = np.append(True, (query[1:] != query[:-1]) | (target[1:] != target[:-1]))
    first = order[new[: len(order)]]
    found = {name: values[first] for name, values in columns.items()}
    mine = found["query_index"]
    begins = np.searchsorted(mine, mine, side="left")
    return {**found, "rank": np.arange(len(mine)) - begins + 1}


def _shown(hits: Mapping[str, NDArray[Any]]) -> NDArray[np.intp]:
    """Choose the rows of the first queries that have any, the best of each."""
    queries = np.unique(hits["query_index"])[:MOST_QUERIES]
    each = MOST_POINTS // len(queries)
    return np.flatnonzero(np.isin(hits["query_index"], queries) & (hits["rank"] <= each))


def _ranks(rows: list[dict[str, Any]], n_queries: int) -> Any:
    import altair as alt

    shown = len({row["query"] for row in rows})
    more = f"{shown} of {n_queries} queries; a" if shown < n_queries else "A"
    title = alt.TitleParams(
        "Scores by rank", subtitle=f"{more} family stands above the step, chance below"
    )
    return (
        alt.Chart(alt.InlineData(values=rows))
        .mark_line(point=alt.OverlayMarkDef(size=18), strokeWidth=1)
        .encode(
            x=alt.X("rank:Q", title="Rank of the target", scale=alt.Scale(zero=False)),
            y=alt.Y("score:Q", title="Score (bits)"),
            color=alt.Color("query:N", title="Query", scale=alt.Scale(range=list(QUERIES))),
            tooltip=["query:N", "target:N", "rank:Q", "score:Q", "evalue:Q"],
        )
        .properties(title=title, width=420, height=300)
    )


def _identity(rows: list[dict[str, Any]]) -> Any:
    import altair as alt

    title = alt.TitleParams(
        "How alike, and along how much of the query", subtitle="Best domain of each target"
    )
    return (
        alt.Chart(alt.InlineData(values=rows))
        .mark_point(filled=True, size=35, opacity=1)
        .encode(
            x=alt.X("coverage:Q", title="Part of the query", axis=alt.Axis(format="%")),
            y=alt.Y("identity:Q", title="Identical residues", axis=alt.Axis(format="%")),
            color=alt.Color(
                "exponent:Q",
                title="-log10(E-value)",
                scale=alt.Scale(range=list(SCALE), interpolate="lab"),
            ),
            tooltip=["query:N", "target:N", "identity:Q", "coverage:Q", "evalue:Q"],
        )
        .properties(title=title, width=420, height=300)
    )
