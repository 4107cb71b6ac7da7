"""Elastic constants of materials.elastic against published values and an independent computation.

What is compared with what, and why within how much, stands beside each value.  The runs go the
whole way: command line, driver, workers, result.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.io import write
from ase.units import Bohr, GPa
from scipy.optimize import minimize_scalar

import workbench

pytestmark = [pytest.mark.science, pytest.mark.timeout(300)]

COMMAND = (sys.executable, "-c", "from workbench.cli import main; main(prog_name='workbench')")
METALS = {"Al": 4.05, "Cu": 3.61, "Ni": 3.52}


def call(home: Path, *words: str) -> dict:
    done = subprocess.run(
        [*COMMAND, *words, "--json"],
        env={**os.environ, "WORKBENCH_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Results by calculator and element: ``{calculator: {element: {name: value}}}``."""
    home = tmp_path_factory.mktemp("home")
    metals, silicon = tmp_path_factory.mktemp("metals"), tmp_path_factory.mktemp("silicon")
    for element, a in METALS.items():
        write(metals / f"{element}.cif", bulk(element, "fcc", a=a, cubic=True), format="cif")
    write(silicon / "Si.vasp", bulk("Si", "diamond", a=5.43), format="vasp")
    folders = {"emt": metals, "emt-asap": metals, "tersoff-si": silicon}
    try:
        yield {name: _run(home, name, folder) for name, folder in folders.items()}
    finally:
        call(home, "cluster", "stop", "local")


def _run(home: Path, calculator: str, structures: Path) -> dict[str, dict[str, np.ndarray]]:
    values = (f"structures={structures}", f"calculator={calculator}")
    sets = [word for value in values for word in ("--set", value)]
    done = call(home, "run", "start", "materials.elastic", *sets, "--wait")
    assert done["state"] == "completed"
    before = os.environ.get("WORKBENCH_HOME")
    os.environ["WORKBENCH_HOME"] = str(home)
    try:
        with workbench.open_run(done["run_id"]).open() as dataset:
            dataset.load()
    finally:
        os.environ.pop("WORKBENCH_HOME")
        if before is not None:
            os.environ["WORKBENCH_HOME"] = before
    return {
        str(name): {key: dataset[key].values[i] for key in ("lattice", "elastic_tensor", "stable")}
        | {"bulk": float(dataset["bulk_modulus_hill"].values[i])}
        for i, name in enumerate(dataset["structure"].values)
    }


def cubic(tensor: np.ndarray) -> tuple[float, float, float]:
    """C11, C12, C44 of a cubic tensor in GPa; fails where it is not cubic."""
    c11, c12, c44 = tensor[0, 0], tensor[0, 1], tensor[3, 3]
    expected = np.diag([c11 - c12] * 3 + [c44] * 3)
    expected[:3, :3] += c12
    assert np.abs(tensor - expected).max() < 1e-6
    return c11, c12, c44


# Jacobsen, Stoltze, Norskov 1996, Surf. Sci. 366, 394, doi:10.1016/0039-6028(96)00816-3: E0 (eV),
# s0 (bohr) and lambda (1/bohr) of Table 1.  Their cohesive function E0 (1 + x) exp(-x), with
# x = lambda (s - s0), fixes the bulk modulus at the minimum: B = -E0 lambda^2 / (12 pi s0).  That
# is the value the potential was made to have (137 and 186 GPa, the measured ones).
# Tolerance: the equation holds while only nearest neighbours count.  Both codes sum up to a
# cutoff: 2 % for copper; ASE takes one cutoff for all elements, between the fourth and fifth
# shell of nickel, which costs 5 % (2.5 % with Asap's, element by element).
@pytest.mark.parametrize(
    ("calculator", "element", "e0", "s0", "slope", "within"),
    [
        ("emt", "Cu", -3.51, 2.67, 1.906, 0.025),
        ("emt", "Ni", -4.44, 2.60, 1.948, 0.06),
        ("emt-asap", "Cu", -3.51, 2.67, 1.906, 0.025),
        ("emt-asap", "Ni", -4.44, 2.60, 1.948, 0.03),
    ],
)
def test_bulk_moduli_are_those_of_the_published_parameters(
    results, calculator, element, e0, s0, slope, within
):
    published = -e0 * slope**2 / (12 * np.pi * s0) / Bohr**3 / GPa
    assert published == pytest.approx({"Cu": 137.0, "Ni": 185.9}[element], abs=0.05)
    assert results[calculator][element]["bulk"] == pytest.approx(published, rel=within)


