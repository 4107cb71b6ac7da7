"""A pack that is installed while a worker runs is found by it: pip's .pth files are read anew."""

import subprocess
import sysconfig
import venv
from pathlib import Path

import workbench

WORKER = """
import sys
from workbench.errors import WorkbenchError
from workbench.worker.context import loaded_recipe

try:
    loaded_recipe("late.square")
except WorkbenchError as error:
    print(error.code, flush=True)
sys.stdin.readline()
print(loaded_recipe("late.square")[0].title, flush=True)
"""
RECIPE = """
from workbench import Output, Parameters, Plan, Recipe, tile

recipe = Recipe(id="late.square", version="1", title="Squares", parameters=Parameters,
                plan=lambda p, r: Plan(dim="x", coords={"x": [1.0]}, tasks=tile(1)),
                kernel=lambda t, p, c: {"y": t.inputs["x"] ** 2},
                outputs=(Output(name="y", dims=("x",)),))
"""


def test_a_pack_installed_later_is_found(tmp_path: Path):
    venv.create(tmp_path / "venv", symlinks=True)
    python = tmp_path / "venv" / "bin" / "python"
    packages = next((tmp_path / "venv" / "lib").glob("python*")) / "site-packages"
    here = [sysconfig.get_path("purelib"), str(Path(workbench.__file__).parents[1])]
    (packages / "here.pth").write_text("\n".join(here) + "\n")
    worker = subprocess.Popen(
        [python, "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert worker.stdin is not None
    assert worker.stdout is not None
    assert worker.stdout.readline() == "not_found\n"
    install(tmp_path / "pack", packages)
    said, _ = worker.communicate("go on\n", timeout=60)
    assert said == "Squares\n"


def install(pack: Path, packages: Path) -> None:
    """Install a pack as ``pip install -e`` does."""
    pack.mkdir()
    (pack / "late_square.py").write_text(RECIPE)
    (packages / "late.pth").write_text(f"{pack}\n")
    info = packages / "late_square-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: late-square\nVersion: 1\n")
    points = "[workbench.recipes]\nlate.square = late_square:recipe\n"
    (info / "entry_points.txt").write_text(points)
