"""Recipes of known cost: items that take so much computing each, and items of eight variables."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from workbench import Output, Parameters, Plan, Recipe, parameter, tile

VARIABLES = 8


def spin(loops: int) -> float:
    """Compute for a while in plain Python: so many loops, whatever else the machine does."""
    total = 0.0
    for number in range(loops):
        total += 0.5 * number
    return total


def traced_spin(loops: int, folder: str) -> float:
    """Compute, and note beginning and end (monotonic, s) in a file of this process."""
    begun = time.monotonic()
    total = spin(loops)
    line = f"{begun:.6f} {time.monotonic():.6f}\n"
    with Path(folder, str(os.getpid())).open("a", encoding="ascii") as file:
        file.write(line)
    return total


def calibrated(seconds_each: float) -> int:
    """Return for how many loops :func:`spin` takes so long, undisturbed."""
    loops = 100_000
    best = min(_timed(loops) for _ in range(50))
    return round(loops * seconds_each / best)


def _timed(loops: int) -> float:
    begun = time.perf_counter()
    spin(loops)
    return time.perf_counter() - begun


class Work(Parameters):
    """How many items, and what each costs."""

    items: int = parameter(1_000, ge=1, help="Number of items; each is a task of its own.")
    loops: int = parameter(0, ge=0, help="Loops of plain Python to compute for each item.")
    trace: str = parameter("", help="Folder for the times of every kernel call; none if empty.")


def plan(values: Work, results: Mapping[str, Any]) -> Plan:
    """One task an item."""
    return Plan(dim="item", coords={"item": np.arange(values.items)}, tasks=tile(values.items))


def work(task: Any, values: Work, context: Any) -> dict[str, Any]:
    """Return what the loops add up to."""
    if values.trace:
        return {"total": np.array([traced_spin(values.loops, values.trace)])}
    return {"total": np.array([spin(values.loops)])}


def eight(task: Any, values: Work, context: Any) -> dict[str, Any]:
    """Return eight numbers an item."""
    item = task.inputs["item"].astype(float)
    return {f"variable_{number}": item * number for number in range(VARIABLES)}


items = Recipe(
    id="bench.items",
    version="1",
    title="Items of known cost",
    parameters=Work,
    plan=plan,
    kernel=work,
    outputs=(Output(name="total", dims=("item",)),),
)

variables = Recipe(
    id="bench.variables",
    version="1",
    title="Items of eight variables",
    parameters=Work,
    plan=plan,
    kernel=eight,
    outputs=tuple(Output(name=f"variable_{number}", dims=("item",)) for number in range(VARIABLES)),
)
