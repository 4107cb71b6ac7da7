"""Recipes found by entry point: lazily, and so that a broken pack harms nobody."""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

from workbench.errors import NotFound, RecipeError, WorkbenchError
from workbench.recipe import Recipe

GROUP = "workbench.recipes"

T = TypeVar("T")


@dataclass(frozen=True)
class PackProblem:
    """A pack, or one of its recipes, that cannot be used, and why."""

    pack: str
    message: str


@dataclass(frozen=True)
class Entry:
    """A recipe id and where it lives; nothing is imported before :meth:`load`."""

    id: str
    pack: str
    version: str
    point: EntryPoint

    def load(self) -> Recipe[Any]:
        """Import the recipe.

        Raises
        ------
        RecipeError
            With the cause, when the pack cannot be imported or names something else.
        """
        return _load(self.point, self.pack)


@cache
def _load(point: EntryPoint, pack: str) -> Recipe[Any]:
    try:
        # Standard output belongs to the command that asked: one JSON document, for example.
        with contextlib.redirect_stdout(sys.stderr):
            recipe = point.load()
    except (Exception, SystemExit) as error:
        raise RecipeError(
            f"Pack {pack!r} cannot be loaded for recipe {point.name!r}: {_said(error)}. "
            "Reinstall or repair the pack; other recipes are not affected."
        ) from error
    if not isinstance(recipe, Recipe) or recipe.id != point.name:
        said = f"recipe {recipe.id!r}" if isinstance(recipe, Recipe) else type(recipe).__name__
        raise RecipeError(
            f"Pack {pack!r} registers {point.value!r} as {point.name!r}, but that is {said}: "
            "the entry point's name and the recipe's id must be the same."
        )
    return recipe


def asked(what: str, call: Callable[[], T]) -> T:
    """Call a function of a recipe outside of the workers: its check, or a plan.

    Parameters
    ----------
    what
        Names the function in the message.

    Raises
    ------
    WorkbenchError
        As the function raises it.
    RecipeError
        With the cause, whatever else it raises.
    """
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return call()
    except (WorkbenchError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise RecipeError(
            f"{what} failed: {_said(error)}. This is a mistake in the recipe: tell its author."
        ) from error


def _said(error: BaseException) -> str:
    """Say what was raised, and where."""
    try:
        text = str(error)
    except Exception as unreadable:
        text = f"(no text: showing it raised {type(unreadable).__name__})"
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {text} ({last.filename}:{last.lineno})"


def _points() -> Iterator[tuple[str, str, EntryPoint]]:
    for point in entry_points(group=GROUP):
        dist = point.dist
        yield (dist.name if dist else "?"), (dist.version if dist else "?"), point


def entries() -> tuple[dict[str, Entry], list[PackProblem]]:
    """Return the usable entries by id, and the ids that several packs claim."""
    found: dict[str, dict[str, Entry]] = {}
    for pack, version, point in _points():
        found.setdefault(point.name, {})[pack] = Entry(point.name, pack, version, point)
    good = {id_: next(iter(packs.values())) for id_, packs in found.items() if len(packs) == 1}
    problems = [
        PackProblem(pack, _twice(id_, sorted(packs)))
        for id_, packs in sorted(found.items())
        if len(packs) > 1
        for pack in sorted(packs)
    ]
    return dict(sorted(good.items())), problems


def _twice(id_: str, packs: list[str]) -> str:
    return (
        f"Recipe {id_!r} is offered by {' and '.join(packs)}: neither is used, because nobody "
        f"could tell whose result it is. Uninstall one of them: pip uninstall {packs[-1]}"
    )


def find(recipe_id: str) -> Entry:
    """Return the entry of a recipe.

    Raises
    ------
    NotFound
        With the nearest id, when there is none.
    RecipeError
        When two packs claim the id.
    """
    good, problems = entries()
    if recipe_id in good:
        return good[recipe_id]
    for problem in problems:
        if f"{recipe_id!r}" in problem.message:
            raise RecipeError(problem.message)
    raise NotFound.named("recipe", recipe_id, good, "See: workbench recipe list")


def resolve(recipe_id: str) -> Recipe[Any]:
    """Return a recipe by id; see :func:`find` for what is raised."""
    return find(recipe_id).load()


def catalogue() -> tuple[list[tuple[Entry, Recipe[Any]]], list[PackProblem]]:
    """Load every recipe; return the good ones and what is wrong with the others."""
    good, problems = entries()
    found = []
    for entry in good.values():
        try:
            found.append((entry, entry.load()))
        except RecipeError as error:
            problems.append(PackProblem(entry.pack, error.message))
    return found, problems
