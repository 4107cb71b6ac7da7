"""Recipes as documents: what the command line prints and other front ends show."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench import registry
from workbench.errors import NotFound
from workbench.recipe import PICTURES, Example, Output, Recipe


def listing() -> dict[str, Any]:
    """Return ``{recipes, problems}``: every usable recipe, and the packs that are not."""
    found, problems = registry.catalogue()
    return {
        "recipes": [{**_summary(recipe), "pack": entry.pack} for entry, recipe in found],
        "problems": [{"pack": p.pack, "message": p.message} for p in problems],
    }


def page(recipe_id: str) -> dict[str, Any]:
    """Return everything about a recipe that can be said without running it.

    Raises
    ------
    NotFound
        With the nearest id.
    """
    entry = registry.find(recipe_id)
    recipe = entry.load()
    outputs = [o for stage in recipe.stages for o in stage.outputs] + list(recipe.summary)
    return {
        **_summary(recipe),
        "pack": entry.pack,
        "schema": recipe.parameters.model_json_schema(),
        "outputs": [_output(output) for output in outputs],
        "references": list(recipe.references),
        "examples": [{"name": e.name, "title": e.title} for e in recipe.examples],
    }


def example_values(recipe_id: str) -> dict[str, dict[str, Any]]:
    """Return ``{example: {parameter: value}}`` as JSON values, paths as texts."""
    recipe = registry.resolve(recipe_id)
    return {example.name: _values(recipe, example) for example in recipe.examples}


def _values(recipe: Recipe[Any], example: Example) -> dict[str, Any]:
    what = f"Example {example.name!r} of {recipe.id}"
    values: Mapping[str, Any] = registry.asked(what, example.values)
    found: dict[str, Any] = json.loads(json.dumps(dict(values), default=_text))
    return found


def _text(value: Any) -> str:
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot stand in an example: use JSON values.")


def picture(recipe_id: str) -> dict[str, str]:
    """Return a recipe's picture: ``{type, data}``, the bytes as base64.

    Raises
    ------
    NotFound
        When it has none, or its file is not there.
    """
    recipe = registry.resolve(recipe_id)
    shown = recipe.picture
    if shown is None or not shown.file.is_file():
        raise NotFound(f"The recipe {recipe_id} has no picture.")
    data = base64.b64encode(shown.file.read_bytes()).decode("ascii")
    return {"type": PICTURES[shown.file.suffix], "data": data}


def _summary(recipe: Recipe[Any]) -> dict[str, Any]:
    names = ("id", "version", "title", "question", "field")
    found = {name: getattr(recipe, name) for name in names}
    return {**found, "picture": recipe.picture.caption if recipe.picture else ""}


def _output(output: Output) -> dict[str, Any]:
    names = ("name", "kind", "dtype", "unit", "long_name", "source")
    found: dict[str, Any] = {name: getattr(output, name) for name in names}
    found["dims"] = list(output.dims)
    if output.columns:
        found["columns"] = [_output(column) for column in output.columns]
    return found
