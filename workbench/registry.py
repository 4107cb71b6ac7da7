"""Recipes found by entry point: lazily, and so that a broken pack harms nobody."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Any, TypeVar

from workbench.errors import NotFound, RecipeError, WorkbenchError
from workbench.plugins import Broken, Plugin, found, said
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

    plugin: Plugin

    @property
    def id(self) -> str:
        """Return the recipe's id."""
        return self.plugin.name

    @property
    def pack(self) -> str:
        """Return the distribution that offers it."""
        return self.plugin.pack

    @property
    def point(self) -> EntryPoint:
        """Return its entry point."""
        return self.plugin.point

    def load(self) -> Recipe[Any]:
        """Import the recipe.

        Raises
        ------
        RecipeError
            With the cause, when the pack cannot be imported or names something else.
        """
        return _load(self.plugin)


def _load(plugin: Plugin) -> Recipe[Any]:
    try:
        recipe = plugin.load()
    except Broken as error:
        raise RecipeError(
            f"Pack {plugin.pack!r} cannot be loaded for recipe {plugin.name!r}: {error}. "
            "Reinstall or repair the pack; other recipes are not affected."
        ) from error
    if not isinstance(recipe, Recipe) or recipe.id != plugin.name:
        there = f"recipe {recipe.id!r}" if isinstance(recipe, Recipe) else type(recipe).__name__
        raise RecipeError(
            f"Pack {plugin.pack!r} registers {plugin.point.value!r} as {plugin.name!r}, but that "
            f"is {there}: the entry point's name and the recipe's id must be the same."
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
            f"{what} failed: {said(error)}. This is a mistake in the recipe: tell its author."
        ) from error


def entries() -> tuple[dict[str, Entry], list[PackProblem]]:
    """Return the usable entries by id, and the ids that several packs claim."""
    usable, claimed = found(GROUP)
    problems = [
        PackProblem(pack, _twice(id_, packs)) for id_, packs in claimed.items() for pack in packs
    ]
    return {id_: Entry(plugin) for id_, plugin in usable.items()}, problems


def _twice(id_: str, packs: Sequence[str]) -> str:
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
    recipes = []
    for entry in good.values():
        try:
            recipes.append((entry, entry.load()))
        except RecipeError as error:
            problems.append(PackProblem(entry.pack, error.message))
    return recipes, problems
