"""What a recipe says of itself is held against itself when it is declared."""

import pytest

from workbench import Output, Parameters, Plan, Recipe, RecipeError, Stage, tile

ROWS = Output(
    name="hits",
    kind="rows",
    dims=("item", "hit"),
    key=("hit_item",),
    columns=(Output(name="hit_item", dtype="int64"), Output(name="score")),
)


def plan(p, results):
    return Plan(dim="item", coords={"item": [1]}, tasks=tile(1))


def kernel(task, p, ctx):
    return {}


def recipe(**changes):
    given = {"id": "lab.one", "outputs": (Output(name="energy", dims=("item",)),)}
    given |= {"plan": plan, "kernel": kernel, **changes}
    return Recipe(version="1", title="One", parameters=Parameters, **given)


def test_one_stage_is_called_main():
    assert [stage.name for stage in recipe().stages] == ["main"]
    assert recipe(outputs=(ROWS,), table="hits", columns=("score",)).columns == ("score",)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"id": "One"}, "the id must read pack.name in lower case"),
        ({"plan": None}, "give stages, or plan and kernel"),
        ({"outputs": (Output(name="2d", dims=("item",)),)}, "'2d' is no name: letters, digits"),
        ({"outputs": (Output(name="main", dims=("item",)),)}, "'main' stands twice"),
        (
            {"outputs": (Output(name="a", kind="rows", dims=("item",)),)},
            "rows output 'a' needs dims (owner, row); rows output 'a' needs a key made of its",
        ),
        ({"outputs": (Output(name="a", key=("b",)),)}, "dense output 'a' has columns or a key"),
        ({"outputs": (Output(name="a", dtype="object"),)}, "'a': dtype object cannot be stored"),
        ({"summary": (Output(name="mean"),)}, "summary outputs need finish"),
        ({"columns": ("enrgy",)}, "there is no column 'enrgy' to show"),
        (
            {"stages": (Stage(name="x y", outputs=(), plan=plan, kernel=kernel),) * 2},
            "'x y' is no name: letters, digits and underscores; 'x y' stands twice",
        ),
    ],
)
def test_mistakes_are_told_to_the_author(changes, told):
    with pytest.raises(RecipeError) as caught:
        recipe(**changes)
    assert told in caught.value.message
    assert caught.value.message.startswith("Recipe ")
