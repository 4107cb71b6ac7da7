"""``workbench recipe new``: a pack with one working recipe, to be edited into another one."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

from workbench.errors import ParameterError

ID = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)+\Z")

_PYPROJECT = Template("""\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "$dist"
version = "0.1.0"
description = "A recipe for the science workbench: $id"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy", "science-workbench"]

[project.optional-dependencies]
dev = ["pytest"]

[project.entry-points."workbench.recipes"]
"$id" = "$module:recipe"

[tool.hatch.build]
dev-mode-dirs = ["."]

[tool.pytest.ini_options]
testpaths = ["tests"]
addopts = "--import-mode=importlib"
""")

_RECIPE = Template('''\
"""Lennard-Jones pair energy over a range of separations."""

import numpy as np

from workbench import Output, Parameters, Plan, Recipe, parameter, tile


class ${Name}Parameters(Parameters):
    epsilon: float = parameter(0.0104, unit="eV", gt=0, help="Depth of the well.")
    sigma: float = parameter(3.4, unit="angstrom", gt=0, help="Where the energy is zero.")
    points: int = parameter(1000, ge=2, le=10_000_000, help="Number of separations.")


def plan(p, results):
    separation = np.linspace(0.9, 3.0, p.points) * p.sigma
    return Plan(dim="separation", coords={"separation": separation},
                units={"separation": "angstrom"}, tasks=tile(p.points, 256))


def energy(task, p, ctx):
    r = ctx.xp.asarray(task.inputs["separation"], device=ctx.device)
    s6 = (p.sigma / r) ** 6
    return {"energy": 4 * p.epsilon * (s6 * s6 - s6)}


source = "doi:10.1098/rspa.1924.0082"
outputs = (Output(name="energy", dims=("separation",), unit="eV", source=source),)
recipe = Recipe(id="$id", version="1", title="Lennard-Jones dimer",
                parameters=${Name}Parameters, outputs=outputs, plan=plan, kernel=energy)
''')

_TEST = Template("""\
from $module import recipe
from workbench.testing import RecipeTests


class Test$Name(RecipeTests):
    recipe = recipe
    tiny = {"points": 3000}
""")

_README = Template("""\
# $dist

One recipe for the science workbench, `$id`, in one file: `$module.py`.

```console
$commands
```

Edit `$module.py` into your own calculation: the parameters, the plan (which items there are), the
kernel (what is computed for some of them) and the outputs (names, dims, units).
`tests/test_$module.py` then checks that it keeps what a recipe promises; set `tiny` there to values
that make a run of seconds, with a dozen tasks or more.
Give the recipe a new `version` whenever its values change.
""")


def commands(name: str) -> tuple[str, ...]:
    """Return what to type in the folder of a pack with recipe `name`, as it was written."""
    return (
        'pip install -e ".[dev]"',
        f"workbench recipe show {name}",
        f"workbench run start {name} --set points=5000 --wait",
        "pytest",
    )


def write_pack(name: str, folder: str | Path) -> Path:
    """Write an ordinary distribution with one recipe, its test and a page of explanation.

    Parameters
    ----------
    name
        Id of the recipe, ``pack.name``.
    folder
        Where the pack's own folder is made.

    Returns
    -------
    Path
        The pack's folder, named as the distribution: ``mylab.dimer`` gives ``mylab-dimer``.

    Raises
    ------
    ParameterError
        When the name is no recipe id, or something is there already.
    """
    if not ID.match(name):
        raise ParameterError(
            f"{name!r} cannot be a recipe's id: it reads pack.name, in small letters, digits, "
            "'-' and '_', each part beginning with a letter, for example mylab.dimer."
        )
    words = [word for word in re.split(r"[._-]", name) if word]
    values = {
        "id": name,
        "dist": "-".join(words),
        "module": "_".join(words),
        "commands": "\n".join(f"$ {command}" for command in commands(name)),
        "Name": "".join(word.capitalize() for word in words[1:]),
    }
    pack = Path(folder).expanduser() / values["dist"]
    if pack.exists():
        raise ParameterError(
            f"{pack} is there already, and nothing in it was touched. Choose another name, or "
            "another place with --folder DIR."
        )
    _write(pack, values)
    return pack


def _write(pack: Path, values: dict[str, str]) -> None:
    module = values["module"]
    files = {
        "pyproject.toml": _PYPROJECT,
        f"{module}.py": _RECIPE,
        f"tests/test_{module}.py": _TEST,
        "README.md": _README,
    }
    for name, template in files.items():
        path = pack / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(template.substitute(values), encoding="utf-8")
