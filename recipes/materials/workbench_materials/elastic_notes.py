"""What whoever reads a result of materials.elastic has to know."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench_materials.elastic_parameters import ElasticParameters

MOST_NAMES = 5


def notes(dataset: Any, p: ElasticParameters) -> list[str]:
    """Name the crystals that some small strain makes fall apart, and why values are empty."""
    fitted = dataset["fit_status"].values == 1
    undefined = np.flatnonzero(fitted & np.isnan(dataset["bulk_modulus_hill"].values))
    if not undefined.size:
        return []
    names = dataset["structure"].values
    said = ", ".join(str(names[i]) for i in undefined[:MOST_NAMES])
    more = f" and {undefined.size - MOST_NAMES:,} more" if undefined.size > MOST_NAMES else ""
    return [
        f"Not elastically stable: {said}{more} ({undefined.size:,} of {int(fitted.sum()):,} "
        "structures fitted). Some small strain lowers the energy there, so that the Reuss and Hill "
        "averages, the Poisson ratio and the anisotropy have no meaning: these values are empty."
    ]
