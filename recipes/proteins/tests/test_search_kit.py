"""proteins.search keeps what every recipe promises."""

from workbench.testing import RecipeTests
from workbench_proteins.search import recipe

EXAMPLE = recipe.examples[0].values()


class TestSearch(RecipeTests):
    recipe = recipe
    # Shards so small that every query is searched in several and joined.
    tiny = {**EXAMPLE, "max_hits": 20, "shard_residues": 100_000}  # noqa: RUF012
