"""The audit of materials.elastic: stiffness from energies alone, along random strains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from workbench import KernelContext
from workbench_materials import tensors
from workbench_materials.elastic_parameters import ElasticParameters
from workbench_materials.elastic_stages import DONE, relaxed_atoms, strained

SHARE = 0.05
"""So many of the structures are looked at, one at least."""


def audit(dataset: Any, p: ElasticParameters, ctx: KernelContext) -> Mapping[str, Any]:
    """Compare fitted tensors with second derivatives of the energy.

    The tensor comes from stresses; the energy knows nothing of them.  Along a random strain of
    unit length ``n``, ``n C n`` is compared with the curvature of the energy per volume, from
    central differences at ``strain_max`` and half of it, extrapolated (error of fourth order).
    A calculator whose stress is not the derivative of its energy, or ions that were not relaxed
    well enough, show here.

    Returns
    -------
    mapping
        ``structures``: for each one its name, both stiffnesses in GPa and their relative
        difference; ``largest_relative_difference``; ``sample`` and ``of``.
    """
    done = np.flatnonzero(dataset["fit_status"].values == DONE)
    if not done.size:
        return {"sample": 0, "of": 0, "structures": []}
    random = np.random.default_rng(p.seed)
    chosen = np.sort(random.choice(done, max(1, int(SHARE * done.size)), replace=False))
    rows: list[dict[str, Any]] = []
    for structure in chosen.tolist():
        direction = random.normal(size=tensors.COMPONENTS)
        direction /= np.linalg.norm(direction)
        tensor = dataset["elastic_tensor"].values[structure]
        fitted = float(direction @ tensor @ direction)
        measured = _stiffness(structure, direction, p, ctx)
        rows.append(
            {
                "structure": str(dataset["structure"].values[structure]),
                "fitted_gpa": fitted,
                "from_energies_gpa": measured,
                "relative_difference": abs(fitted - measured) / float(np.abs(tensor).max()),
            }
        )
    return {
        "what": "stiffness along a random strain: fitted tensor against energies alone",
        "sample": len(rows),
        "of": int(done.size),
        "largest_relative_difference": max(row["relative_difference"] for row in rows),
        "structures": rows,
    }


def _stiffness(structure: int, direction: Any, p: ElasticParameters, ctx: KernelContext) -> float:
    from ase.units import GPa

    def energy(size: float) -> float:
        atoms = strained(relaxed_atoms(ctx.results, structure), size * direction, p, ctx)
        return float(atoms.get_potential_energy())

    volume = float(relaxed_atoms(ctx.results, structure).get_volume())
    rest = energy(0.0)

    def curvature(size: float) -> float:
        return (energy(size) + energy(-size) - 2 * rest) / size**2

    step = p.strain_max
    return (4 * curvature(step / 2) - curvature(step)) / (3 * volume * float(GPa))
