"""The kit fails for what it is there to find: broken recipes, one promise each."""

import itertools
import random
import re
import time
from dataclasses import replace

import numpy as np
import pytest

from tests.packs import install, recipe_source
from workbench import Output, Parameters, Plan, Recipe, RecipeError, parameter, tile
from workbench.recipe import tasks
from workbench.runs.handle import Run
from workbench.runs.journal import read_lines
from workbench.testing import RecipeTests
from workbench.testing.arrays import differences
from workbench.testing.equality import alike, same
from workbench.testing.home import Home
from workbench.testing.loading import loaded_by_name
from workbench.testing.plans import coordinate_problems, covers_items_once


class Given(Parameters):
    n: int = parameter(8, ge=1, unit="1", help="How many.")


def planned(p, results):
    return Plan(dim="number", coords={"number": np.arange(p.n)}, tasks=tile(p.n, 2))


def kernel(task, p, ctx):
    return {"square": task.inputs["number"] ** 2.0}


SQUARE = Output(name="square", dims=("number",), unit="m2")


def suite(**changes):
    """The kit for a good recipe with something changed."""
    parts = {"parameters": Given, "outputs": (SQUARE,), "plan": planned, "kernel": kernel}
    parts = {"id": "lab.squares", "version": "1", "title": "Squares", **parts, **changes}
    return type("Kit", (RecipeTests,), {"recipe": Recipe(**parts), "tiny": {"n": 6}})()


def test_nothing_is_wrong_with_the_good_one():
    kit = suite()
    for check in (
        kit.test_parameters_are_a_json_schema,
        kit.test_every_parameter_has_help_and_a_unit,
        kit.test_every_output_has_a_unit,
        kit.test_the_catalogue_can_show_it,
        kit.test_the_first_plan_is_deterministic,
        kit.test_the_first_plan_covers_the_items_once,
    ):
        assert check() is None


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (Output(name="square", dims=("number",), unit=""), "square: the unit is empty"),
        (Output(name="square", dims=("number",), unit="none"), "square: 'none' is no unit"),
        (Output(name="square", dims=("number",), unit="[m]"), "does not read like a unit"),
        (Output(name="square", dims=("number",), unit="m", dtype="str"), "is text and has"),
        (
            Output(
                name="hits",
                kind="rows",
                dims=("number", "hit"),
                columns=(Output(name="who", dtype="int32"), Output(name="far", unit="?")),
                key=("who",),
            ),
            "far: '?' does not read",
        ),
    ],
)
def test_an_output_without_a_unit_is_found(output, said):
    with pytest.raises(AssertionError) as found:
        suite(outputs=(output,)).test_every_output_has_a_unit()
    assert said in str(found.value)


def test_parameters_without_help_or_unit_are_found_all_at_once():
    class Bare(Parameters):
        n: int = 6
        width: float = parameter(1.0, unit="(nm", help="Width.")
        height: float = parameter(1.0, help=" ")

    with pytest.raises(AssertionError) as found:
        suite(parameters=Bare).test_every_parameter_has_help_and_a_unit()
    for said in ("n has no help", "n has no unit", "width: '(nm'", "height has no help"):
        assert said in str(found.value)
    assert "height has no unit" not in str(found.value)


def test_a_recipe_without_a_title_is_found():
    with pytest.raises(AssertionError, match="no title"):
        suite(title=" ").test_the_catalogue_can_show_it()


COUNT = itertools.count()


@pytest.mark.parametrize(
    "value",
    [time.time_ns, random.random, lambda: next(COUNT), lambda: np.random.default_rng().random()],
    ids=["clock", "random", "count", "generator"],
)
def test_a_plan_that_reads_something_else_is_found(value):
    def plan(p, results):
        coords = {"number": np.arange(p.n), "extra": ("number", np.full(p.n, value()))}
        return Plan(dim="number", coords=coords, tasks=tile(p.n, 2))

    with pytest.raises(AssertionError, match="two calls"):
        suite(plan=plan).test_the_first_plan_is_deterministic()


