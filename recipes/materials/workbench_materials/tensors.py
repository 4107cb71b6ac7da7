"""Elastic tensors: from stresses, under rotations, to moduli and stability.

Everything here is plain arithmetic on numpy arrays.  Tensors are 6 x 6 in GPa, Voigt order
xx yy zz yz xz xy, engineering shear (``gamma = 2 epsilon``); stresses are positive in tension.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

VOIGT = ("xx", "yy", "zz", "yz", "xz", "xy")
COMPONENTS = len(VOIGT)
_PAIRS = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))


def strain_matrix(strain: Any) -> Floats:
    """Return the symmetric strain tensor of six Voigt components.

    Parameters
    ----------
    strain
        Shape (6,), dimensionless; the last three are engineering shears.

    Returns
    -------
    numpy.ndarray, shape (3, 3)
    """
    found = np.zeros((3, 3))
    for value, (i, j) in zip(strain, _PAIRS, strict=True):
        found[i, j] = found[j, i] = value if i == j else value / 2
    return found


def fit_tensor(component: Any, amplitude: Any, stress: Any) -> Floats:
    """Least-squares elastic tensor, not yet symmetric, from strained stresses.

    The strains come in pairs ``+d, -d``.  Half the difference of a pair's stresses holds only
    odd powers of ``d``: the stress of the reference state and every quadratic term are gone.
    It is fitted by ``C d``, where there is one amplitude (error of order ``d**2``), and by
    ``C d + D d**3`` where there are several (error of order ``d**4``).

    Parameters
    ----------
    component
        Which Voigt component was strained, 0 to 5, shape (n,).
    amplitude
        By how much, shape (n,); for each value its negative is there too.
    stress
        Shape (n, 6), any unit.

    Returns
    -------
    numpy.ndarray, shape (6, 6)
        ``C[i, j]``, the derivative of stress `i` by strain `j`, in the unit of the stress.

    Raises
    ------
    ValueError
        When a component was not strained, or a strain has no opposite.
    """
    component, amplitude = np.asarray(component), np.asarray(amplitude, float)
    stress = np.asarray(stress, float)
    tensor = np.empty((6, 6))
    for j in range(6):
        mine = component == j
        plus, minus = mine & (amplitude > 0), mine & (amplitude < 0)
        up, down = np.argsort(amplitude[plus]), np.argsort(-amplitude[minus])
        size = amplitude[plus][up]
        if not size.size or not np.array_equal(size, -amplitude[minus][down]):
            raise ValueError(f"Strains of {VOIGT[j]} must come in pairs of opposite sign.")
        odd = (stress[plus][up] - stress[minus][down]) / 2
        powers = size[:, None] ** np.array([1, 3] if size.size > 1 else [1])
        # Scaled columns: a power of a small strain would ruin the condition of the fit.
        scale = np.abs(powers).max(axis=0)
        tensor[:, j] = np.linalg.lstsq(powers / scale, odd, rcond=None)[0][0] / scale[0]
    return tensor


def to_full(tensor: Floats) -> Floats:
    """Return the (3, 3, 3, 3) stiffness of a (6, 6) one."""
    full = np.empty((3, 3, 3, 3))
    for a, (i, j) in enumerate(_PAIRS):
        for b, (k, m) in enumerate(_PAIRS):
            full[i, j, k, m] = full[j, i, k, m] = full[i, j, m, k] = full[j, i, m, k] = tensor[a, b]
    return full


def to_voigt(full: Floats) -> Floats:
    """Return the (6, 6) stiffness of a (3, 3, 3, 3) one."""
    return np.array([[full[i, j, k, m] for k, m in _PAIRS] for i, j in _PAIRS])


def rotate(tensor: Floats, rotation: Floats) -> Floats:
    """Return the stiffness of a crystal turned by `rotation` (``x' = R x``), shape (6, 6)."""
    r = rotation
    return to_voigt(np.einsum("ai,bj,ck,dm,ijkm->abcd", r, r, r, r, to_full(tensor), optimize=True))


def symmetrized(tensor: Floats, rotations: Floats) -> tuple[Floats, float]:
    """Average a tensor over its index symmetry and the crystal's point group.

    Parameters
    ----------
    tensor
        Shape (6, 6), GPa.
    rotations
        The point group in the axes of the tensor, shape (n, 3, 3); the identity alone for none.

    Returns
    -------
    tuple
        The tensor that has the crystal's symmetry (Neumann's principle), and the largest
        change that this made to an element, GPa: how far the stresses were from obeying it.
    """
    symmetric = (tensor + tensor.T) / 2
    mean = np.mean([rotate(symmetric, r) for r in rotations], axis=0)
    return mean, float(np.abs(mean - tensor).max())


def moduli(tensor: Floats) -> dict[str, float]:
    """Bulk, shear and Young's moduli of a random polycrystal; Voigt, Reuss and Hill, GPa.

    Voigt's averages need the stiffness alone.  Reuss's need its inverse and mean nothing for an
    unstable crystal: where the tensor is not positive definite, they and Hill's are NaN.

    Returns
    -------
    dict
        ``{bulk,shear,youngs}_modulus_{voigt,reuss,hill}``, ``poisson_ratio`` (Hill) and
        ``universal_anisotropy``, the last two without unit.

    References
    ----------
    Hill 1952, doi:10.1088/0370-1298/65/5/307; Ranganathan and Ostoja-Starzewski 2008,
    doi:10.1103/PhysRevLett.101.055504.
    """
    bulk, shear = _averages(tensor)
    values = {"voigt": (bulk, shear), "reuss": (np.nan, np.nan)}
    if np.linalg.eigvalsh(tensor).min() > 0:
        values["reuss"] = _reuss(np.asarray(np.linalg.inv(tensor), np.float64))
    values["hill"] = (
        (values["voigt"][0] + values["reuss"][0]) / 2,
        (values["voigt"][1] + values["reuss"][1]) / 2,
    )
    found = {}
    for name, (k, g) in values.items():
        found[f"bulk_modulus_{name}"] = k
        found[f"shear_modulus_{name}"] = g
        found[f"youngs_modulus_{name}"] = 9 * k * g / (3 * k + g) if 3 * k + g else np.nan
    k, g = values["hill"]
    found["poisson_ratio"] = (3 * k - 2 * g) / (6 * k + 2 * g)
    k_reuss, g_reuss = values["reuss"]
    found["universal_anisotropy"] = 5 * shear / g_reuss + bulk / k_reuss - 6
    return {name: float(value) for name, value in found.items()}


def _averages(c: Floats) -> tuple[float, float]:
    """Voigt's bulk and shear modulus: eqs. (1) of Hill 1952."""
    direct = c[0, 0] + c[1, 1] + c[2, 2]
    cross = c[0, 1] + c[1, 2] + c[0, 2]
    shears = c[3, 3] + c[4, 4] + c[5, 5]
    return (direct + 2 * cross) / 9, (direct - cross + 3 * shears) / 15


def _reuss(s: Floats) -> tuple[float, float]:
    """Reuss's bulk and shear modulus from the compliance in 1/GPa: eqs. (2) of Hill 1952."""
    direct = s[0, 0] + s[1, 1] + s[2, 2]
    cross = s[0, 1] + s[1, 2] + s[0, 2]
    shears = s[3, 3] + s[4, 4] + s[5, 5]
    return 1 / (direct + 2 * cross), 15 / (4 * direct - 4 * cross + 3 * shears)


def stability(tensor: Floats, uncertainty: float) -> int:
    """Say whether a crystal withstands every small strain.

    It does if and only if its stiffness is positive definite, whatever the crystal system.

    Parameters
    ----------
    tensor
        Symmetric, shape (6, 6), GPa.
    uncertainty
        What an eigenvalue may be off by, GPa.

    Returns
    -------
    int
        1 yes, 0 no, -1 where the smallest eigenvalue lies within the uncertainty.

    References
    ----------
    Mouhat and Coudert 2014, eq. (3), doi:10.1103/PhysRevB.90.224104.
    """
    values = np.linalg.eigvalsh(tensor)
    margin = max(uncertainty, 1e-9 * float(np.abs(values).max()))
    if abs(values[0]) <= margin:
        return -1
    return int(values[0] > 0)


def directional_young(tensor: Floats, directions: Floats) -> Floats:
    """Young's modulus along directions, GPa: ``1 / (n n S n n)``.

    Parameters
    ----------
    tensor
        Positive definite, shape (6, 6), GPa.
    directions
        Unit vectors, shape (n, 3).

    Returns
    -------
    numpy.ndarray, shape (n,)
    """
    n = directions
    # Uniaxial stress n n^T in Voigt order; compliance in the engineering convention.
    load = np.stack([n[:, i] * n[:, j] for i, j in _PAIRS], axis=1)
    return np.asarray(1 / np.einsum("ni,ij,nj->n", load, np.linalg.inv(tensor), load))
