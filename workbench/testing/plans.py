"""Plans are functions of their arguments, and give every item to one task."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.parameters import Parameters
from workbench.recipe import Plan, Recipe, Stage
from workbench.runs.plans import check_plan, plan_digest
from workbench.runs.stages import Results, read_record
from workbench.testing.digests import digests, plans_anew, plans_used
from workbench.testing.home import Home
from workbench.testing.suite import Suite
from workbench.testing.units import unit_problem

DONE = 1
HASH_SEEDS = ("1", "2")


class PlanTests(Suite):
    """What is planned depends on parameters and earlier results alone."""

    def test_the_first_plan_is_deterministic(self) -> None:
        """Two calls give one plan."""
        first_plan_is_deterministic(self.recipe, self.parameters())

    def test_the_first_plan_covers_the_items_once(self) -> None:
        """Every item stands in one task."""
        stage = self.recipe.stages[0]
        covers_items_once(stage, stage.plan(self.parameters(), {}), {})

    def test_every_coordinate_has_a_unit(self, kept: Path) -> None:
        """Axes are numbers, too; ``"1"`` says that there is none."""
        plans = plans_used(kept)
        problems = [p for stage, plan in plans.items() for p in coordinate_problems(stage, plan)]
        assert not problems, "; ".join(problems)

    def test_every_plan_is_the_same_in_another_process(self, home: Home, kept: Path) -> None:
        """Another hash seed, another process, another time: the same plans."""
        used = digests(plans_used(kept))
        found = {"this process": digests(plans_anew(kept))}
        for seed in HASH_SEEDS:
            found[f"PYTHONHASHSEED={seed}"] = _fresh(home, kept, seed)
        for where, planned in found.items():
            other = [stage for stage in used if planned[stage] != used[stage]]
            assert not other, _told(other[0], f"the run's driver and {where}")

    def test_every_plan_covers_the_items_once(self, kept: Path) -> None:
        """Every item stands in one task, but for those whose earlier stage failed."""
        plans = plans_used(kept)
        records = [read_record(kept, stage) for stage in plans]
        for number, (name, plan) in enumerate(plans.items()):
            earlier = Results(kept, self.recipe, records[:number])
            covers_items_once(self.recipe.stage(name), plan, earlier)


def first_plan_is_deterministic(recipe: Recipe[Any], parameters: Parameters) -> None:
    """Call the plan of the first stage twice.

    Raises
    ------
    AssertionError
        When the two differ.
    """
    stage = recipe.stages[0]
    one, two = (plan_digest(stage.plan(parameters, {})) for _ in range(2))
    assert one == two, _told(stage.name, "two calls")


def covers_items_once(stage: Stage[Any], plan: Plan, results: Mapping[str, NDArray[Any]]) -> None:
    """Hold the tasks of a plan against its items.

    Parameters
    ----------
    results
        Variables of the stages before; the ``*_status`` among them excuse what is not covered.

    Raises
    ------
    AssertionError
        When an item stands in no task without such an excuse.
    workbench.RecipeError
        When it stands in two, or the plan breaks another promise.
    """
    check_plan(stage, plan)
    covered = np.zeros(plan.sizes[plan.dim], bool)
    for start, stop in zip(plan.tasks.start, plan.tasks.stop, strict=True):
        covered[start:stop] = True
    left = np.flatnonzero(~covered & ~_excused(plan, results))
    assert left.size == 0, (
        f"the plan of stage {stage.name!r} gives {left.size} of {covered.size} items to no task, "
        f"the first is {left[0]} of dim {plan.dim!r}"
    )


def coordinate_problems(stage: str, plan: Plan) -> list[str]:
    """Say which coordinates that hold floats have no unit, or one that does not read like one."""
    found = []
    for name, (_, values) in plan.variables.items():
        if name in plan.units:
            wrong = unit_problem(plan.units[name])
        else:
            wrong = "it has no unit: give Plan(units=...) one" if values.dtype.kind == "f" else ""
        if wrong:
            found.append(f"coordinate {name!r} of stage {stage!r}: {wrong}")
    return found


def _excused(plan: Plan, results: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Items whose owner was not done in an earlier stage of as many items as there are owners."""
    owners = plan.owners
    n = plan.sizes[plan.owner or plan.dim]
    found = np.zeros(len(owners), bool)
    for name in results:
        if name.endswith("_status") and len(results[name]) == n:
            found |= (results[name] != DONE)[owners]
    return found


def _fresh(home: Home, folder: Path, hash_seed: str) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "workbench.testing.digests", str(folder)],
        env=home.environment(PYTHONHASHSEED=hash_seed),
        cwd=home.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


def _told(stage: str, between: str) -> str:
    return (
        f"the plan of stage {stage!r} differs between {between}. A plan reads its arguments and "
        "nothing else: no clock, no random numbers, no host, no order of a set."
    )
