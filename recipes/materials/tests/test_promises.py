"""What every recipe promises, kept by materials.elastic."""

from typing import Any, ClassVar

from workbench import service
from workbench.runs.folder import folder_bytes
from workbench.testing import RecipeTests
from workbench.testing.home import Home
from workbench_materials.elastic import recipe


class TestElastic(RecipeTests):
    recipe = recipe
    tiny: ClassVar[dict[str, Any]] = {**recipe.examples[1].values(), "amplitudes": 1}

    def test_the_disk_that_is_said_is_enough_and_no_multiple(self, home: Home) -> None:
        # While plans and parts are there too: the most that a run takes.
        taken = folder_bytes(home.shuffled(seed=3, batch_s=2.0))
        assert taken <= service.check(self.recipe.id, self.values()).bytes <= 3 * taken
