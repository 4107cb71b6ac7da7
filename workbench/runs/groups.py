"""Groups of tasks, the owners that each holds, and which outputs belong to whom."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.recipe import Output, Plan, Stage
from workbench.runs.ranges import Integers


def groups(plan: Plan) -> tuple[Integers, Integers]:
    """Return the group numbers, ascending, and where the tasks of each begin (n + 1,)."""
    numbers, first = np.unique(plan.tasks.group, return_index=True)
    return numbers, np.append(first, len(plan.tasks)).astype(np.int64)


def owner_ranges(plan: Plan) -> tuple[Integers, Integers]:
    """Return the first owner of each group and the last plus one, in the order of the groups."""
    _, edges = groups(plan)
    tasks = plan.tasks
    if len(tasks) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    if plan.owner is None:
        return tasks.start[edges[:-1]], tasks.stop[edges[1:] - 1]
    # Owners between two tasks belong to no task: reduce over each task's items alone.
    pairs = np.stack([tasks.start, tasks.stop], axis=1).ravel()
    owners = np.append(plan.owners, 0)
    low = np.minimum.reduceat(owners, pairs)[::2]
    high = np.maximum.reduceat(owners, pairs)[::2] + 1
    first = edges[:-1]
    return np.minimum.reduceat(low, first), np.maximum.reduceat(high, first)


def owner_level(output: Output, plan: Plan) -> bool:
    """Say whether a dense output has one entry an owner."""
    return output.kind == "dense" and plan.owner is not None and output.dims[:1] == (plan.owner,)


def whole(output: Output, plan: Plan) -> bool:
    """Say whether a dense output is one for the whole stage: neither an item's nor an owner's."""
    return output.kind == "dense" and output.dims[:1] not in ((plan.dim,), (plan.owner,))


def needs_combine(stage: Stage[Any], plan: Plan) -> bool:
    """Say whether the stage has results that are only known once its groups are complete."""
    grouped = [o for o in stage.outputs if o.kind == "rows" or not_an_items(o, plan)]
    if not grouped:
        return False
    joins = stage.combine is not None or stage.root is not None or plan.owner is not None
    return joins or bool((np.diff(plan.tasks.group) == 0).any())


def not_an_items(output: Output, plan: Plan) -> bool:
    """Say whether a dense output belongs to the owners of a group, or to the whole stage."""
    return owner_level(output, plan) or whole(output, plan)
