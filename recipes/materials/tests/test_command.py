"""Wrong input on the command line: answered within seconds, by file and remedy, before any work."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import write

COMMAND = (sys.executable, "-c", "from workbench.cli import main; main(prog_name='workbench')")


def refused(home: Path, **values: str) -> list[dict[str, str]]:
    """What is wrong with each parameter; fails unless the run is refused and leaves nothing."""
    words = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
    done = subprocess.run(
        [*COMMAND, "run", "start", "materials.elastic", *words, "--wait", "--json"],
        env={**os.environ, "WORKBENCH_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert not list(home.glob("runs/*/manifest.json"))
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "parameters"
    return error["fields"]


@pytest.fixture
def structures(tmp_path):
    folder = tmp_path / "structures"
    folder.mkdir()
    write(folder / "good.cif", bulk("Cu", "fcc", a=3.6), format="cif")
    return folder


def test_an_unreadable_cif_in_a_folder(tmp_path, structures):
    text = (structures / "good.cif").read_text()
    (structures / "bad.cif").write_text(text.replace("_cell_length_a", "_cell_length_x"))
    (field,) = refused(tmp_path / "home", structures=str(structures))
    assert field["parameter"] == "structures"
    assert "bad.cif: the cell (_cell_length_a and the others) is missing" in field["message"]


def test_an_element_that_the_calculator_does_not_know(tmp_path, structures):
    write(structures / "iron.vasp", bulk("Fe", "bcc", a=2.87), format="vasp")
    (field,) = refused(tmp_path / "home", structures=str(structures))
    assert field["parameter"] == "structures"
    assert "iron.vasp: calculator 'emt' does not know Fe; it knows Ag, Al" in field["message"]


def test_an_unknown_calculator_and_a_value_out_of_bounds(tmp_path, structures):
    (field,) = refused(tmp_path / "home", structures=str(structures), calculator="emmt")
    assert field["parameter"] == "calculator"
    assert "Did you mean 'emt'?" in field["message"]
    (field,) = refused(tmp_path / "home", structures=str(structures), strain_max="0.5")
    assert field["parameter"] == "strain_max"


def test_everything_wrong_is_told_at_once(tmp_path):
    values = {"strain_max": "2", "calculator": "EMT", "structures": str(tmp_path / "nofile.cif")}
    told = {f["parameter"]: f["message"] for f in refused(tmp_path / "home", **values)}
    assert sorted(told) == ["calculator", "strain_max", "structures"]
    assert "Did you mean 'emt'?" in told["calculator"]
    del values["strain_max"]
    fields = refused(tmp_path / "home", **values)
    assert sorted(f["parameter"] for f in fields) == ["calculator", "structures"]


def test_a_folder_without_structures(tmp_path):
    empty = tmp_path / "notes"
    empty.mkdir()
    (empty / "notes.txt").write_text("no crystals here")
    (field,) = refused(tmp_path / "home", structures=str(empty))
    assert "holds no structure file" in field["message"]


def test_what_failed_and_what_is_unstable_is_told_by_name(tmp_path, structures):
    apart = Atoms("Ni3", [(0, 0, 0), (12, 0, 0), (0, 13, 0)], cell=[30, 30, 30], pbc=True)
    write(structures / "box.vasp", apart, format="vasp")
    write(structures / "bcc.vasp", bulk("Cu", "bcc", a=2.87, cubic=True), format="vasp")
    environment = {**os.environ, "WORKBENCH_HOME": str(tmp_path / "home"), "COLUMNS": "200"}

    def told(*words: str) -> str:
        done = subprocess.run(
            [*COMMAND, "run", *words],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=150,
        )
        return done.stdout

    given = ("--set", f"structures={structures}", "--set", "amplitudes=1")
    said = told("start", "materials.elastic", *given, "--wait")
    assert "failed: fit: box: straining the cell meets no stress" in said
    assert "Not elastically stable: bcc (1 of 2 structures fitted)" in said
    table = {line.split()[0]: line.split() for line in said.splitlines() if line.startswith("  b")}
    assert table["box"] == ["box", "Ni3"]
    assert table["bcc"] == ["bcc", "Cu2", "0"]
    (run,) = json.loads(told("list", "--json"))["runs"]
    shown = told("show", run["run_id"])
    assert "failed: fit: box: straining the cell" in shown
    assert ", on this computer\n" in shown
