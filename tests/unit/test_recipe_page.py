"""The recipes of docs/write-a-recipe.md, installed and run as they stand there."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from tests.packs import install, workbench, workbench_json
from tests.tree import ROOT
from workbench.runs.handle import Run
from workbench.runs.keys import task_seed


def blocks(language):
    """The page's code blocks in a language."""
    page = (ROOT / "docs/write-a-recipe.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


DIMER, WALKS, TEST = blocks("python")


@pytest.fixture
def site(tmp_path):
    """Folder in which the page's packs are installed, as pip would leave them."""
    folder = tmp_path / "site"
    folder.mkdir()
    described = tomllib.loads(blocks("toml")[0])["project"]
    points = described["entry-points"]["workbench.recipes"]
    install(folder, described["name"], points, {"mylab_dimer": DIMER})
    install(folder, "mylab-walks", {"mylab.walks": "mylab_walks:recipe"}, {"mylab_walks": WALKS})
    return folder


@pytest.fixture
def newcomer(tmp_path, site):
    """What the command line of somebody who follows the page is called with."""
    where = {"site": site, "home": tmp_path / "home"}
    yield where
    assert workbench("cluster", "stop", "local", **where).returncode == 0


def run(recipe, *values, **where):
    """Run a recipe to its end; return its document and its result, loaded."""
    words = [word for value in values for word in ("--set", value)]
    code, document = workbench_json("run", "start", recipe, *words, "--wait", **where)
    assert code == 0, document
    with Run(Path(document["folder"])).open() as dataset:
        return document, dataset.load()


def test_the_page_begins_with_a_whole_recipe_of_about_25_lines():
    lines = [line for line in DIMER.splitlines() if line.strip()]
    assert len(lines) <= 25


def test_the_first_recipe_computes_what_it_says(newcomer):
    document, dataset = run("mylab.dimer", "points=600", **newcomer)
    assert document["items"] == {"total": 600, "done": 600, "failed": 0, "not_run": 0}
    r = np.linspace(0.9, 3.0, 600) * 3.4
    np.testing.assert_array_equal(dataset["separation"], r)
    s6 = (3.4 / r) ** 6
    np.testing.assert_allclose(dataset["energy"], 4 * 0.0104 * (s6 * s6 - s6), rtol=1e-12)
    assert dataset["energy"].attrs["units"] == "eV"
    assert dataset["separation"].attrs["units"] == "angstrom"
    assert set(np.asarray(dataset["main_status"]).tolist()) == {1}


def test_the_recipe_of_two_stages_computes_what_it_says(newcomer):
    radius, n = 30.0, 6
    values = [f"walkers={n}", "segments=5", f"radius={radius}", "seed=7"]
    document, dataset = run("mylab.walks", *values, **newcomer)
    assert document["items"]["total"] == n
    paths = []
    for walker in range(n):
        steps = np.random.default_rng(task_seed(7, "walk", 0, walker)).normal(size=(5000, 2))
        paths.append(np.cumsum(steps, axis=0))
    distance = np.hypot(*np.moveaxis(np.array(paths), 2, 0))
    np.testing.assert_array_equal(dataset["end"], [path[-1] for path in paths])
    np.testing.assert_array_equal(dataset["farthest"], distance.max(axis=1))
    assert dataset["share_out"] == (distance.max(axis=1) > radius).mean()
    left = (distance[:, 1:] > radius) & (distance[:, :-1] <= radius)
    walker, step = np.nonzero(left)
    assert len(walker) > n
    np.testing.assert_array_equal(dataset["exit_walker"], walker)
    np.testing.assert_array_equal(dataset["exit_step"], step + 1)
    np.testing.assert_array_equal(
        dataset["exits_row_start"], np.searchsorted(walker, np.arange(n + 1))
    )
    assert dataset["end"].attrs["units"] == "um"
    assert dataset["xy"].values.tolist() == ["x", "y"]


@pytest.mark.timeout(400)
def test_the_recipe_of_two_stages_passes_the_kit(site, tmp_path):
    """The page's test, for the page's other recipe: files, owners, rows and a combine."""
    text = TEST.replace("mylab_dimer", "mylab_walks").replace('"points": 3000', '"walkers": 7')
    assert text != TEST
    (tmp_path / "test_walks.py").write_text(text)
    options = ["-q", "-p", "no:cacheprovider", "--import-mode=importlib", "-W", "error"]
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "test_walks.py"],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert "skipped" not in done.stdout
