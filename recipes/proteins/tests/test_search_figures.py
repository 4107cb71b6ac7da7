"""The figures draw what they say, and stay small."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from workbench.testing.contrast import GROUNDS, LEAST, contrast
from workbench_proteins.search import recipe
from workbench_proteins.search_figures import MOST_POINTS, best_domains, figures
from workbench_proteins.search_parameters import SearchParameters


def dataset(n_queries, n_targets, **changed):
    """Every query finds every target, each with two domains; the first target is best."""
    n = n_queries * n_targets * 2
    place = np.arange(n)
    target = place // 2 % n_targets
    columns = {
        "query_index": place // (2 * n_targets),
        "target_index": target,
        "target": np.array([f"t{i}" for i in target], object),
        "evalue": 10.0 ** (target / 100 - 60),
        "score": 1000.0 - target,
        "domain_score": 500.0 - target + place % 2,
        "identity": place / n,
        "query_coverage": place % 2 / 2,
    } | changed
    names = np.array([f"q{i}" for i in range(n_queries)], object)
    return xr.Dataset({k: ("hit", v) for k, v in columns.items()}, {"query": names})


def drawn(chart):
    (rows,) = chart.to_dict()["datasets"].values()
    return rows


def charts(data):
    return figures(data, SearchParameters(queries=Path("q.fa"), database=Path("d.fa")))


def test_the_best_domain_of_each_target_is_drawn():
    found = charts(dataset(3, 4))
    assert set(found) == {"ranks", "identity"}
    rows = drawn(found["ranks"])
    assert [(r["query"], r["target"], r["rank"]) for r in rows[:5]] == [
        ("q0", "t0", 1), ("q0", "t1", 2), ("q0", "t2", 3), ("q0", "t3", 4), ("q1", "t0", 1),
    ]  # fmt: skip
    assert len(rows) == 12
    assert {row["coverage"] for row in rows} == {0.5}


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("name", ["ranks", "identity"])
def test_every_colour_is_seen_on_light_and_on_dark(name, ground):
    chart = charts(dataset(3, 4))[name].to_dict()
    colours = chart["encoding"]["color"]["scale"]["range"]
    assert len(set(colours)) == len(colours)
    assert min(contrast(colour, ground) for colour in colours) >= LEAST
    assert chart["mark"].get("opacity", 1) == 1


def test_figures_stay_small():
    for shape in ((1, 5000), (500, 40)):
        rows = drawn(charts(dataset(*shape))["ranks"])
        assert 500 < len(rows) <= MOST_POINTS
        assert rows[0]["rank"] == 1


def test_an_evalue_of_zero_can_be_drawn():
    rows = drawn(charts(dataset(1, 2, evalue=np.zeros(4)))["identity"])
    assert {row["exponent"] for row in rows} == {300.0}


def test_nothing_found_draws_nothing():
    assert charts(dataset(2, 0)) == {}
    assert len(best_domains(dataset(2, 0))["rank"]) == 0


def test_a_search_without_hits_says_so():
    p = SearchParameters(queries=Path("q.fa"), database=Path("d.fa"), evalue=1e-3)
    status = {"search_status": ("search", np.ones(2, np.int8))}
    none = dataset(2, 0).assign(status)
    (note,) = recipe.notes(none, p)
    assert note.startswith("No hits below E-value 0.001")
    assert recipe.notes(dataset(2, 1).assign(status), p) == []
