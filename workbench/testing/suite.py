"""What the suites share: the recipe, the values, and a place for their runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from workbench.parameters import Parameters, input_files, load
from workbench.recipe import Recipe
from workbench.testing.home import Home


class Suite:
    """A recipe, and values that make a small run of it."""

    recipe: ClassVar[Recipe[Any]]
    tiny: ClassVar[Mapping[str, Any]] = {}

    @classmethod
    def values(cls) -> dict[str, Any]:
        """Return the small run's values, input files by their whole path."""
        found = dict(cls.tiny)
        for name in input_files(cls.recipe.parameters):
            if found.get(name) is not None:
                found[name] = str(Path(found[name]).absolute())
        return found

    def parameters(self) -> Parameters:
        """Return the small run's parameters, checked as at submit."""
        found: Parameters = load(self.recipe.parameters, self.values())
        return found

    @pytest.fixture(scope="class")
    @classmethod
    def home(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
        """Give the tests of one recipe a workbench of their own."""
        home = Home(tmp_path_factory.mktemp("workbench"), cls.recipe.id, cls.values())
        yield home
        home.close()

    @pytest.fixture(scope="class")
    @classmethod
    def kept(cls, home: Home) -> Path:
        """Give the folder of a run that kept its plans and parts."""
        return home.shuffled(seed=1, batch_s=0.0)
