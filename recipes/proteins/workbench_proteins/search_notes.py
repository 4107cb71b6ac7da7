"""What whoever reads a result of proteins.search has to know."""

from __future__ import annotations

from typing import Any

from workbench_proteins.search_parameters import SearchParameters


def notes(dataset: Any, p: SearchParameters) -> list[str]:
    """Say that nothing was found, which an empty table leaves open."""
    if dataset.sizes["hit"] or not (dataset["search_status"].values == 1).all():
        return []
    return [
        f"No hits below E-value {p.evalue:g}: nothing in this database is as much like a query. "
        "A larger evalue also reports what may be chance."
    ]
