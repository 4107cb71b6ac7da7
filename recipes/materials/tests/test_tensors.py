"""Elastic tensors from made-up stresses, under rotations, and their averages."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from workbench_materials import tensors

COPPER = (168.4, 121.4, 75.4)


def cubic(c11: float, c12: float, c44: float) -> np.ndarray:
    tensor = np.diag([float(c11)] * 3 + [float(c44)] * 3)
    tensor[:3, :3] += c12 * (1 - np.eye(3))
    return tensor


def triclinic(seed: int) -> np.ndarray:
    half = np.random.default_rng(seed).normal(size=(6, 6))
    return 40 * half @ half.T + 20 * np.eye(6)


def strains(steps: list[float]) -> tuple[np.ndarray, np.ndarray]:
    sizes = np.array([*(-np.array(steps)), *steps])
    return np.repeat(np.arange(6), len(sizes)), np.tile(sizes, 6)


def stresses(tensor, component, amplitude, terms):
    """Stress along each strain path: residual, linear, and the given higher powers."""
    random = np.random.default_rng(7)
    found = random.normal(size=6) + tensor[:, component].T * amplitude[:, None]
    for power in terms:
        direction = 1e3 * random.normal(size=(6, 6))
        found = found + direction[component] * amplitude[:, None] ** power
    return found


@pytest.mark.parametrize(("steps", "terms"), [([0.01], [2, 4]), ([0.005, 0.01], [2, 3, 4])])
def test_fit_is_exact_up_to_the_promised_order(steps, terms):
    tensor = triclinic(1)
    component, amplitude = strains(steps)
    stress = stresses(tensor, component, amplitude, terms)
    assert np.allclose(tensors.fit_tensor(component, amplitude, stress), tensor, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("shares", "term", "ratio"), [([1.0], 3, 4), ([0.5, 1.0], 5, 16), ([0.3, 0.6, 1.0], 5, 16)]
)
def test_error_falls_with_the_promised_power_of_the_strain(shares, term, ratio):
    tensor = triclinic(2)
    errors = []
    for largest in (0.02, 0.01):
        component, amplitude = strains([share * largest for share in shares])
        stress = stresses(tensor, component, amplitude, [term])
        found = tensors.fit_tensor(component, amplitude, stress)
        errors.append(np.abs(found - tensor).max())
    assert errors[0] / errors[1] == pytest.approx(ratio, rel=1e-3)


def test_strains_may_come_in_any_order():
    tensor = triclinic(3)
    component, amplitude = strains([0.005, 0.01])
    order = np.random.default_rng(0).permutation(len(component))
    component, amplitude = component[order], amplitude[order]
    stress = stresses(tensor, component, amplitude, [2, 3])
    assert np.allclose(tensors.fit_tensor(component, amplitude, stress), tensor)


def test_a_strain_without_its_opposite_is_refused():
    component, amplitude = strains([0.01])
    with pytest.raises(ValueError, match="xy must come in pairs"):
        tensors.fit_tensor(component[:-1], amplitude[:-1], np.zeros((11, 6)))


def test_engineering_shear_is_twice_the_tensor_component():
    strain = tensors.strain_matrix([0.01, 0, 0, 0.02, 0, 0.04])
    assert np.allclose(strain, [[0.01, 0.02, 0], [0.02, 0, 0.01], [0, 0.01, 0]])


def test_a_rotated_tensor_gives_the_rotated_stress():
    tensor, turn = triclinic(4), Rotation.random(rng=5).as_matrix()
    strain = np.random.default_rng(6).normal(size=(3, 3))
    strain += strain.T
    stress = np.einsum("ijkm,km->ij", tensors.to_full(tensor), strain)
    turned = np.einsum(
        "ijkm,km->ij", tensors.to_full(tensors.rotate(tensor, turn)), turn @ strain @ turn.T
    )
    assert np.allclose(turned, turn @ stress @ turn.T)


def test_symmetrizing_keeps_what_is_symmetric_and_tells_the_rest():
    group = Rotation.create_group("O").as_matrix()
    copper = cubic(*COPPER)
    same, change = tensors.symmetrized(copper, group)
    assert np.allclose(same, copper)
    assert change < 1e-10
    disturbed = copper.copy()
    disturbed[0, 1] += 0.5
    mended, change = tensors.symmetrized(disturbed, group)
    assert np.allclose(mended, cubic(COPPER[0], COPPER[1] + 0.5 / 6, COPPER[2]))
    assert change == pytest.approx(0.5 - 0.5 / 6)


def test_moduli_of_a_published_tensor():
    # The example of the Materials Project's interface, a cubic Al-Pt compound: tensor, averages
    # and anisotropy as printed there (github.com/materialsproject/mapidoc, materials/elasticity).
    direct = [319.43298108763224, 319.43208297658407, 319.43176996326986]
    cross = [178.12963573334946, 178.129548438403, 178.129473057102]
    tensor = np.diag([*direct, 108.18424078333338, 108.18423757000005, 108.18429138000002])
    for (i, j), value in zip(((0, 1), (0, 2), (1, 2)), cross, strict=True):
        tensor[i, j] = tensor[j, i] = value
    found = tensors.moduli(tensor)
    expected = {
        "bulk_modulus_voigt": 225.23046094279943,
        "bulk_modulus_reuss": 225.23046094201425,
        "shear_modulus_voigt": 93.17109906657547,
        "shear_modulus_reuss": 89.22439690238315,
        "shear_modulus_hill": 91.1977479844793,
        "poisson_ratio": 0.32162138374300725,
        "universal_anisotropy": 0.2211672088169152,
    }
    # The tensor is printed with eight digits and more.
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-6), name


@pytest.mark.parametrize("seed", range(5))
def test_averages_are_those_over_all_orientations(seed):
    # The mean over the icosahedral group is the mean over all rotations: its fourth-rank
    # invariants are the isotropic ones.  Nothing of the formulas of Hill is used.
    tensor = triclinic(seed)
    group = Rotation.create_group("I").as_matrix()
    mean = np.mean([tensors.rotate(tensor, r) for r in group], axis=0)
    scale = np.diag([1, 1, 1, 2, 2, 2])
    soft = np.linalg.inv(tensor) / scale.diagonal()[:, None] / scale.diagonal()
    mean_soft = np.mean([tensors.rotate(soft, r) for r in group], axis=0)
    found = tensors.moduli(tensor)
    assert found["shear_modulus_voigt"] == pytest.approx(mean[3, 3])
    assert found["bulk_modulus_voigt"] == pytest.approx((mean[0, 0] + 2 * mean[0, 1]) / 3)
    assert found["shear_modulus_reuss"] == pytest.approx(1 / (4 * mean_soft[3, 3]))
    bulk = 1 / (3 * (mean_soft[0, 0] + 2 * mean_soft[0, 1]))
    assert found["bulk_modulus_reuss"] == pytest.approx(bulk)


def test_an_isotropic_solid_has_one_answer():
    bulk, shear = 100.0, 40.0
    found = tensors.moduli(cubic(bulk + 4 * shear / 3, bulk - 2 * shear / 3, shear))
    for average in ("voigt", "reuss", "hill"):
        assert found[f"bulk_modulus_{average}"] == pytest.approx(bulk)
        assert found[f"shear_modulus_{average}"] == pytest.approx(shear)
        assert found[f"youngs_modulus_{average}"] == pytest.approx(9 * bulk * shear / 340)
    assert found["universal_anisotropy"] == pytest.approx(0, abs=1e-12)


def test_an_unstable_crystal_has_voigt_averages_alone():
    found = tensors.moduli(cubic(100, 120, 50))
    assert found["bulk_modulus_voigt"] == pytest.approx(340 / 3)
    assert np.isnan([found["bulk_modulus_reuss"], found["shear_modulus_hill"]]).all()
    assert np.isnan([found["youngs_modulus_hill"], found["poisson_ratio"]]).all()


@pytest.mark.parametrize(
    ("constants", "uncertainty", "stable"),
    [
        (COPPER, 0.01, 1),
        ((100, 120, 50), 0.01, 0),  # C11 < C12
        ((120, 100, -1), 0.01, 0),  # C44 < 0
        ((120, -70, 50), 0.01, 0),  # C11 + 2 C12 < 0
        ((100.0, 99.9, 50), 0.2, -1),
        ((0.0, 0.0, 0.0), 0.0, -1),
    ],
)
def test_stability_of_cubic_crystals_follows_born(constants, uncertainty, stable):
    assert tensors.stability(cubic(*constants), uncertainty) == stable


def test_youngs_modulus_along_cubic_directions():
    # Nye 1957, Physical Properties of Crystals, chapter VIII, section 7: 1/E = s11 - 2 (s11 - s12
    # - s44/2) (l1^2 l2^2 + l2^2 l3^2 + l3^2 l1^2), with the compliances of copper.
    c11, c12, c44 = COPPER
    below = (c11 - c12) * (c11 + 2 * c12)
    s11, s12, s44 = (c11 + c12) / below, -c12 / below, 1 / c44
    directions = np.array([[1, 0, 0], [1, 1, 0], [1, 1, 1]]) / np.sqrt([[1], [2], [3]])
    found = tensors.directional_young(cubic(*COPPER), directions)
    expected = [1 / (s11 - 2 * (s11 - s12 - s44 / 2) * weight) for weight in (0, 1 / 4, 1 / 3)]
    assert np.allclose(found, expected)
