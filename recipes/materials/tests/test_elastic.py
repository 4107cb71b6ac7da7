"""materials.elastic in one process: plans, kernels, failures, figures, audit."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from ase import Atoms
from ase.build import bulk
from ase.io import write

from workbench import ParameterError
from workbench.testing.contrast import GROUNDS, LEAST, contrast
from workbench_materials import calculators
from workbench_materials.elastic import recipe
from workbench_materials.elastic_figures import BAR, GREY, MARK
from workbench_materials.elastic_parameters import (
    ElasticParameters,
    check_parameters,
    unknown_elements,
)

EXAMPLES = {example.name: example.values()["structures"] for example in recipe.examples}


def parameters(path: Path, **values) -> ElasticParameters:
    return ElasticParameters(structures=path, **values)


def dataset(outcome) -> xr.Dataset:
    found = {}
    for stage in recipe.stages:
        found[f"{stage.name}_status"] = ((_dim(stage),), outcome[f"{stage.name}_status"])
        for output in stage.outputs:
            if output.kind == "dense":
                values = outcome[output.name]
                text = output.dtype == "str"
                found[output.name] = (output.dims, values.astype(object) if text else values)
    names = outcome["structure"].astype(object)
    return xr.Dataset(found, coords={"structure": names})


def _dim(stage) -> str:
    return "strain" if stage.name == "strain" else "structure"


def test_alloys_in_one_file(run_here):
    outcome = run_here(recipe, parameters(EXAMPLES["alloys"]))
    assert not outcome.failed
    assert list(outcome["structure"]) == [f"copper-gold-{i}" for i in range(3)]
    assert list(outcome["formula"]) == ["AuCu3", "Au2Cu2", "Au3Cu"]
    assert outcome["space_group"].tolist() == [221, 123, 221]
    assert outcome["stable"].tolist() == [1, 1, 1]
    cubic, tetragonal, _ = outcome["elastic_tensor"]
    assert cubic[0, 0] == pytest.approx(cubic[2, 2])
    assert tetragonal[0, 0] == pytest.approx(tetragonal[1, 1])
    assert abs(tetragonal[0, 0] - tetragonal[2, 2]) > 20
    zeros = cubic.copy()
    zeros[:3, :3] = 0
    zeros[np.diag_indices(6)] = 0
    assert np.abs(zeros).max() < 1e-6


def test_relaxed_atoms_are_rows_of_their_structures(tmp_path, run_here):
    crystals = [bulk("Cu", a=3.7), bulk("Ni", a=3.4, cubic=True), bulk("Cu", "hcp", a=2.5, c=4.2)]
    write(tmp_path / "run.xyz", crystals, format="extxyz")
    outcome = run_here(recipe, parameters(tmp_path / "run.xyz"))
    assert outcome["atoms_row_start"].tolist() == [0, 1, 5, 7]
    assert outcome["atomic_number"].tolist() == [29, 28, 28, 28, 28, 29, 29]
    assert outcome["atom_structure"].tolist() == [0, 1, 1, 1, 1, 2, 2]
    assert outcome["strain_structure"].tolist() == [0] * 24 + [1] * 24 + [2] * 24
    assert outcome["strain_amplitude"][:4].tolist() == [-0.01, -0.005, 0.005, 0.01]


def test_any_cell_and_orientation_gives_one_tensor(tmp_path, run_here):
    hexagonal = bulk("Cu", "hcp", a=2.55, c=4.2)
    turned = hexagonal.copy()
    turned.rotate(37, (1, 2, 3), rotate_cell=True)
    write(tmp_path / "run.xyz", [hexagonal, turned, turned * (2, 1, 1)], format="extxyz")
    outcome = run_here(recipe, parameters(tmp_path / "run.xyz", fmax=1e-6))
    first, second, third = outcome["elastic_tensor"]
    # GPa, of 250: each relaxes on its own way to forces below fmax.
    assert np.abs(first - second).max() < 0.005
    assert np.abs(first - third).max() < 0.005
    energy = outcome["energy"]
    assert energy[1] == pytest.approx(energy[0])
    assert energy[2] == pytest.approx(2 * energy[0])
    # Transverse isotropy: C66 = (C11 - C12) / 2, with z along the axis.
    assert first[5, 5] == pytest.approx((first[0, 0] - first[0, 1]) / 2)
    assert first[2, 2] > first[0, 0]


def test_ions_follow_the_strain(tmp_path, run_here):
    # Tersoff 1988, doi:10.1103/PhysRevB.38.9902: C44 is 69 GPa, 118.8 GPa with ions held.
    write(tmp_path / "si.cif", bulk("Si", "diamond", a=5.5), format="cif")
    outcome = run_here(recipe, parameters(tmp_path / "si.cif", calculator="tersoff-si"))
    assert outcome["elastic_tensor"][0, 3, 3] == pytest.approx(69.0, abs=0.1)


def test_an_unstable_crystal_is_called_so_and_does_not_fail(tmp_path, run_here):
    # Body-centred copper under EMT: C11 < C12, it wants to be face-centred.
    write(tmp_path / "bcc.cif", bulk("Cu", "bcc", a=2.87), format="cif")
    outcome = run_here(recipe, parameters(tmp_path / "bcc.cif"))
    assert not outcome.failed
    assert outcome["space_group"].tolist() == [229]
    tensor = outcome["elastic_tensor"][0]
    assert tensor[0, 0] < tensor[0, 1]
    assert outcome["stable"].tolist() == [0]
    assert np.isfinite(outcome["bulk_modulus_voigt"]).all()
    assert np.isnan(outcome["shear_modulus_hill"]).all()


def test_what_fails_is_named_and_goes_no_further(tmp_path, run_here):
    good, far = bulk("Cu", a=3.6), bulk("Cu", a=3.6, cubic=True)
    far.rattle(0.2, seed=3)
    write(tmp_path / "run.xyz", [far, good], format="extxyz")
    p = parameters(tmp_path / "run.xyz", max_steps=2, amplitudes=1)
    outcome = run_here(recipe, p)
    ((where, error),) = outcome.failed.items()
    assert where == ("relax", 0)
    assert error.code == "not_relaxed"
    assert "run-0: not relaxed after 2 steps of BFGS and 2 of FIRE" in str(error)
    assert outcome["relax_status"].tolist() == [2, 1]
    assert set(outcome["strain_structure"].tolist()) == {1}
    assert outcome["fit_status"].tolist() == [0, 1]
    assert outcome["stable"].tolist() == [-1, 1]


def test_a_strain_that_fails_says_which(tmp_path, run_here):
    # The cell is relaxed as it comes; only shears move the ions, and these get two steps.
    write(tmp_path / "si.cif", bulk("Si", "diamond", a=5.432), format="cif")
    values = {"calculator": "tersoff-si", "amplitudes": 1, "max_steps": 1, "fmax": 1e-3}
    outcome = run_here(recipe, parameters(tmp_path / "si.cif", **values))
    assert outcome["relax_status"].tolist() == [1]
    assert outcome["strain_status"].tolist() == [1] * 6 + [2] * 6
    assert "si under a strain yz of -0.01: not relaxed" in str(outcome.failed["strain", 6])
    assert outcome["fit_status"].tolist() == [0]


def test_a_structure_that_lacks_one_stress_is_not_fitted(tmp_path, run_here):
    outcome = run_here(recipe, parameters(EXAMPLES["alloys"]))
    results = dict(outcome.results)
    status = results["strain_status"].copy()
    status[30] = 2
    results["strain_status"] = status
    plan = recipe.stage("fit").plan(parameters(EXAMPLES["alloys"]), results)
    assert plan.tasks.start.tolist() == [0, 2]


def test_nothing_relaxed_leaves_empty_plans(tmp_path):
    results = {
        "structure": np.array(["a"], np.dtypes.StringDType()),
        "relax_status": np.array([2], np.int8),
        "atoms_row_start": np.array([0, 0]),
        "strain_structure": np.empty(0, np.int32),
        "strain_status": np.empty(0, np.int8),
    }
    p = parameters(EXAMPLES["alloys"])
    assert len(recipe.stage("strain").plan(p, results).tasks) == 0
    assert len(recipe.stage("fit").plan(p, results).tasks) == 0


def test_the_plan_says_what_all_of_the_files_hold(tmp_path):
    path = tmp_path / "run.xyz"
    write(path, [bulk("Cu", a=3.6), bulk("Cu", a=3.7)], format="extxyz")
    attrs = recipe.stages[0].plan(parameters(path), {}).attrs
    assert attrs == {"structures_sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def test_the_plan_is_the_same_whenever_it_is_made():
    p = parameters(EXAMPLES["metals"])
    first, second = (recipe.stages[0].plan(p, {}) for _ in range(2))
    assert first.variables.keys() == second.variables.keys()
    for name, (dim, values) in first.variables.items():
        assert second.variables[name][0] == dim
        assert np.array_equal(second.variables[name][1], values)
    assert list(first.variables["structure"][1])[:2] == ["aluminium", "copper"]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"calculator": "emtt"}, "calculator: There is no calculator named 'emtt'"),
        ({"calculator": "tersoff-si"}, "aluminium.cif: calculator 'tersoff-si' does not know Al"),
    ],
)
def test_parameters_are_checked_against_each_other(values, told):
    with pytest.raises(ParameterError, match=told):
        check_parameters(parameters(EXAMPLES["metals"], **values))


def test_everything_wrong_is_told_at_once(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(ParameterError, match="says no known format"):
        check_parameters(parameters(tmp_path / "notes.txt"))
    with pytest.raises(ParameterError) as caught:
        check_parameters(parameters(EXAMPLES["metals"], calculator="tersoff-si"))
    assert len(caught.value.fields) == 7


def test_an_element_that_was_not_seen_before_the_run_fails_its_structure_alone(tmp_path, run_here):
    write(tmp_path / "run.xyz", [bulk("Cu", a=3.6), bulk("Fe", a=2.87)], format="extxyz")
    outcome = run_here(recipe, parameters(tmp_path / "run.xyz"))
    assert outcome["relax_status"].tolist() == [1, 2]
    assert "run-1: calculator 'emt' does not know Fe" in str(outcome.failed["relax", 1])


def test_other_calculators_that_know_the_elements_are_named(monkeypatch):
    emt, silicon = calculators.find("emt"), calculators.find("tersoff-si")
    told = unknown_elements("emt", emt, {"Si"})
    assert "does not know Si; it knows Ag, " in told
    assert "Installed for all of its elements: " in told
    assert "tersoff-si" in told
    assert "emt, emt-asap" in unknown_elements("tersoff-si", silicon, {"Cu", "Au"})
    assert unknown_elements("emt", emt, {"Cu", "Au"}) == ""
    # A computer without what the others need.
    monkeypatch.setattr(
        calculators.Model, "missing", lambda model: [name + "_absent" for name in model.needs]
    )
    none = unknown_elements("emt", emt, {"Fe"})
    assert "No installed calculator knows all of its elements. These would" in none
    assert "gfn2-xtb (pip install tblite)" in none


def test_figures(run_here):
    outcome = run_here(recipe, parameters(EXAMPLES["alloys"]))
    charts = recipe.figures(dataset(outcome), parameters(EXAMPLES["alloys"]))
    assert set(charts) == {"moduli", "anisotropy"}
    for chart in charts.values():
        text = json.dumps(chart.to_dict(), allow_nan=False)
        assert "copper-gold-1" in text
    (bars,) = charts["anisotropy"].to_dict()["datasets"].values()
    for bar in bars:
        assert bar["least"] < bar["hill"] < bar["largest"]


@pytest.mark.parametrize("colour", [BAR, MARK, GREY])
@pytest.mark.parametrize("ground", GROUNDS)
def test_every_colour_is_seen_on_light_and_on_dark(colour, ground):
    assert contrast(colour, ground) >= LEAST


def test_figures_where_nothing_was_fitted(run_here, tmp_path):
    far = bulk("Cu", a=3.6, cubic=True)
    far.rattle(0.2, seed=3)
    write(tmp_path / "a.xyz", far, format="extxyz")
    p = parameters(tmp_path / "a.xyz", max_steps=1)
    outcome = run_here(recipe, p)
    assert recipe.figures(dataset(outcome), p) == {}
    assert recipe.audit(dataset(outcome), p, outcome.context)["sample"] == 0


def test_the_audit_agrees_from_energies_alone(run_here):
    p = parameters(EXAMPLES["metals"])
    outcome = run_here(recipe, p)
    found = recipe.audit(dataset(outcome), p, outcome.context)
    assert (found["sample"], found["of"]) == (1, 7)
    # Energies are known to about 1e-12 eV; a strain of 1 % stores about 1e-3 eV.
    assert found["largest_relative_difference"] < 1e-4
    assert json.dumps(found, allow_nan=False)
    other = recipe.audit(dataset(outcome), parameters(EXAMPLES["metals"], seed=1), outcome.context)
    assert other["structures"] != found["structures"]


def test_the_audit_finds_a_wrong_tensor(run_here):
    p = parameters(EXAMPLES["metals"])
    outcome = run_here(recipe, p)
    outcome.results["elastic_tensor"] = outcome["elastic_tensor"] * 1.02
    found = recipe.audit(dataset(outcome), p, outcome.context)
    assert found["largest_relative_difference"] > 0.005


def test_atoms_too_far_apart_for_a_solid_are_told_in_words(tmp_path, run_here):
    apart = Atoms("Ni3", [(0, 0, 0), (12, 0, 0), (0, 13, 0)], cell=[30, 30, 30], pbc=True)
    write(tmp_path / "box.vasp", apart, format="vasp")
    outcome = run_here(recipe, parameters(tmp_path / "box.vasp"))
    (error,) = outcome.failed.values()
    assert error.code == "no_solid"
    assert str(error).startswith("box: straining the cell meets no stress: its atoms are so far")
    assert "Give a crystal" in str(error)
    assert outcome["fit_status"].tolist() == [2]


def test_an_unstable_crystal_is_noted_and_not_drawn(tmp_path, run_here):
    write(tmp_path / "bcc.cif", bulk("Cu", "bcc", a=2.87), format="cif")
    write(tmp_path / "fcc.cif", bulk("Cu", "fcc", a=3.6), format="cif")
    p = parameters(tmp_path, amplitudes=1)
    outcome = run_here(recipe, p)
    (note,) = recipe.notes(dataset(outcome), p)
    assert note.startswith("Not elastically stable: bcc (1 of 2 structures fitted).")
    assert "these values are empty" in note
    charts = recipe.figures(dataset(outcome), p)
    for name in ("moduli", "anisotropy"):
        text = json.dumps(charts[name].to_dict())
        assert '"structure": "fcc"' in text
        assert "bcc" not in text
    subtitle = charts["moduli"].to_dict()["title"]["subtitle"]
    assert subtitle[1] == "Left out: 1 that is unstable"
    (tmp_path / "fcc.cif").unlink()
    outcome = run_here(recipe, p)
    assert recipe.figures(dataset(outcome), p) == {}


def test_a_strain_is_called_by_component_and_size(tmp_path, run_here):
    write(tmp_path / "cu.cif", bulk("Cu", "fcc", a=3.6), format="cif")
    outcome = run_here(recipe, parameters(tmp_path / "cu.cif"))
    names = ("strain_component", "strain_amplitude")
    label = recipe.stage("strain").label
    called = [label({name: outcome[name][i] for name in names}) for i in range(24)]
    assert called[:4] == ["xx -1 %", "xx -0.5 %", "xx +0.5 %", "xx +1 %"]
    assert called[-1] == "xy +1 %"
    assert len(set(called)) == 24