@pytest.mark.parametrize(
    ("start", "stop", "error", "said"),
    [
        ([0, 2], [3, 6], RecipeError, "begins before the last one ends"),
        ([0, 3], [3, 7], RecipeError, "lies outside of the 6 items"),
        ([0, 4], [3, 6], AssertionError, "1 of 6 items to no task, the first is 3"),
        ([0], [4], AssertionError, "2 of 6 items to no task, the first is 4"),
    ],
)
def test_tasks_that_do_not_cover_the_items_once_are_found(start, stop, error, said):
    def plan(p, results):
        return Plan(dim="number", coords={"number": np.arange(p.n)}, tasks=tasks(start, stop))

    with pytest.raises(error) as found:
        suite(plan=plan).test_the_first_plan_covers_the_items_once()
    assert said in str(found.value)


def test_coordinates_without_a_unit_are_found():
    coords = {"number": np.arange(3), "r": ("number", np.ones(3)), "t": ("number", np.ones(3))}
    plan = Plan(dim="number", coords=coords, tasks=tile(3), units={"t": "none"})
    missing, no_unit = coordinate_problems("main", plan)
    assert missing == "coordinate 'r' of stage 'main': it has no unit: give Plan(units=...) one"
    assert "coordinate 't' of stage 'main': 'none' is no unit" in no_unit
    assert coordinate_problems("main", replace(plan, units={"r": "nm", "t": "1"})) == []


def test_items_whose_earlier_stage_failed_may_be_left_out():
    """Three strains of each of four structures; the third structure was not relaxed."""
    coords = {
        "strain": np.arange(12),
        "strain_structure": ("strain", np.repeat(np.arange(4), 3)),
        "structure": list("abcd"),
    }
    cut = tasks([0, 3, 9], [3, 6, 12])
    plan = Plan(dim="strain", coords=coords, tasks=cut, owner="structure")
    stage = suite(outputs=(Output(name="stress", dims=("strain",), unit="GPa"),)).recipe.stages[0]
    covers_items_once(stage, plan, {"relax_status": np.array([1, 1, 2, 1])})
    with pytest.raises(AssertionError, match="3 of 12 items to no task, the first is 6"):
        covers_items_once(stage, plan, {"relax_status": np.array([1, 2, 1, 1])})


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install a recipe for this process and all that it starts; give a workbench for its runs."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.syspath_prepend(str(site))
    home = tmp_path / "home"
    home.mkdir()

    def of(recipe_id, *edits, n=24):
        source = recipe_source(recipe_id)
        for old, new in edits:
            assert source.count(old) == 1, old
            source = source.replace(old, new)
        module = recipe_id.replace(".", "_")
        install(
            site, recipe_id.replace(".", "-"), {recipe_id: f"{module}:recipe"}, {module: source}
        )
        return Home(home, recipe_id, {"n": n})

    return of


@pytest.mark.parametrize("name", ["torch", "dask", "distributed", "cupy"])
def test_a_pack_that_imports_what_it_must_not_is_found(installed, tmp_path, name):
    (tmp_path / "site" / "torch.py").write_text("")
    (tmp_path / "site" / "cupy.py").write_text("")
    installed("heavy.one", ("import numpy as np", f"import numpy as np\nimport {name}"))
    loaded = loaded_by_name("heavy.one", tmp_path)
    with pytest.raises(AssertionError, match=name):
        suite(id="heavy.one").test_it_loads_neither_dask_nor_an_array_library(loaded)


def test_a_good_pack_loads_and_an_older_one_is_found(installed, tmp_path):
    installed("light.one")
    loaded = loaded_by_name("light.one", tmp_path)
    suite(id="light.one").test_it_resolves_by_entry_point(loaded)
    suite(id="light.one").test_it_loads_neither_dask_nor_an_array_library(loaded)
    with pytest.raises(AssertionError, match="version 1: install it anew"):
        suite(id="light.one", version="2").test_it_resolves_by_entry_point(loaded)


def test_a_pack_that_is_not_installed_is_found(tmp_path):
    with pytest.raises(AssertionError, match="pip install -e"):
        loaded_by_name("not.installed", tmp_path)