# Asap is the authors' own code.  Its test suite (asap3 3.13.11, asap3/test/test_stress.py) prints
# for copper C11 171.65, C12 114.82, C44 89.00 and B 133.99 GPa, from straight lines through
# stresses and parabolas through energies over strains of -1 % to 1 %, which curves them by up to
# 1 %; hence 1 %, and 2 % for ASE's other cutoff.
@pytest.mark.parametrize(("calculator", "within"), [("emt-asap", 0.01), ("emt", 0.02)])
def test_copper_has_the_constants_that_the_authors_code_expects(results, calculator, within):
    found = results[calculator]["Cu"]
    published = (171.65, 114.82, 89.00)
    assert cubic(found["elastic_tensor"]) == pytest.approx(published, rel=within)
    assert found["bulk"] == pytest.approx(133.99, rel=within)


# The same code asked for nickel and copper: asap3 3.13.11, 4 x 4 x 4 cubic cells, central
# differences of its stress at strains of 0.2 % around its own minimum, printed to 0.01 GPa.  The
# difference's own error is 0.01 % there; hence 0.05 %.
@pytest.mark.parametrize(
    ("element", "a", "constants"),
    [("Cu", 3.5928, (172.95, 115.69, 89.73)), ("Ni", 3.4919, (243.02, 150.49, 147.31))],
)
def test_lattice_and_constants_are_those_of_the_authors_code(results, element, a, constants):
    found = results["emt-asap"][element]
    assert np.diag(found["lattice"]) == pytest.approx([a] * 3, abs=1e-4)
    assert cubic(found["elastic_tensor"]) == pytest.approx(constants, rel=5e-4)


# Tersoff 1988, Phys. Rev. B 38, 9902, doi:10.1103/PhysRevB.38.9902, silicon: C11 1.425, C12 0.754,
# C44 0.690 Mbar with relaxed ions (1.188 with ions held).  Tolerance: half of the last digit.
def test_silicon_has_tersoffs_constants(results):
    found = cubic(results["tersoff-si"]["Si"]["elastic_tensor"])
    assert found == pytest.approx((142.5, 75.4, 69.0), abs=0.05)


@pytest.mark.parametrize("element", METALS)
def test_constants_are_the_curvatures_of_the_energy(results, element):
    """An independent computation: plain ASE, total energies alone, no stress, none of our code.

    Lattice constant from the minimum of E(a); then polynomials of degree 6 through energies at
    nine strains of up to 1 % along three paths.  Lattices relaxed to forces of 1e-4 eV/angstrom
    are 1e-5 angstrom apart, which is 2e-5 of a constant.  Nickel's fifth shell is at ASE's cutoff
    when strained: there the two polynomials differ by 1.2e-4.
    """
    a = _lattice_constant(element)
    along = {
        "C11": _curvature(element, a, [1, 0, 0, 0, 0, 0]),
        "C11 + 2 C12": _curvature(element, a, [1, 1, 1, 0, 0, 0]) / 3,
        "C44": _curvature(element, a, [0, 0, 0, 1, 0, 0]),
    }
    found = results["emt"][element]
    assert np.diag(found["lattice"]) == pytest.approx([a] * 3, abs=1e-4)
    c11, c12, c44 = cubic(found["elastic_tensor"])
    ours = {"C11": c11, "C11 + 2 C12": c11 + 2 * c12, "C44": c44}
    assert ours == pytest.approx(along, rel=3e-4)
    assert found["stable"] == 1


def _energy(element: str, a: float, deformation: np.ndarray) -> float:
    atoms = bulk(element, "fcc", a=a)
    atoms.set_cell(atoms.cell.array @ deformation, scale_atoms=True)
    atoms.calc = EMT()
    return atoms.get_potential_energy()


def _lattice_constant(element: str) -> float:
    start = METALS[element]
    found = minimize_scalar(
        lambda a: _energy(element, a, np.eye(3)), bracket=(0.97 * start, start), tol=1e-12
    )
    return float(found.x)


def _curvature(element: str, a: float, direction: list[int]) -> float:
    """Second derivative of the energy per volume along a strain in Voigt notation, GPa."""
    xx, yy, zz, yz, xz, xy = direction
    strain = np.array([[xx, xy / 2, xz / 2], [xy / 2, yy, yz / 2], [xz / 2, yz / 2, zz]])
    sizes = np.linspace(-0.01, 0.01, 9)
    energies = [_energy(element, a, np.eye(3) + size * strain) for size in sizes]
    fitted = np.polynomial.Polynomial.fit(sizes, energies, 6).convert()
    return float(2 * fitted.coef[2] / (a**3 / 4) / GPa)
