"""The promises that a stage's plan must keep."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import Problem, RecipeError
from workbench.recipe import NAME, Plan, Recipe, Stage
from workbench.registry import asked
from workbench.runs.groups import groups, not_an_items, owner_ranges, whole

TASK_COLUMNS = ("start", "stop", "cost", "affinity", "group")


def plain_attrs(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes as JSON values: numpy's numbers and arrays become Python's."""
    return {
        name: value.tolist() if isinstance(value, np.generic | np.ndarray) else value
        for name, value in attrs.items()
    }


def plan_of(recipe: Recipe[Any], stage: Stage[Any], parameters: Any, results: Any) -> Plan:
    """Return a stage's plan.

    Raises
    ------
    RecipeError
        When the recipe raises, or returns something else.
    """
    what = f"The plan of stage {stage.name!r} of {recipe.id}"
    found: Any = asked(what, lambda: stage.plan(parameters, results))
    if not isinstance(found, Plan):
        raise RecipeError(f"{what} is {type(found).__name__}; it must be a Plan.")
    return found


def check_plan(
    stage: Stage[Any],
    plan: Plan,
    *,
    recipe: Recipe[Any] | None = None,
    earlier: Mapping[str, Plan] | None = None,
) -> None:
    """Hold a plan against what its stage declares.

    Parameters
    ----------
    recipe, earlier
        The recipe and the plans of the stages before, by stage: names must not collide, and
        coordinates that stand in several plans must be equal.

    Raises
    ------
    RecipeError
        With every problem.
    """
    found = _coords_problems(plan)
    if not found:
        found = _task_problems(plan) + _output_problems(stage, plan)
        if plan.owner is not None and not _tasks_wrong(plan):
            found += _owner_problems(plan)
        found += _attrs_problems(plan)
        stray = sorted(set(plan.units) - set(plan.variables))
        found += [f"a unit is given for {name!r}, which is no coordinate" for name in stray]
        if recipe is not None:
            found += _names_problems(recipe, plan)
        for name, other in (earlier or {}).items():
            found += shared_problems(plan, name, other)
    if found:
        told = "\n".join(f"- {line}" for line in found)
        raise RecipeError(
            f"The plan of stage {stage.name!r} cannot be used:\n{told}",
            fields=[Problem(stage.name, line) for line in found],
        )


def _coords_problems(plan: Plan) -> list[str]:
    found = []
    lengths: dict[str, tuple[str, int]] = {}
    for name, (dim, values) in plan.variables.items():
        if not NAME.match(name) or not NAME.match(dim):
            found.append(f"coordinate {name!r} along {dim!r}: letters, digits and underscores only")
        if values.ndim != 1:
            found.append(f"coordinate {name!r} has shape {values.shape}; it must have one axis")
            continue
        if values.dtype.kind not in "fiubcT":
            found.append(f"coordinate {name!r} has dtype {values.dtype}, which cannot be stored")
        first, length = lengths.setdefault(dim, (name, len(values)))
        if length != len(values):
            found.append(
                f"dim {dim!r} has {length} entries in {first!r} and {len(values)} in {name!r}"
            )
    if plan.dim not in plan.variables:
        found.append(f"there is no coordinate for the task dim {plan.dim!r}")
    if plan.owner is not None:
        name = f"{plan.dim}_{plan.owner}"
        if name not in plan.variables or plan.variables[name][0] != plan.dim:
            found.append(f"owner {plan.owner!r} needs a coordinate {name!r} along {plan.dim!r}")
        elif plan.variables[name][1].dtype.kind not in "iu":
            found.append(f"coordinate {name!r} must hold the owners' numbers, as integers")
    return found


def _tasks_wrong(plan: Plan) -> bool:
    tasks, n = plan.tasks, plan.sizes[plan.dim]
    return bool(
        (tasks.start >= tasks.stop).any()
        or (tasks.start[1:] < tasks.stop[:-1]).any()
        or (tasks.start < 0).any()
        or (tasks.stop > n).any()
    )


def _task_problems(plan: Plan) -> list[str]:
    tasks, n = plan.tasks, plan.sizes[plan.dim]
    lengths = {name: len(getattr(tasks, name)) for name in TASK_COLUMNS}
    if len(set(lengths.values())) > 1:
        return [f"the columns of the tasks differ in length: {lengths}"]
    found = []
    for wrong, said in (
        (tasks.start >= tasks.stop, "holds no item"),
        ((tasks.start < 0) | (tasks.stop > n), f"lies outside of the {n} items"),
        (np.append(False, tasks.start[1:] < tasks.stop[:-1]), "begins before the last one ends"),
        (np.append(False, tasks.group[1:] < tasks.group[:-1]), "has a group below the last one's"),
        (~np.isfinite(tasks.cost) | (tasks.cost < 0), "has a cost that is no positive number"),
    ):
        at = np.flatnonzero(wrong[: len(tasks)])
        if len(at):
            i = int(at[0])
            more = f" (and {len(at) - 1} more)" if len(at) > 1 else ""
            found.append(f"task {i}, items {tasks.start[i]} to {tasks.stop[i]}, {said}{more}")
    return found


