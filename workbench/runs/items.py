"""The items of a run one by one: which are done, failed (with the reason) or not run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import registry
from workbench.recipe import Recipe, Stage

STATES = ("not_run", "done", "failed")


def items_page(
    recipe: Recipe[Any],
    dataset: Any,
    failures: Iterable[Mapping[str, Any]],
    *,
    state: str = "",
    offset: int = 0,
    limit: int = 100,
) -> dict[str, Any]:
    """Return some items of every stage: failed ones first, then those not run, then done ones.

    ``stages`` says of each stage what it counts, and how many of them are in which state.

    Parameters
    ----------
    dataset
        The result, or what is there of it.
    failures
        As :meth:`workbench.runs.handle.Run.failures` returns them.
    state
        ``done``, ``failed`` or ``not_run``; all when empty.
    """
    told = {(entry["stage"], item): entry for entry in failures for item in entry["items"]}
    stages = [stage.name for stage in recipe.stages if f"{stage.name}_status" in dataset]
    status = [np.asarray(dataset[f"{name}_status"].values) for name in stages]
    states = np.concatenate(status) if status else np.zeros(0, np.int8)
    owner = np.repeat(np.arange(len(stages)), [len(one) for one in status])
    index = np.concatenate([np.arange(len(one)) for one in status]) if status else owner
    chosen = _failed_first(states, state)
    return {
        "items": [
            _shown(dataset, recipe.stage(stages[owner[i]]), int(index[i]), STATES[states[i]], told)
            for i in chosen[offset : offset + limit]
        ],
        "offset": offset,
        "total": len(chosen),
        "counts": _counts(states),
        "stages": [
            {"stage": name, "dim": _dim(dataset, name), "counts": _counts(one)}
            for name, one in zip(stages, status, strict=True)
        ],
    }


def _counts(states: NDArray[np.int8]) -> dict[str, int]:
    return {word: int((states == n).sum()) for n, word in enumerate(STATES)}


def _dim(dataset: Any, stage: str) -> str:
    return str(dataset[f"{stage}_status"].dims[0])


def _failed_first(states: NDArray[np.int8], wanted: str) -> NDArray[np.int64]:
    if wanted:
        return np.flatnonzero(states == STATES.index(wanted))
    rank = np.array([1, 2, 0])  # of not run, done, failed
    return np.argsort(rank[states], kind="stable")


def _shown(
    dataset: Any,
    stage: Stage[Any],
    index: int,
    state: str,
    told: Mapping[tuple[str, int], Mapping[str, Any]],
) -> dict[str, Any]:
    entry = told.get((stage.name, index), {}) if state == "failed" else {}
    return {
        "stage": stage.name,
        "index": index,
        "name": item_name(dataset, stage, index),
        "state": state,
        "code": entry.get("code", ""),
        "message": entry.get("message", ""),
        "attempts": entry.get("attempts", 0),
        "host": entry.get("host", ""),
    }


def item_name(dataset: Any, stage: Stage[Any], index: int) -> str:
    """Return what people call an item: its owner's name and its own, or its coordinate."""
    dim = _dim(dataset, stage.name)
    for owner in dataset.coords:
        which = f"{dim}_{owner}"
        if which in dataset and dataset[which].dims == (dim,):
            name = str(dataset[owner][int(dataset[which][index])].values)
            return f"{name} {_label(dataset, stage, dim, index) or f'({index})'}"
    return _said(dataset[dim].values[index]) if dim in dataset.coords else f"{dim} {index}"


def _said(coordinate: Any) -> str:
    """Return a coordinate as people say it: 3 rather than 3.0."""
    whole = isinstance(coordinate, np.floating) and coordinate.is_integer()
    return str(int(coordinate) if whole else coordinate)


def _label(dataset: Any, stage: Stage[Any], dim: str, index: int) -> str:
    label = stage.label
    if label is None:
        return ""
    mine = [name for name in dataset.variables if dataset[name].dims == (dim,)]
    at = {name: dataset[name][index].values[()] for name in mine if name.startswith(f"{dim}_")}
    return registry.asked(f"The label of stage {stage.name!r}", lambda: label(at))
