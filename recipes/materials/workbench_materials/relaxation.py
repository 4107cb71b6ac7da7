"""Relaxing a crystal: the whole cell, or the ions in a fixed one."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from workbench import WorkbenchError

# BFGS is quick near a minimum, FIRE patient far from one.
_OPTIMIZERS = ("BFGS", "FIRE")


class NotRelaxed(WorkbenchError):  # noqa: N818 - reads as a sentence where it is raised
    """Forces stayed too large, or became no numbers."""

    code = "not_relaxed"


def relax_cell(atoms: Any, *, fmax: float, max_steps: int) -> None:
    """Relax lattice and ions of a crystal that has a calculator, in place.

    Parameters
    ----------
    atoms
        ``ase.Atoms``.
    fmax
        Largest force that may remain, eV/angstrom; for the cell, stress times volume per atom
        (ASE's ``FrechetCellFilter``), eV.
    max_steps
        After so many steps another optimizer takes over, once.

    Raises
    ------
    NotRelaxed
        When neither gets there.
    """
    from ase.filters import FrechetCellFilter

    with warnings.catch_warnings():
        # SciPy doubts logarithms of nearly unstrained cells at 1e-13: far below any force.
        warnings.filterwarnings("ignore", "logm result may be inaccurate", RuntimeWarning)
        _relax(FrechetCellFilter(atoms), fmax, max_steps)


def relax_ions(atoms: Any, *, fmax: float, max_steps: int) -> None:
    """Relax the ions alone; see :func:`relax_cell`."""
    _relax(atoms, fmax, max_steps)


def _relax(what: Any, fmax: float, max_steps: int) -> None:
    from ase import optimize

    for name in _OPTIMIZERS:
        optimizer = getattr(optimize, name)(what, logfile=None)
        converged = bool(optimizer.run(fmax=fmax, steps=max_steps))
        forces = np.asarray(what.get_forces())
        if not np.isfinite(forces).all():
            raise NotRelaxed(
                "the calculator gives forces that are no numbers: it does not know this structure "
                "well, or atoms are too close."
            )
        if converged:
            return
    left = float(np.sqrt((forces**2).sum(axis=1).max()))
    raise NotRelaxed(
        f"not relaxed after {max_steps} steps of BFGS and {max_steps} of FIRE: {left:.2g} "
        f"eV/angstrom remain, fmax is {fmax:g}. Give more max_steps, a larger fmax, or a structure "
        "nearer to its minimum."
    )
