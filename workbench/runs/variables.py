"""The variables of a result: name, dims, type, attributes, and where their values come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from workbench.errors import RecipeError
from workbench.recipe import TEXT, Output, Plan, Recipe, Stage
from workbench.runs.groups import owner_level, whole
from workbench.runs.plan_checks import shared_problems
from workbench.runs.text import is_text

Kind = Literal["coordinate", "item", "owner", "whole", "column", "row_start", "status", "summary"]

EDGE = "_edge"
STATUS_ATTRS = {"flag_values": [0, 1, 2], "flag_meanings": "not_run done failed"}


@dataclass(frozen=True)
class Variable:
    """One variable of a result.

    Attributes
    ----------
    dims
        Names of its dimensions.
    dtype
        numpy dtype name, or ``"str"``.
    missing
        What stands where nothing was computed.
    kind
        Where its values come from: a plan's coordinate; the entry of an item, of an owner or
        of the whole stage; a column of rows, or where each owner's rows start; the status.
    output
        The output that it is, or is a part of.
    """

    name: str
    dims: tuple[str, ...]
    dtype: str
    kind: Kind
    stage: str = ""
    output: str = ""
    missing: Any = None
    attrs: Mapping[str, Any] = field(default_factory=dict)


def variables(recipe: Recipe[Any], plans: Mapping[str, Plan]) -> dict[str, Variable]:
    """Return the variables that the planned stages leave, coordinates first.

    Raises
    ------
    RecipeError
        When the plans of two stages disagree about a coordinate or the length of a dim.
    """
    _agree(plans)
    found: dict[str, Variable] = {}
    units = {name: unit for plan in plans.values() for name, unit in plan.units.items()}
    for stage, plan in plans.items():
        for name, (dim, values) in plan.variables.items():
            dtype = TEXT if is_text(values) else values.dtype.name
            attrs = {"long_name": _words(name)}
            if name in units:
                attrs["units"] = units[name]
            elif values.dtype.kind != "f":
                attrs["units"] = "1"
            found.setdefault(name, Variable(name, (dim,), dtype, "coordinate", stage, attrs=attrs))
    for name, plan in plans.items():
        for variable in _of_stage(recipe.stage(name), plan):
            found[variable.name] = variable
    return found


def summary_variables(recipe: Recipe[Any]) -> list[Variable]:
    """Return the variables that ``finish`` computes."""
    return [_of_output(o, o.dims, "summary", "", o.name) for o in recipe.summary]


def row_start(output: str) -> str:
    """Return the name of the variable that says where each owner's rows start."""
    return f"{output}_row_start"


def _agree(plans: Mapping[str, Plan]) -> None:
    problems = []
    seen: dict[str, Plan] = {}
    for stage, plan in plans.items():
        for other, earlier in seen.items():
            problems += [f"stage {stage!r}: {p}" for p in shared_problems(plan, other, earlier)]
        seen[stage] = plan
    if problems:
        raise RecipeError("The plans of two stages disagree:\n" + "\n".join(problems))


def _of_stage(stage: Stage[Any], plan: Plan) -> list[Variable]:
    status = Variable(
        f"{stage.name}_status",
        (plan.dim,),
        "int8",
        "status",
        stage.name,
        missing=0,
        attrs={"long_name": f"what became of each item in {stage.name}", **STATUS_ATTRS},
    )
    found = [status]
    for output in stage.outputs:
        if output.kind == "dense":
            kind: Kind = "item"
            if owner_level(output, plan):
                kind = "owner"
            elif whole(output, plan):
                kind = "whole"
            found.append(_of_output(output, output.dims, kind, stage.name, output.name))
        elif output.kind == "rows":
            found += _of_rows(stage, output)
    return found


def _of_rows(stage: Stage[Any], output: Output) -> list[Variable]:
    owner, row = output.dims
    found = [
        _of_output(column, (row,), "column", stage.name, output.name) for column in output.columns
    ]
    start = Variable(
        row_start(output.name),
        (f"{owner}{EDGE}",),
        "int64",
        "row_start",
        stage.name,
        output.name,
        missing=0,
        attrs={
            "units": "1",
            "long_name": f"first {row} of each {owner}; the last entry is the number of rows",
        },
    )
    return [*found, start]


def _of_output(
    output: Output, dims: tuple[str, ...], kind: Kind, stage: str, owner: str
) -> Variable:
    attrs = {"units": output.unit, "long_name": output.long_name or _words(output.name)}
    if output.source:
        attrs["source"] = output.source
    missing = output.missing
    return Variable(output.name, dims, output.dtype, kind, stage, owner, missing, attrs)


def _words(name: str) -> str:
    return name.replace("_", " ")
