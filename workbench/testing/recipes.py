"""RecipeTests: everything that a recipe promises, checked on a small run of it."""

from __future__ import annotations

from workbench.testing.loading import LoadingTests
from workbench.testing.partial import PartialTests
from workbench.testing.plans import PlanTests
from workbench.testing.runs import RunTests
from workbench.testing.schema import SchemaTests


class RecipeTests(RunTests, PartialTests, PlanTests, LoadingTests, SchemaTests):
    """Test a recipe as installed: subclass it, and say which recipe and which values.

    Attributes
    ----------
    recipe
        The recipe.  Its pack has to be installed: ``pip install -e .``
    tiny
        Parameter values of a run of seconds, with a dozen tasks or more.

    Notes
    -----
    The runs are real, on clusters of this computer with one and with three workers, in a
    ``WORKBENCH_HOME`` of their own; together they take about half a minute.  The quick tests
    come first: pytest goes through the suites from the last one named to the first.
    """
