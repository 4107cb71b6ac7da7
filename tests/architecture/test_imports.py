"""What is loaded when: the surface stays light, and every public name is there."""

import importlib
import subprocess
import sys

import pytest

HEAVY = (
    "altair", "ase", "cupy", "dask", "dask_jobqueue", "distributed", "pandas", "pyhmmer",
    "rdkit", "torch", "tornado", "xarray", "zarr",
)  # fmt: skip


def loaded_by(statement):
    """Heavy modules that a fresh Python holds after a statement."""
    code = f"{statement}\nimport sys\nprint(*sorted(set(sys.modules) & {set(HEAVY)!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize(
    "statement",
    [
        "import workbench",
        "from workbench import Output, Parameters, Plan, Recipe, Stage, parameter, tile",
        "import workbench.service",
        "import workbench.cli",
    ],
)
def test_front_ends_and_authors_load_nothing_heavy(statement):
    assert loaded_by(statement) == []


def test_the_check_for_heavy_modules_sees_them():
    assert loaded_by("import zarr") != []


def test_every_public_name_is_there():
    workbench = importlib.import_module("workbench")
    missing = [name for name in workbench.__all__ if not hasattr(workbench, name)]
    assert missing == []
    assert set(workbench.__all__) <= set(dir(workbench))
    with pytest.raises(AttributeError, match="nothing_such"):
        workbench.nothing_such  # noqa: B018
