"""What a kernel returned: failed items leave missing values and no rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from workbench.errors import RecipeError
from workbench.recipe import Output, Plan, Stage, Task, tile
from workbench.worker.outputs import Declared


def no_kernel(*_: Any) -> Any:
    raise AssertionError


def test_an_item_with_nan_keeps_nothing_of_what_the_kernel_said() -> None:
    outputs = (
        Output(name="energy", dims=("i",)),
        Output(name="steps", dims=("i",), dtype="int32"),
        Output(name="label", dims=("i",), dtype="str"),
        Output(
            name="moves", dims=("i", "move"), kind="rows", key=("at",),
            columns=(Output(name="at", dtype="int32"), Output(name="force")),
        ),
    )  # fmt: skip
    stage: Stage[Any] = Stage(name="s", outputs=outputs, plan=no_kernel, kernel=no_kernel)
    plan = Plan(dim="i", coords={"i": np.arange(10)}, tasks=tile(10, 5))
    task = Task(1, 5, 8, 1, (5, 8), plan.variables, "i")
    declared = Declared(stage, plan)
    steps = np.array([7, 8, 9], np.int32)
    given = {
        "energy": np.array([1.0, np.nan, 3.0]),
        "steps": steps,
        "label": ["a", "b", "c"],
        "moves": {"at": np.array([7, 6, 5, 6], np.int32), "force": np.arange(4.0)},
    }
    found = declared.blanked(task, declared.check(task, given))
    assert found.bad.tolist() == [False, True, False]
    assert found.arrays["steps"].tolist() == [7, -1, 9]
    assert found.arrays["label"].tolist() == ["a", "", "c"]
    assert found.rows["moves"]["at"].tolist() == [5, 7]
    assert found.rows["moves"]["force"].tolist() == [2.0, 0.0]
    assert steps.tolist() == [7, 8, 9]
    given["moves"] = {"at": np.array([0, 1], np.int32), "force": np.zeros(2)}
    with pytest.raises(RecipeError, match="'at' holds 0 to 1, but the group owns 5 to 7"):
        declared.check(task, given)


@pytest.mark.parametrize("given", [None, [1, 2], 3.0])
def test_what_is_no_mapping_of_outputs_is_said_to_be_none(given: Any) -> None:
    outputs = (Output(name="energy", dims=("i",)),)
    stage: Stage[Any] = Stage(name="s", outputs=outputs, plan=no_kernel, kernel=no_kernel)
    plan = Plan(dim="i", coords={"i": np.arange(2)}, tasks=tile(2))
    task = Task(0, 0, 1, 0, (0, 1), plan.variables, "i")
    with pytest.raises(RecipeError, match=f"returned {type(given).__name__}, not"):
        Declared(stage, plan).check(task, given)