def _owner_problems(plan: Plan) -> list[str]:
    owners = plan.owners
    n = plan.sizes.get(str(plan.owner), np.iinfo(np.int64).max)
    name = f"{plan.dim}_{plan.owner}"
    if len(owners) and (owners.min() < 0 or owners.max() >= n):
        return [f"{name!r} holds {owners.min()} to {owners.max()}; there are {n} owners"]
    first, last = owner_ranges(plan)
    shared = np.flatnonzero(first[1:] < last[:-1])
    if len(shared) == 0:
        return []
    numbers, _ = groups(plan)
    a, b = int(numbers[shared[0]]), int(numbers[shared[0] + 1])
    i = int(shared[0])
    return [
        f"group {a} owns {plan.owner} {first[i]} to {last[i]} and group {b} owns {first[i + 1]} to "
        f"{last[i + 1]}: the owners of one group must lie before those of the next"
    ]


def _output_problems(stage: Stage[Any], plan: Plan) -> list[str]:
    found = []
    owner = plan.owner or plan.dim
    for output in stage.outputs:
        if output.kind == "rows" and output.dims[0] != owner:
            found.append(f"rows {output.name!r} must have the dim {owner!r} first")
        elif output.kind == "rows" and owner not in plan.sizes:
            found.append(f"rows {output.name!r}: the plan has no coordinate {owner!r}")
        if output.kind == "rows" and output.dims[1] in plan.sizes:
            found.append(f"rows {output.name!r}: its row dim {output.dims[1]!r} is a planned dim")
        if output.kind == "dense":
            lost = [dim for dim in output.dims if dim not in plan.sizes]
            found += [f"output {output.name!r}: the plan has no coordinate {dim!r}" for dim in lost]
            if len(set(output.dims)) < len(output.dims):
                found.append(f"output {output.name!r} has a dim twice: {output.dims}")
    return found + _combine_problems(stage, plan)


def _combine_problems(stage: Stage[Any], plan: Plan) -> list[str]:
    arrays = [o.name for o in stage.outputs if not_an_items(o, plan)]
    single = [o.name for o in stage.outputs if whole(o, plan)]
    several = bool((np.diff(plan.tasks.group) == 0).any())
    rows = [o.name for o in stage.outputs if o.kind == "rows"]
    found = []
    if arrays and several and stage.combine is None:
        found.append(f"some groups have several tasks, but nothing combines {', '.join(arrays)}")
    if single and len(plan.tasks) and np.ptp(plan.tasks.group):
        found.append(f"{', '.join(single)}: without task or owner dim, all tasks need one group")
    if (stage.combine or stage.root) and not arrays and not rows:
        found.append("combine or root is given, but no output is combined")
    if stage.split and arrays:
        found.append(f"split=True, but {', '.join(arrays)} has no entry for each item")
    return found


def _attrs_problems(plan: Plan) -> list[str]:
    found = []
    for name, value in plain_attrs(plan.attrs).items():
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError):
            found.append(f"attribute {name!r} is no JSON value: {value!r}")
    return found


def _names_problems(recipe: Recipe[Any], plan: Plan) -> list[str]:
    outputs = [o for stage in recipe.stages for o in stage.outputs] + list(recipe.summary)
    taken = {name for o in outputs for name in (o.name, *(c.name for c in o.columns))}
    taken |= {f"{o.name}_row_start" for o in outputs if o.kind == "rows"}
    taken |= {f"{stage.name}_status" for stage in recipe.stages}
    return [f"{name!r} is an output and a coordinate" for name in plan.variables if name in taken]


def shared_problems(plan: Plan, stage: str, other: Plan) -> list[str]:
    """Say where a plan and the one of an earlier stage contradict each other."""
    found = []
    for name, (dim, values) in plan.variables.items():
        if name in other.variables and not _same(other.variables[name], dim, values):
            found.append(f"coordinate {name!r} differs from the one in the plan of {stage!r}")
    for name, unit in plan.units.items():
        if other.units.get(name, unit) != unit:
            found.append(f"{name!r} is in {unit} here, in {other.units[name]} in {stage!r}")
    for dim, n in plan.sizes.items():
        if other.sizes.get(dim, n) != n:
            found.append(f"dim {dim!r} has {n} entries here, {other.sizes[dim]} in {stage!r}")
    return found


def _same(other: tuple[str, NDArray[Any]], dim: str, values: NDArray[Any]) -> bool:
    there, found = other
    return there == dim and found.dtype == values.dtype and bool(np.array_equal(found, values))
