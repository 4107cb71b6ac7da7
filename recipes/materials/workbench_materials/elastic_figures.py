"""Figures of materials.elastic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench_materials.elastic_parameters import ElasticParameters
from workbench_materials.tensors import directional_young

MOST_POINTS = 2000
MOST_BARS = 60
DIRECTIONS = 2000
PUGH = 1.75

# Each has at least 3:1 contrast on white and on the dark theme's #212121.
BAR, MARK, GREY = "#2f86c8", "#d9540b", "#7f7f7f"

_WORDS = {1: "stable", -1: "unknown"}


def figures(dataset: Any, p: ElasticParameters) -> Mapping[str, Any]:
    """Draw moduli against each other, and how Young's modulus depends on direction.

    Returns
    -------
    mapping
        ``moduli`` and ``anisotropy``, Altair charts of the stable crystals; none where there is
        no such.
    """
    done = dataset["fit_status"].values == 1
    # Only of these is the tensor positive definite: others have no Hill average.
    whole = np.flatnonzero(done & np.isfinite(dataset["bulk_modulus_hill"].values))
    if not whole.size:
        return {}
    tensors = dataset["elastic_tensor"].values
    return {
        "moduli": _moduli(dataset, whole, int(done.sum()) - whole.size),
        "anisotropy": _anisotropy(dataset, tensors, whole[:MOST_BARS].tolist()),
    }


def _moduli(dataset: Any, done: NDArray[np.int64], unstable: int) -> Any:
    import altair as alt

    rows = [
        {
            "structure": str(dataset["structure"].values[i]),
            "formula": str(dataset["formula"].values[i]),
            "bulk": _number(dataset["bulk_modulus_hill"].values[i]),
            "shear": _number(dataset["shear_modulus_hill"].values[i]),
            "stability": _WORDS[int(dataset["stable"].values[i])],
        }
        for i in done[:MOST_POINTS]
    ]
    largest = float(dataset["bulk_modulus_hill"].values[done].max())
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("bulk:Q", title="Bulk modulus (GPa)"),
        y=alt.Y("shear:Q", title="Shear modulus (GPa)"),
        tooltip=["structure:N", "formula:N", "bulk:Q", "shear:Q", "stability:N"],
    )
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        color=alt.Color(
            "stability:N",
            title="Elastically",
            scale=alt.Scale(domain=list(_WORDS.values()), range=[BAR, GREY]),
        )
    )
    line = [{"bulk": 0.0, "shear": 0.0}, {"bulk": largest, "shear": largest / PUGH}]
    pugh = (
        alt.Chart(alt.InlineData(values=line))
        .mark_line(strokeDash=[4, 4], color=GREY)
        .encode(x="bulk:Q", y="shear:Q")
    )
    layers = [pugh, points]
    if len(rows) <= MOST_BARS:
        layers.append(base.mark_text(align="left", dx=7, dy=-5).encode(text="structure:N"))
    more = f", the first {MOST_POINTS} of {done.size}" if done.size > MOST_POINTS else ""
    subtitle = [f"Below the dashed line (K = {PUGH} G) metals tend to be ductile"]
    if unstable:
        subtitle.append(f"Left out: {unstable:,} that {'is' if unstable == 1 else 'are'} unstable")
    title = alt.TitleParams(f"Moduli{more}", subtitle=subtitle)
    return alt.layer(*layers).properties(title=title, width=420, height=320)


def _anisotropy(dataset: Any, tensors: NDArray[np.float64], whole: list[int]) -> Any:
    import altair as alt

    directions = sphere(DIRECTIONS)
    rows = []
    for i in whole:
        young = directional_young(tensors[i], directions)
        rows.append(
            {
                "structure": str(dataset["structure"].values[i]),
                "least": float(young.min()),
                "largest": float(young.max()),
                "hill": _number(dataset["youngs_modulus_hill"].values[i]),
            }
        )
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("structure:N", title=None, sort=alt.SortField("hill", order="descending")),
        tooltip=["structure:N", "least:Q", "largest:Q", "hill:Q"],
    )
    bars = base.mark_bar(height=8, color=BAR).encode(
        x=alt.X("least:Q", title="Young's modulus (GPa)"), x2="largest:Q"
    )
    ticks = base.mark_tick(thickness=3, height=16, opacity=1, color=MARK).encode(x="hill:Q")
    title = alt.TitleParams(
        "Young's modulus by direction",
        subtitle=[
            "Bar: softest to stiffest direction of the crystal",
            "Mark: polycrystal (Hill)",
        ],
    )
    return alt.layer(bars, ticks).properties(title=title, width=420)


def sphere(count: int) -> NDArray[np.float64]:
    """Return `count` unit vectors spread evenly over the sphere (Fibonacci), shape (count, 3)."""
    z = 1 - (2 * np.arange(count) + 1) / count
    angle = np.arange(count) * np.pi * (3 - np.sqrt(5))
    across = np.sqrt(1 - z**2)
    return np.stack([across * np.cos(angle), across * np.sin(angle), z], axis=1)


def _number(value: Any) -> float:
    return round(float(value), 3)