VALUES = '{"square": task.inputs["number"].astype(float) ** 2}'
OUTPUT = 'Output(name="square", dims=("number",), unit="1"),'


def outputs(**values):
    """Edits that give the recipe other outputs, by name and expression."""
    made = ", ".join(f'"{name}": {value}' for name, value in values.items())
    declared = " ".join(OUTPUT.replace("square", name) for name in values)
    return [(VALUES, "{" + made + "}"), (OUTPUT, declared)]


def test_a_good_recipe_gives_equal_arrays_in_every_order(installed):
    noise = "np.random.default_rng(ctx.seed).random(len(task))"
    square = 'task.inputs["number"] ** 2.0'
    # So many that batches form also where the first task, which measures, is slow to start.
    home = installed("good.one", *outputs(square=square, noise=noise), n=240)
    one, two = home.shuffled(seed=1, batch_s=0.0), home.shuffled(seed=2, batch_s=3600.0)
    same(one, two)
    orders = [[r["tasks"] for r in read_lines(f / "tasks.1.jsonl")] for f in (one, two)]
    assert sorted(orders[0]) == [[[n, n + 1]] for n in range(120)]
    assert orders[0] != sorted(orders[0])
    assert len(orders[1]) < len(orders[0])


def test_devices_may_differ_by_what_an_output_declares(installed):
    near = 'task.inputs["number"] ** 2.0 * (1 + 1e-9 * np.random.rand(len(task)))'
    home = installed("near.one", *outputs(square=near))
    one, two = home.shuffled(seed=1, batch_s=0.0), home.shuffled(seed=2, batch_s=0.0)
    with pytest.raises(AssertionError, match="square: "):
        same(one, two)
    alike(one, two)
    with Run(one).open() as first, Run(two).open() as second:
        assert differences(first, second, {"square": 1e-12})
        assert differences(first, second, {"number": 1.0})


def test_a_kernel_that_is_not_pure_is_found(installed):
    impure = outputs(
        square='task.inputs["number"] ** 2.0',
        randomness="np.random.rand(len(task))",
        kept="np.full(len(task), float(next(COUNT)))",
        hashed='np.full(len(task), float(hash("a") % 1000))',
    )
    counter = ("def plan(", "import itertools\nCOUNT = itertools.count()\n\n\ndef plan(")
    home = installed("impure.one", counter, *impure)
    one, two = home.shuffled(seed=1, batch_s=0.0), home.shuffled(seed=2, batch_s=0.0)
    with pytest.raises(AssertionError) as found:
        same(one, two)
    assert re.findall(r"(\w+): \d+ of 24 values differ", str(found.value)) == [
        "hashed",
        "kept",
        "randomness",
    ]


def test_a_plan_that_depends_on_the_hash_seed_is_found(installed):
    """Sets of texts come in another order in every process."""
    names = "sorted({str(i) for i in range(p.n)}, key=lambda s: hash(s))"
    edit = ('{"number": np.arange(p.n)}', f'{{"number": np.array({names}).astype(int)}}')
    home = installed("hashed.one", edit)
    kept = home.shuffled(seed=3, batch_s=0.0)
    kit = suite(id="hashed.one")
    kit.test_the_first_plan_is_deterministic()
    with pytest.raises(AssertionError, match="differs between the run's driver and"):
        kit.test_every_plan_is_the_same_in_another_process(home, kept)


def test_a_run_that_fails_tells_why(installed):
    home = installed("failing.one", *outputs(square="np.ones(2) / (4 // (task.start - 4))"))
    with pytest.raises(AssertionError, match=r"failures: 2 items failed; item 4 of main: Zero"):
        home.shuffled(seed=1, batch_s=0.0)


def test_wrong_values_are_told_as_the_command_line_tells_them(installed):
    home = installed("strict.one")
    wrong = Home(home.folder, home.recipe, {"n": 0})
    with pytest.raises(AssertionError, match="n: 0 was given; it should be greater"):
        wrong.shuffled(seed=1, batch_s=0.0)
