"""Plans: written, read, compared and refused with every problem."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.errors import DamagedResult, RecipeError
from workbench.parameters import Parameters
from workbench.recipe import Output, Plan, Recipe, Stage, tasks, tile
from workbench.runs.groups import owner_ranges
from workbench.runs.plans import check_plan, load_plan, plan_digest, save_plan


def no_kernel(*_: Any) -> Any:
    raise AssertionError


def stage(*outputs: Output, **more: Any) -> Stage[Any]:
    return Stage(name="s", outputs=outputs, plan=no_kernel, kernel=no_kernel, **more)


def plan(**changes: Any) -> Plan:
    given: dict[str, Any] = {
        "dim": "pair",
        "coords": {
            "pair": np.arange(6),
            "pair_query": ("pair", np.array([0, 1, 0, 1, 2, 2], np.int32)),
            "query": ["a", "é", ""],
            "axis": np.array([0.5, 1.5]),
        },
        "tasks": tasks([0, 2, 4], [2, 4, 6], group=[0, 0, 7], cost=[1, 2, 3]),
        "owner": "query",
        "attrs": {"Z": np.int64(9), "name": "x", "none": None, "list": np.array([1.5])},
    }
    return Plan(**{**given, **changes})


ROWS = Output(
    name="hits",
    dims=("query", "hit"),
    kind="rows",
    key=("at",),
    columns=(Output(name="at", dtype="int32"),),
)


def test_a_plan_comes_back_as_it_was(tmp_path: Path) -> None:
    given = plan(units={"axis": "nm"})
    found = load_plan(tmp_path, "s", save_plan(tmp_path, "s", given))
    assert list(found.variables) == list(given.variables)
    for name, (dim, values) in given.variables.items():
        assert found.variables[name][0] == dim
        np.testing.assert_array_equal(found.variables[name][1], values, strict=True)
    for name in ("start", "stop", "cost", "affinity", "group"):
        np.testing.assert_array_equal(
            getattr(found.tasks, name), getattr(given.tasks, name), strict=True
        )
    assert (found.dim, found.owner) == ("pair", "query")
    assert found.units == {"axis": "nm"}
    assert found.attrs == {"Z": 9, "name": "x", "none": None, "list": [1.5]}
    assert plan_digest(found) == plan_digest(given)
    assert save_plan(tmp_path, "t", found).crc32c == save_plan(tmp_path, "s", given).crc32c


@pytest.mark.parametrize(
    "changes",
    [
        {"owner": None},
        {"attrs": {"Z": 10}},
        {"tasks": tasks([0, 2, 4], [2, 4, 5], group=[0, 0, 7], cost=[1, 2, 3])},
        {"coords": {**plan().coords, "query": ["a", "e", ""]}},
        {"coords": {**plan().coords, "axis": np.array([0.5, 1.5], np.float32)}},
    ],
)
def test_the_digest_tells_plans_apart(changes: dict[str, Any]) -> None:
    assert plan_digest(plan(**changes)) != plan_digest(plan())


def test_a_damaged_plan_is_refused(tmp_path: Path, fault: Any) -> None:
    damage, said = fault
    ref = save_plan(tmp_path, "s", plan())
    damage(tmp_path / ref.file)
    with pytest.raises(DamagedResult, match=f"plans/s.npz.*{said}"):
        load_plan(tmp_path, "s", ref)


def test_owner_ranges_ignore_items_in_no_task() -> None:
    given = plan(
        coords={**plan().coords, "pair_query": ("pair", np.array([0, 2, 0, 0, 2, 1]))},
        tasks=tasks([0, 2, 5], [1, 4, 6], group=[0, 0, 7]),
    )
    first, last = owner_ranges(given)
    assert list(zip(first.tolist(), last.tolist(), strict=True)) == [(0, 1), (1, 2)]
    assert given.group_owners == {0: (0, 1), 7: (1, 2)}


def test_a_good_plan_passes() -> None:
    check_plan(stage(ROWS, Output(name="x", dims=("pair", "axis"))), plan())
    check_plan(stage(Output(name="x", dims=("query",)), combine=no_kernel), plan())
    nothing = plan(tasks=tasks([], []))
    check_plan(stage(ROWS), nothing)


@pytest.mark.parametrize(
    ("changes", "outputs", "told"),
    [
        ({"tasks": tasks([0, 2], [3, 4])}, [], ["begins before the last one ends"]),
        ({"tasks": tasks([2, 0], [4, 2])}, [], ["begins before the last one ends"]),
        ({"tasks": tasks([0, 2], [0, 9])}, [], ["holds no item", "outside of the 6 items"]),
        ({"tasks": tasks([0, 2], [2, 4], group=[3, 1])}, [], ["group below the last one's"]),
        ({"tasks": tasks([0], [2], cost=[np.nan])}, [], ["no positive number"]),
        ({"tasks": tile(6, 2, group=[0, 1, 2])}, [], ["must lie before those of the next"]),
        ({"dim": "other"}, [], ["no coordinate for the task dim 'other'"]),
        ({"owner": "axis"}, [], ["needs a coordinate 'pair_axis'"]),
        (
            {"coords": {**plan().coords, "pair_query": ("pair", np.full(6, 9))}},
            [],
            ["holds 9 to 9; there are 3 owners"],
        ),
        (
            {"coords": {**plan().coords, "more": ("pair", [1, 2])}},
            [],
            ["6 entries in 'pair' and 2 in 'more'"],
        ),
        ({"units": {"axes": "nm"}}, [], ["a unit is given for 'axes', which is no coordinate"]),
        ({"attrs": {"bad": float("inf")}}, [], ["attribute 'bad' is no JSON value"]),
        ({}, [Output(name="x", dims=("pair", "lost"))], ["no coordinate 'lost'"]),
        ({}, [Output(name="x", dims=("query",))], ["nothing combines x"]),
        ({}, [Output(name="x", dims=("axis",))], ["nothing combines x", "need one group"]),
        ({"owner": None}, [ROWS], ["must have the dim 'pair' first"]),
    ],
)
def test_a_bad_plan_is_refused(
    changes: dict[str, Any], outputs: list[Output], told: list[str]
) -> None:
    with pytest.raises(RecipeError) as caught:
        check_plan(stage(*outputs), plan(**changes))
    assert "plan of stage 's'" in str(caught.value)
    for line in told:
        assert line in str(caught.value)


def test_all_problems_are_told_at_once() -> None:
    bad = plan(tasks=tasks([0, 0], [9, 0]), attrs={"x": np.nan})
    with pytest.raises(RecipeError) as caught:
        check_plan(stage(Output(name="x", dims=("pair", "lost"))), bad)
    assert len(caught.value.fields) == 5


def test_names_and_coordinates_must_agree_within_a_recipe() -> None:
    output = Output(name="axis", dims=("pair",))
    recipe = Recipe(
        id="tests.x", version="1", title="X", parameters=Parameters, stages=(stage(output),)
    )
    with pytest.raises(RecipeError, match="'axis' is an output and a coordinate"):
        check_plan(stage(output), plan(), recipe=recipe)
    other = plan(coords={**plan().coords, "query": ["a", "b"], "axis": np.array([0.5, 1.6])})
    with pytest.raises(RecipeError) as caught:
        check_plan(stage(), plan(), earlier={"before": other})
    in_nm, in_um = plan(units={"axis": "nm"}), plan(units={"axis": "um"})
    check_plan(stage(), plan(), earlier={"before": in_nm})
    with pytest.raises(RecipeError, match="'axis' is in um here, in nm in 'before'"):
        check_plan(stage(), in_um, earlier={"before": in_nm})
    for told in ("'query' differs", "'axis' differs", "3 entries here, 2 in 'before'"):
        assert told in str(caught.value)
