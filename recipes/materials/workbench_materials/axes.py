"""A crystal's standard axes: spglib's conventional cell, oriented as IEEE 176 asks.

====================  =====================================================================
system                axes
====================  =====================================================================
cubic                 x, y, z along a, b, c
hexagonal, trigonal   z along c, x along a (hexagonal setting, obverse)
tetragonal            z along c, x along a
orthorhombic          z along the shortest axis, x the middle one, y the longest (c < a < b)
monoclinic            y along the unique axis, z along the shorter of the two others (beta > 90)
triclinic             z along the shortest axis, y normal to it and the next longer one
====================  =====================================================================

Of the settings that the crystal's own symmetry makes equal, the one nearest to the input's
orientation is taken, so that a crystal that already stands right is not turned at all.

References
----------
IEEE 176-1987, section 3.2, doi:10.1109/IEEESTD.1988.79638; for crystals without piezoelectric
effect as de Jong et al. 2015, doi:10.1038/sdata.2015.9.  Togo et al. 2024 (spglib),
doi:10.1080/27660400.2024.2384822.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import spglib
from numpy.typing import NDArray

from workbench import WorkbenchError

Floats = NDArray[np.float64]

# A turn smaller than this (the trace of its matrix) is none: only rounding would change.
_NO_TURN = 1e-9


class SymmetryNotFound(WorkbenchError):  # noqa: N818 - reads as a sentence where it is raised
    """No symmetry within the tolerance."""

    code = "symmetry"


@dataclass(frozen=True, eq=False)
class Axes:
    """Where a crystal's standard axes lie.

    Attributes
    ----------
    space_group
        International number, 1 to 230.
    rotation
        Turns the crystal into its standard axes (``x' = R x``), shape (3, 3).
    point_group
        Cartesian operations of the crystal in its standard axes, shape (n, 3, 3).
    """

    space_group: int
    rotation: Floats
    point_group: Floats


def standard_axes(cell: Any, scaled: Any, numbers: Any, *, symprec: float) -> Axes:
    """Find the standard axes of a crystal.

    Parameters
    ----------
    cell
        Lattice vectors as rows, angstrom, shape (3, 3).
    scaled
        Positions in units of them, shape (n, 3).
    numbers
        Atomic numbers, shape (n,).
    symprec
        How far an atom may be from its symmetric place, angstrom.

    Raises
    ------
    SymmetryNotFound
        When spglib finds no symmetry, not even the identity.
    """
    cell = np.asarray(cell, float)
    found = _symmetry((cell, scaled, numbers), symprec)
    # spglib's rotation carries the rounding of the idealized cell; the nearest rotation is meant.
    left, _, right = np.linalg.svd(found.std_rotation_matrix)
    to_standard = ieee_rotation(found.number, found.std_lattice) @ (left @ right)
    basis = cell.T
    group = [basis @ op @ np.linalg.inv(basis) for op in _distinct(found.rotations)]
    rotation = _nearest(to_standard, [op for op in group if np.linalg.det(op) > 0])
    turned = np.array([rotation @ op @ rotation.T for op in group])
    return Axes(int(found.number), rotation, turned)


def _symmetry(crystal: tuple[Any, Any, Any], symprec: float) -> Any:
    cause = None
    with warnings.catch_warnings():
        # Versions before 3 warn at each call that they will raise instead of returning None.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            found = spglib.get_symmetry_dataset(crystal, symprec=symprec)
        except spglib.SpglibError as error:
            found, cause = None, error
    if found is None:
        raise SymmetryNotFound(
            f"spglib finds no symmetry within {symprec} angstrom. Are two atoms at one place? "
            "Otherwise try another symprec."
        ) from cause
    return found


def ieee_rotation(space_group: int, lattice: Floats) -> Floats:
    """Turn spglib's idealized axes (a along x, c* along z) into the standard ones.

    Parameters
    ----------
    space_group
        International number; it names the crystal system.
    lattice
        spglib's standardized conventional lattice, rows, angstrom.

    Returns
    -------
    numpy.ndarray, shape (3, 3)
        A proper rotation, ``x' = R x``.
    """
    if space_group >= 75:
        return np.eye(3)
    if space_group >= 16:
        shortest, middle, _ = np.argsort(np.linalg.norm(lattice, axis=1), kind="stable")
        x, z = _unit(lattice[middle]), _unit(lattice[shortest])
        return np.stack([x, np.cross(z, x), z])
    if space_group >= 3:
        return _monoclinic(lattice)
    return _triclinic(lattice)


def _monoclinic(lattice: Floats) -> Floats:
    short, long = sorted((lattice[0], lattice[2]), key=lambda v: float(np.linalg.norm(v)))
    if short @ long > 0:
        long = -long
    return _from_z_and_y(short, np.cross(short, long))


def _triclinic(lattice: Floats) -> Floats:
    c, a, b = lattice[np.argsort(np.linalg.norm(lattice, axis=1), kind="stable")]
    a = -a if c @ a > 0 else a
    b = -b if c @ b > 0 else b
    if np.cross(c, a) @ b < 0:
        c, a = -c, -a
    return _from_z_and_y(c, np.cross(c, a))


def _from_z_and_y(along_z: Floats, along_y: Floats) -> Floats:
    z, y = _unit(along_z), _unit(along_y)
    return np.stack([np.cross(y, z), y, z])


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / np.linalg.norm(vector))


def _distinct(rotations: Any) -> Floats:
    """Drop the repetitions that the translations of a larger cell cause."""
    return np.asarray(np.unique(np.asarray(rotations), axis=0), float)


def _nearest(to_standard: Floats, proper: list[Floats]) -> Floats:
    """Choose among settings that symmetry makes equal the one that turns least."""
    choices = [to_standard @ op for op in proper]
    traces = [float(np.trace(choice)) for choice in choices]
    best = int(np.argmax(np.round(traces, 6)))
    if traces[best] > 3 - _NO_TURN:
        return np.eye(3)
    left, _, right = np.linalg.svd(choices[best])
    return np.asarray(left @ right)
