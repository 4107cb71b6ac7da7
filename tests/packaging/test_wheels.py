"""The wheels alone, in an environment of their own, without an index and without Node."""

import json
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.tree import ROOT

NAMES = (
    "jupyterlab_science_workbench",
    "science_workbench",
    "science_workbench_materials",
    "science_workbench_proteins",
)
EXTENSION = "extensions/jupyterlab-workbench"
PANEL = "share/jupyter/labextensions/jupyterlab-science-workbench"


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    # The tests' own environment is set up; make need not look at it.
    command = ["make", "-o", ".venv/installed", "wheels", f"DIST={folder}"]
    command.append(f"BIN={Path(sys.executable).parent}")
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return folder


def needed(projects):
    """Third-party distributions that ours need, and those that they need, but no extras."""
    waiting = []
    for project in projects:
        described = tomllib.loads((ROOT / project / "pyproject.toml").read_text())["project"]
        waiting += [Requirement(line) for line in described["dependencies"]]
    found, seen = {}, set()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        asked = (name, *sorted(wanted.extras))
        if asked in seen or name.startswith("science-workbench"):
            continue
        seen.add(asked)
        found[name] = metadata.distribution(name)
        for inner in map(Requirement, found[name].requires or []):
            extras = ("", *wanted.extras)
            if not inner.marker or any(inner.marker.evaluate({"extra": e}) for e in extras):
                waiting.append(inner)
    return found.values()


@pytest.fixture(scope="module")
def environment(dist, tmp_path_factory):
    """An environment with our wheels and, as links, the third-party packages they ask for."""
    folder = tmp_path_factory.mktemp("empty") / "venv"
    venv.create(folder, symlinks=True)
    python = folder / "bin/python"
    inside = folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    for found in needed([".", "recipes/proteins", "recipes/materials", EXTENSION]):
        for name in {Path(file).parts[0] for file in found.files or []} - {"..", "__pycache__"}:
            if not (inside / name).exists():  # some share a folder
                (inside / name).symlink_to(found.locate_file(name))
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    offline = ["--no-index", "--find-links", str(dist), "--no-cache-dir"]
    ours = ["science-workbench[proteins,materials]", "jupyterlab-science-workbench"]
    subprocess.run([*pip, *offline, *ours], check=True)
    return folder


@pytest.fixture
def run(environment, tmp_path):
    """Run a command of that environment with nothing else on PATH; return its output."""
    bin_folder = environment / "bin"
    assert shutil.which("node", path=str(bin_folder)) is None
    clean = {"PATH": str(bin_folder), "HOME": str(tmp_path), "LANG": "C.UTF-8"}

    def call(*command):
        program = bin_folder / command[0]
        done = subprocess.run(
            [program, *command[1:]], cwd=tmp_path, env=clean, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return call


def test_wheel_and_source_archive_of_every_distribution(dist):
    wheels = {path.name.split("-")[0] for path in dist.glob("*.whl")}
    archives = {path.name.rsplit("-", 1)[0] for path in dist.glob("*.tar.gz")}
    assert wheels == archives == set(NAMES)


def test_the_core_wheel_holds_the_package_with_its_types(dist):
    (wheel,) = dist.glob("science_workbench-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"workbench/__init__.py", "workbench/py.typed"} <= set(names)
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"workbench"}


@pytest.mark.parametrize("name", NAMES)
def test_every_wheel_carries_the_licence(dist, name):
    (wheel,) = dist.glob(f"{name}-*.whl")
    packed = zipfile.ZipFile(wheel)
    (licence,) = [one for one in packed.namelist() if one.endswith("licenses/LICENSE")]
    assert packed.read(licence) == (ROOT / "LICENSE").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_source_archives_hold_no_left_overs(dist, name):
    (archive,) = dist.glob(f"{name}-*.tar.gz")
    with tarfile.open(archive) as packed:
        names = packed.getnames()
    assert not [name for name in names if "__pycache__" in name or ".venv" in name]
    assert any(name.endswith("/pyproject.toml") for name in names)


def test_the_installed_packages_are_the_wheels_own(run, environment):
    code = "import workbench, workbench_proteins as p, workbench_materials as m\n"
    code += "import jupyterlab_workbench as j\n"
    code += "print(*(module.__file__ for module in (workbench, p, m, j)), sep='\\n')"
    places = run("python", "-c", code).split()
    assert len(places) == 4
    assert all(place.startswith(str(environment)) for place in places)


def test_the_panel_is_there_built_and_whole(environment):
    told = json.loads((environment / PANEL / "package.json").read_text())
    assert told["name"] == "jupyterlab-science-workbench"
    entry = told["jupyterlab"]["_build"]["load"]
    assert (environment / PANEL / entry).stat().st_size > 1000
    config = environment / "etc/jupyter/jupyter_server_config.d/jupyterlab_workbench.json"
    enabled = json.loads(config.read_text())["ServerApp"]["jpserver_extensions"]
    assert enabled == {"jupyterlab_workbench": True}


def test_tools_of_the_tests_are_not_there(run):
    code = "from importlib.util import find_spec as f; print(f('pytest'), f('mypy'), f('ruff'))"
    assert run("python", "-c", code).split() == ["None"] * 3


def test_a_recipe_runs_there(run):
    listed = json.loads(run("workbench", "recipe", "list", "--json"))
    assert listed["problems"] == []
    assert {"proteins.search", "materials.elastic"} <= {r["id"] for r in listed["recipes"]}
    started = ["workbench", "run", "start", "proteins.search", "--example", "globins"]
    try:
        shown = json.loads(run(*started, "--wait", "--json"))
    finally:
        run("workbench", "cluster", "stop", "local")
    assert shown["state"] == "completed"
    assert shown["items"]["done"] == shown["items"]["total"] > 0
