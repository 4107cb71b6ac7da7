"""Calculators by name: those that are here, those that could be, those that packages add."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

from workbench import ParameterError
from workbench_materials import calculators

PLUG_IN = {
    "morse_plug.py": """
from workbench_materials.calculators import Model

def build(device):
    from ase.calculators.morse import MorsePotential
    return MorsePotential(rho0=4, r0=2.6, epsilon=0.3)

copper = Model(title="Morse copper", build=build, elements=frozenset({"Cu"}))
""",
    "morse_plug-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: morse-plug\nVersion: 1\n",
    "morse_plug-1.dist-info/entry_points.txt": """[workbench_materials.calculators]
morse-cu = morse_plug:copper
broken = morse_plug:nothing
no-model = morse_plug:build
""",
}
ASK = """
import json, sys
from workbench import ParameterError
from workbench_materials import calculators
said = {}
for name in sys.argv[1:]:
    try:
        calculators.find(name)
    except ParameterError as error:
        said[name] = error.message
    else:
        said[name] = "found"
model = calculators.find("morse-cu")
from ase.build import bulk
atoms = bulk("Cu", a=3.6)
atoms.calc = model.build("cpu")
said["energy"] = atoms.get_potential_energy()
print(json.dumps(said))
"""


@pytest.mark.parametrize(
    ("name", "symbol", "structure", "a"),
    [
        ("emt", "Cu", "fcc", 3.6),
        ("emt-asap", "Ni", "fcc", 3.5),
        ("tersoff-si", "Si", "diamond", 5.4),
    ],
)
def test_what_is_offered_computes_stresses_that_are_derivatives_of_the_energy(
    name, symbol, structure, a
):
    def crystal(strain):
        atoms = bulk(symbol, structure, a=a)
        atoms.rattle(0.01, seed=1)
        atoms.set_cell(atoms.cell.array @ (np.eye(3) + strain), scale_atoms=True)
        atoms.calc = calculators.find(name).build("cpu")
        return atoms

    step = 1e-4 * np.array([[1, 0.3, 0], [0.3, 0, 0], [0, 0, 0]])
    here = crystal(0 * step)
    stress = here.get_stress(voigt=False)
    rise = crystal(step).get_potential_energy() - crystal(-step).get_potential_energy()
    # Central difference: the third derivative leaves about 1e-7 of it.
    assert rise / 2 == pytest.approx(np.sum(stress * step) * here.get_volume(), rel=1e-4)


def test_a_new_calculator_each_time():
    model = calculators.find("emt")
    assert model.build("cpu") is not model.build("cpu")


def test_an_unknown_name_is_answered_with_the_nearest_and_all():
    with pytest.raises(ParameterError, match="Did you mean 'emt'") as caught:
        calculators.find("emtt")
    (field,) = caught.value.fields
    assert field.parameter == "calculator"
    assert "emt, emt-asap, gfn1-xtb, gfn2-xtb, tersoff-si" in field.message


def test_what_is_not_installed_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(calculators.Model, "missing", lambda self: list(self.needs))
    with pytest.raises(ParameterError, match=r"needs tblite.*Install it: pip install tblite"):
        calculators.find("gfn2-xtb")
    with pytest.raises(ParameterError, match=r"gfn1-xtb \(pip install tblite\)"):
        calculators.find("nonsense")


def test_elements():
    assert calculators.find("emt").unknown({"Cu", "Fe", "Si"}) == ["Fe", "Si"]
    assert calculators.Model(title="any", build=lambda device: None).unknown({"Fe"}) == []


def test_packages_add_calculators_by_entry_point(tmp_path):
    for name, content in PLUG_IN.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    asked = ["morse-cu", "broken", "no-model", "morse", "emt"]
    done = subprocess.run(
        [sys.executable, "-c", ASK, *asked],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["morse-cu"] == said["emt"] == "found"
    assert "cannot be loaded: AttributeError" in said["broken"]
    assert "is no workbench_materials Model" in said["no-model"]
    assert "Did you mean 'morse-cu'" in said["morse"]
    assert said["energy"] < 0


def test_nothing_heavy_is_imported_before_it_is_asked_for():
    code = (
        "import sys, workbench_materials.elastic as e; "
        "heavy = {'ase', 'scipy', 'altair', 'torch', 'dask', 'xarray'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_own_entry_points_lead_to_models():
    declared = (Path(__file__).parents[1] / "pyproject.toml").read_text()
    for name in ("emt", "emt-asap", "tersoff-si", "gfn1-xtb", "gfn2-xtb"):
        assert f'"{name}" = "workbench_materials.calculators:' in declared
        assert name in calculators._points()
