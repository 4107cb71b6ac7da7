"""What every recipe promises, kept by materials.elastic."""

from typing import Any, ClassVar

from workbench.testing import RecipeTests
from workbench_materials.elastic import recipe


class TestElastic(RecipeTests):
    recipe = recipe
    tiny: ClassVar[dict[str, Any]] = {**recipe.examples[1].values(), "amplitudes": 1}
