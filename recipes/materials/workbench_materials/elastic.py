"""materials.elastic: relaxed lattice, elastic tensor, moduli and stability of crystals.

Stages: ``relax`` (structure), ``strain`` (structure x strain), ``fit`` (structure).  What is
computed, and how exactly, stands in ``docs/recipes-materials-elastic.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from workbench import Example, Output, Picture, Recipe, Stage
from workbench_materials.elastic_audit import audit
from workbench_materials.elastic_figures import figures
from workbench_materials.elastic_notes import notes
from workbench_materials.elastic_parameters import ElasticParameters, check_parameters
from workbench_materials.elastic_stages import (
    fit,
    plan_fit,
    plan_relax,
    plan_strain,
    relax,
    strain,
    strain_label,
)

HILL = "doi:10.1088/0370-1298/65/5/307"
MOUHAT = "doi:10.1103/PhysRevB.90.224104"
RANGANATHAN = "doi:10.1103/PhysRevLett.101.055504"
IEEE = "doi:10.1109/IEEESTD.1988.79638"
SPGLIB = "doi:10.1080/27660400.2024.2384822"

_EXAMPLES = Path(__file__).parent / "examples"
_MODULI = {"bulk": "bulk", "shear": "shear", "youngs": "Young's"}
_AVERAGES = {"hill": "Hill", "voigt": "Voigt", "reuss": "Reuss"}


def _scalar(name: str, unit: str, long_name: str, source: str = "", **more: object) -> Output:
    return Output(
        name=name,
        dims=("structure",),
        unit=unit,
        long_name=long_name,
        source=source,
        **more,  # type: ignore[arg-type]
    )


def _modulus(name: str, average: str) -> Output:
    # Reuss's and Hill's mean nothing for an unstable crystal: NaN there, and no failure.
    title = f"{_MODULI[name]} modulus, {_AVERAGES[average]} average"
    return _scalar(f"{name}_modulus_{average}", "GPa", title, HILL, allow_nan=average != "voigt")


_ATOM_COLUMNS = (
    Output(name="atom_structure", dtype="int32", long_name="number of the atom's structure"),
    Output(name="atom_index", dtype="int32", long_name="number of the atom in its structure"),
    Output(name="atomic_number", dtype="int16", long_name="atomic number"),
    *(
        Output(name=f"atom_{axis}", unit="angstrom", long_name=f"{axis} of the relaxed atom")
        for axis in "xyz"
    ),
)

# In the order in which tables show them.
RELAXED = (
    _scalar("formula", "1", "chemical formula of the cell", dtype="str"),
    _scalar("space_group", "1", "international space group number", SPGLIB, dtype="int32"),
    _scalar("energy", "eV", "energy of the relaxed cell"),
    Output(
        name="lattice",
        dims=("structure", "vector", "xyz"),
        unit="angstrom",
        long_name="relaxed lattice vectors of the given cell, in standard axes",
        source=IEEE,
    ),
    Output(
        name="atoms",
        dims=("structure", "atom"),
        kind="rows",
        columns=_ATOM_COLUMNS,
        key=("atom_structure", "atom_index"),
        long_name="relaxed atoms",
    ),
)

STRESSES = (
    Output(
        name="stress",
        dims=("strain", "voigt_i"),
        unit="GPa",
        long_name="stress of the strained crystal, positive in tension",
    ),
)

FITTED = (
    Output(
        name="elastic_tensor",
        dims=("structure", "voigt_i", "voigt_j"),
        unit="GPa",
        long_name="elastic tensor with relaxed ions, standard axes, engineering shear",
        source=IEEE,
    ),
    _scalar(
        "stable",
        "1",
        "elastic stability: 1 yes, 0 no, -1 unknown",
        MOUHAT,
        dtype="int8",
    ),
    *(_modulus(name, average) for average in _AVERAGES for name in _MODULI),
    _scalar("poisson_ratio", "1", "Poisson ratio, Hill average", HILL, allow_nan=True),
    _scalar("universal_anisotropy", "1", "universal anisotropy index", RANGANATHAN, allow_nan=True),
    _scalar("asymmetry", "GPa", "largest change that imposing index and crystal symmetry made"),
)


def _values(file: str) -> Mapping[str, object]:
    return {"structures": _EXAMPLES / file}


recipe = Recipe(
    id="materials.elastic",
    version="1",
    title="Elastic tensors",
    question="How stiff is this crystal, in which directions, and is it stable?",
    field="materials",
    parameters=ElasticParameters,
    check=check_parameters,
    stages=(
        Stage(name="relax", outputs=RELAXED, plan=plan_relax, kernel=relax),
        Stage(name="strain", outputs=STRESSES, plan=plan_strain, kernel=strain, label=strain_label),
        Stage(name="fit", outputs=FITTED, plan=plan_fit, kernel=fit),
    ),
    items="structure",
    figures=figures,
    audit=audit,
    notes=notes,
    table="structure",
    columns=("formula", "stable", *(f"{name}_modulus_hill" for name in _MODULI), "poisson_ratio"),
    requires=("ase", "spglib"),
    references=(
        HILL,
        MOUHAT,
        RANGANATHAN,
        IEEE,
        SPGLIB,
        "doi:10.1088/1361-648X/aa680e",  # ASE
        "doi:10.1016/0039-6028(96)00816-3",  # effective medium theory
        "doi:10.1038/sdata.2015.9",  # axes of the Materials Project's tensors
    ),
    picture=Picture(
        file=Path(__file__).with_name("elastic.png"),
        caption="Young's modulus of the example's seven metals, from the softest to the stiffest "
        "direction of the crystal",
    ),
    examples=(
        Example(
            name="metals",
            title="Seven fcc metals: aluminium, copper, silver, gold, nickel, palladium, platinum",
            values=lambda: _values("metals"),
        ),
        Example(
            name="alloys",
            title="Ordered copper-gold alloys in one extended XYZ file, cubic and tetragonal",
            values=lambda: _values("alloys/copper-gold.xyz"),
        ),
    ),
)
