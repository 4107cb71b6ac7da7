"""Files under version control: nothing left over, nothing of one machine."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.tree import PACKAGES, ROOT, imported, parsed, short, tracked

# pydantic pins it and gives its types no other name.
CORE_OF_PYDANTIC = {"pydantic-core"}

# Written in pieces, so that this file does not find itself.
LEFT_OVER = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX"]) + r")\b")
ONE_MACHINE = re.compile(r"(?<![\w.~}$])/(?:work|root|home|Users|mnt|scratch)/\w")
REGISTRY = re.compile(
    "|".join(["pypi" + r"\.org", "pythonhosted" + r"\.", "anaconda" + r"\.", "npmjs" + r"\."])
)


@pytest.mark.parametrize(
    "pattern", [LEFT_OVER, ONE_MACHINE, REGISTRY], ids=lambda p: p.pattern[:12]
)
def test_no_file_holds(pattern):
    found = [
        f"{short(path)}:{number}: {line.strip()[:80]}"
        for path in tracked()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


def test_the_patterns_find_what_they_are_for():
    assert LEFT_OVER.search("# TO" + "DO: later")
    assert ONE_MACHINE.search("open('/ho" + "me/me/x')")
    assert not ONE_MACHINE.search("benchmarks/work/x")
    assert REGISTRY.search("https://py" + "pi.org/simple")


def wanted(project):
    """Names of the distributions that a project of ours declares, with its extras."""
    described = tomllib.loads((ROOT / project / "pyproject.toml").read_text())["project"]
    extras = described.get("optional-dependencies", {})
    lines = [*described["dependencies"], *(line for extra in extras.values() for line in extra)]
    return {canonicalize_name(Requirement(line).name) for line in lines}


EXTENSION = "extensions/jupyterlab-workbench"
PROJECTS = dict(
    zip((".", "recipes/proteins", "recipes/materials", EXTENSION), PACKAGES, strict=True)
)


def test_every_dependency_has_a_tested_version():
    tested = {
        canonicalize_name(line.split("==")[0])
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if line and not line.startswith("#")
    }
    described = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {canonicalize_name(Requirement(line).name) for line in described["dependencies"]}
    assert needed - tested == set()


@pytest.mark.parametrize("project", PROJECTS)
def test_every_imported_library_is_declared(project):
    distributions = packages_distributions()
    modules = PROJECTS[project].rglob("*.py")
    names = {name for path in modules for node in ast.walk(parsed(path)) for name in imported(node)}
    tops = {name.split(".")[0] for name in names} - sys.stdlib_module_names
    ours = {package.name for package in PACKAGES}
    found = {canonicalize_name(distributions.get(top, [top])[0]) for top in tops - ours - {""}}
    assert found - wanted(project) - CORE_OF_PYDANTIC == set()
