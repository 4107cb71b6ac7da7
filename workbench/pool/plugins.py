"""Schedulers and vendors by entry point: one file each, whoever wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from workbench import plugins
from workbench.errors import NotFound, Refused
from workbench.plugins import Broken
from workbench.pool.scheduler import Scheduler
from workbench.pool.vendor import Vendor

SCHEDULERS = "workbench.schedulers"
VENDORS = "workbench.vendors"

T = TypeVar("T", Scheduler, Vendor)


@dataclass(frozen=True)
class Found(Generic[T]):
    """What can be used, by name, and what is wrong with the others.

    Attributes
    ----------
    problems
        One sentence each, with the distribution and the cause.
    """

    usable: Mapping[str, T]
    problems: tuple[str, ...] = ()


@cache
def schedulers() -> Found[Scheduler]:
    """Return the installed schedulers."""
    return _loaded(SCHEDULERS, "scheduler", Scheduler)  # type: ignore[type-abstract]


@cache
def vendors() -> Found[Vendor]:
    """Return the installed vendors."""
    return _loaded(VENDORS, "vendor", Vendor)  # type: ignore[type-abstract]


def scheduler(name: str) -> Scheduler:
    """Return one scheduler.

    Raises
    ------
    NotFound
        With the nearest name.
    Refused
        With the cause, when it is installed but cannot be used.
    """
    return _one(schedulers(), "scheduler", name)


def vendor(name: str) -> Vendor:
    """Return one vendor; see :func:`scheduler` for what is raised."""
    return _one(vendors(), "vendor", name)


def _one(found: Found[T], kind: str, name: str) -> T:
    if name in found.usable:
        return found.usable[name]
    told = [problem for problem in found.problems if f"{kind} {name!r}" in problem]
    if told:
        raise Refused(" ".join(told), code=f"no_{kind}")
    raise NotFound.named(kind, name, found.usable)


def _loaded(group: str, kind: str, parent: type[T]) -> Found[T]:
    usable, claimed = plugins.found(group)
    problems = [
        f"The {kind} {name!r} is offered by {' and '.join(packs)}: neither is used. Uninstall one "
        f"of them: pip uninstall {packs[-1]}"
        for name, packs in claimed.items()
    ]
    loaded = {}
    for name, plugin in usable.items():
        try:
            loaded[name] = _instance(plugin.load(), name, parent)
        except Broken as error:
            problems.append(
                f"The {kind} {name!r} of {plugin.pack} cannot be loaded: {error}. Reinstall or "
                "repair it; the others are not affected."
            )
    return Found(loaded, tuple(problems))


def _instance(there: Any, name: str, parent: type[T]) -> T:
    """Make the one instance of a class, or say why it is none."""
    if not (isinstance(there, type) and issubclass(there, parent)):
        raise Broken(f"its entry point names {there!r}, no subclass of {parent.__name__}")
    try:
        made: T = there()
    except Exception as error:
        raise Broken(plugins.said(error)) from error
    if made.name != name:
        raise Broken(f"its entry point is {name!r}, but it calls itself {made.name!r}")
    return made
