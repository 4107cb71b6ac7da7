"""Suites that authors of recipes, vendors' and schedulers' files run against their own code.

A whole test file::

    from mylab_dimer import recipe
    from workbench.testing import RecipeTests


    class TestDimer(RecipeTests):
        recipe = recipe
        tiny = {"points": 3000}
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.testing.recipes import RecipeTests
    from workbench.testing.schedulers import SchedulerTests
    from workbench.testing.vendors import VendorTests

__all__ = ["RecipeTests", "SchedulerTests", "VendorTests"]

_MODULES = {"RecipeTests": "recipes", "SchedulerTests": "schedulers", "VendorTests": "vendors"}


def __getattr__(name: str) -> Any:
    # The command line takes its template from here and needs no pytest for that.
    if name not in _MODULES:
        raise AttributeError(f"module 'workbench.testing' has no attribute {name!r}")
    return getattr(importlib.import_module(f"workbench.testing.{_MODULES[name]}"), name)
