"""Standard axes of crystals of every system, whichever way they come in."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.spacegroup import crystal
from scipy.spatial.transform import Rotation

from workbench_materials.axes import SymmetryNotFound, standard_axes


def _two(spacegroup, *cellpar, sites=((0.11, 0.23, 0.31), (0.37, 0.12, 0.09))) -> Atoms:
    return crystal(["Cu", "Au"], sites, spacegroup=spacegroup, cellpar=cellpar)


CRYSTALS = {
    "cubic": lambda: bulk("Cu", "fcc", a=3.6),
    "hexagonal": lambda: bulk("Mg", "hcp", a=3.2, c=5.2),
    "trigonal": lambda: _two(166, 4.5, 4.5, 11.9, 90, 90, 120, sites=((0, 0, 0.23), (0, 0, 0))),
    "tetragonal": lambda: _two(123, 2.8, 2.8, 3.6, 90, 90, 90, sites=((0, 0, 0), (0.5, 0.5, 0.5))),
    "orthorhombic": lambda: _two(
        62, 5.2, 4.1, 6.3, 90, 90, 90, sites=((0.1, 0.25, 0.2), (0.4, 0.25, 0.6))
    ),
    "monoclinic": lambda: _two(14, 7.1, 5.3, 4.6, 90, 104, 90),
    "triclinic": lambda: _two(2, 4.1, 6.3, 5.2, 97, 101, 95),
}
NUMBERS = {
    "cubic": 225,
    "hexagonal": 194,
    "trigonal": 166,
    "tetragonal": 123,
    "orthorhombic": 62,
    "monoclinic": 14,
    "triclinic": 2,
}


def axes_of(atoms):
    return standard_axes(
        atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers, symprec=1e-3
    )


def turned(atoms, rotation):
    found = atoms.copy()
    found.set_cell(atoms.cell.array @ rotation.T, scale_atoms=True)
    return found


@pytest.mark.parametrize("system", CRYSTALS)
@pytest.mark.parametrize("seed", range(3))
def test_any_orientation_and_cell_comes_to_the_same_axes(system, seed):
    atoms = CRYSTALS[system]()
    here = axes_of(atoms)
    assert here.space_group == NUMBERS[system]
    random = np.random.default_rng(seed)
    turn = Rotation.random(rng=random).as_matrix()
    other = turned(atoms, turn)
    # Another cell of the same lattice, and atoms elsewhere in it and in another order.
    other.set_cell(np.array([[1, 1, 0], [0, 1, 0], [0, 1, 1]]) @ other.cell.array)
    other.positions += random.normal(size=3)
    other = other[random.permutation(len(other))]
    there = axes_of(other)
    # What lies between the two standard settings is an operation of the crystal.
    between = there.rotation @ turn @ here.rotation.T
    distance = np.abs(here.point_group - between).max(axis=(1, 2)).min()
    assert distance < 1e-6


@pytest.mark.parametrize("system", CRYSTALS)
def test_axes_are_a_proper_rotation_and_the_group_is_one(system):
    found = axes_of(turned(CRYSTALS[system](), Rotation.random(rng=3).as_matrix()))
    assert np.allclose(found.rotation @ found.rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(found.rotation) == pytest.approx(1)
    products = np.einsum("aij,bjk->abik", found.point_group, found.point_group)
    for product in products.reshape(-1, 3, 3):
        assert np.abs(found.point_group - product).max(axis=(1, 2)).min() < 1e-6


@pytest.mark.parametrize(
    ("atoms", "why"),
    [
        (bulk("Cu", "fcc", a=3.6, cubic=True), "conventional cell"),
        (bulk("Cu", "fcc", a=3.6), "primitive cell in ASE's orientation"),
        (bulk("Mg", "hcp", a=3.2, c=5.2), "a along x, c along z"),
        (bulk("Cu", "fcc", a=3.6, cubic=True) * (2, 1, 3), "supercell"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_crystal_that_stands_right_is_not_turned(atoms, why):
    assert np.array_equal(axes_of(atoms).rotation, np.eye(3)), why


def standing(system):
    atoms = turned(CRYSTALS[system](), Rotation.random(rng=11).as_matrix())
    return turned(atoms, axes_of(atoms).rotation).cell.array


def test_orthorhombic_axes_are_ordered_by_length():
    # IEEE 176: c < a < b along z, x, y; the cell has edges 5.2, 4.1 and 6.3 angstrom.
    lengths = np.abs(standing("orthorhombic")).max(axis=0)
    assert np.allclose(lengths, [5.2, 6.3, 4.1])


def test_monoclinic_axis_lies_along_y_and_the_shorter_other_along_z():
    a, b, c = standing("monoclinic")
    assert np.allclose(np.abs(b), [0, 5.3, 0], atol=1e-6)
    assert np.allclose(np.abs(c), [0, 0, 4.6], atol=1e-6)
    # The angle between +x and the longer axis's direction away from +z is obtuse: beta > 90.
    long = a if a[0] > 0 else -a
    assert long[2] < 0


def test_hexagonal_axes():
    a, _, c = standing("hexagonal")
    assert np.allclose(np.abs(c), [0, 0, 5.2], atol=1e-6)
    angle = np.degrees(np.arctan2(a[1], a[0])) % 60
    assert min(angle, 60 - angle) == pytest.approx(0, abs=1e-4)


def test_triclinic_axes():
    edges = standing("triclinic")
    short, middle, long = edges[np.argsort(np.linalg.norm(edges, axis=1))]
    assert np.allclose(short[:2], 0, atol=1e-6)
    assert abs(middle[1]) < 1e-6
    assert abs(long[1]) > 1


def test_atoms_at_one_place_have_no_axes():
    atoms = Atoms("Cu2", [(0, 0, 0), (0, 0, 0)], cell=[3, 3, 3], pbc=True)
    with pytest.raises(SymmetryNotFound, match="two atoms at one place"):
        axes_of(atoms)
