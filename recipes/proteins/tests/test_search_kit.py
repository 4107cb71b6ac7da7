"""proteins.search keeps what every recipe promises."""

from workbench import service
from workbench.runs.folder import folder_bytes
from workbench.testing import RecipeTests
from workbench.testing.home import Home
from workbench_proteins.search import recipe

EXAMPLE = recipe.examples[0].values()


class TestSearch(RecipeTests):
    recipe = recipe
    # Shards so small that every query is searched in several and joined.
    tiny = {**EXAMPLE, "max_hits": 20, "shard_residues": 100_000}  # noqa: RUF012

    def test_the_disk_that_is_said_is_enough_and_no_multiple(self, home: Home) -> None:
        # While plans and parts are there too: the most that a run takes.
        taken = folder_bytes(home.shuffled(seed=3, batch_s=2.0))
        assert taken <= service.check(self.recipe.id, self.values()).bytes <= 3 * taken
