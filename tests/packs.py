"""Installed packs for tests: a module and the metadata that pip would have written."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

RECIPE = """
import numpy as np

from workbench import Output, Parameters, Plan, Recipe, parameter, tile


class Given(Parameters):
    n: int = parameter(8, ge=1, le=1000, help="How many numbers.")


def plan(p, results):
    return Plan(dim="number", coords={{"number": np.arange(p.n)}}, tasks=tile(p.n, 2))


def square(task, p, ctx):
    return {{"square": task.inputs["number"].astype(float) ** 2}}


outputs = (Output(name="square", dims=("number",), unit="1"),)
recipe = Recipe(id="{id}", version="1", title="Squares", question="What is a number times itself?",
                parameters=Given, outputs=outputs, plan=plan, kernel=square)
"""


def recipe_source(recipe_id):
    """A small recipe of that id."""
    return RECIPE.format(id=recipe_id)


def install(
    site: Path,
    name: str,
    points: dict[str, str],
    modules: dict[str, str],
    group: str = "workbench.recipes",
) -> None:
    """Put a distribution into a folder that will be on ``sys.path``."""
    for module, text in modules.items():
        (site / f"{module}.py").write_text(textwrap.dedent(text))
    info = site / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [f"{point} = {value}" for point, value in points.items()]
    (info / "entry_points.txt").write_text(f"[{group}]\n" + "\n".join(lines) + "\n")


def workbench(*words, site=None, home=None, **env):
    """Call the command line as a user would; return the finished process."""
    environment = {**os.environ, **env}
    if site is not None:
        environment["PYTHONPATH"] = str(site)
    if home is not None:
        environment["WORKBENCH_HOME"] = str(home)
    return subprocess.run(
        [Path(sys.executable).with_name("workbench"), *map(str, words)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=150,
    )


def workbench_json(group, command, *words, **where):
    """Exit code and the one JSON document on standard output."""
    done = workbench(group, command, "--json", *words, **where)
    try:
        return done.returncode, json.loads(done.stdout)
    except ValueError as error:
        raise AssertionError(
            f"{group} {command} {words}: no JSON: {done.stdout!r}\n{done.stderr}"
        ) from error
