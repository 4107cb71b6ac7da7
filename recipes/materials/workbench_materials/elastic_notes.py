"""What whoever reads a result of materials.elastic has to know."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench_materials.elastic_parameters import ElasticParameters

MOST_NAMES = 5


def notes(dataset: Any, p: ElasticParameters) -> list[str]:
    """Name the crystals that some small strain makes fall apart, and why values are empty."""
    fitted = dataset["fit_status"].values == 1
    undefined = fitted & np.isnan(dataset["bulk_modulus_hill"].values)
    unstable = undefined & (dataset["stable"].values == 0)
    empty = (
        "the Reuss and Hill averages, the Poisson ratio and the anisotropy have no meaning: these "
        "values are empty."
    )
    found = []
    if unstable.any():
        said = _named(dataset, unstable, fitted)
        found.append(
            f"Not elastically stable: {said}. Some small strain lowers the energy there, so that "
            f"{empty}"
        )
    if (undefined & ~unstable).any():
        said = _named(dataset, undefined & ~unstable, fitted)
        found.append(f"Whether it is elastically stable cannot be told: {said}. There {empty}")
    return found


def _named(dataset: Any, chosen: NDArray[np.bool_], fitted: NDArray[np.bool_]) -> str:
    places = np.flatnonzero(chosen)
    names = dataset["structure"].values
    said = ", ".join(str(names[i]) for i in places[:MOST_NAMES])
    more = f" and {places.size - MOST_NAMES:,} more" if places.size > MOST_NAMES else ""
    return f"{said}{more} ({places.size:,} of {int(fitted.sum()):,} structures fitted)"
