"""Routes of recipes: catalogue, page with form, check."""

from __future__ import annotations

import base64

from jupyterlab_workbench.documents.recipes import CheckRequest
from jupyterlab_workbench.form import form_schema
from jupyterlab_workbench.request import Request, verb


class Recipes(Request):
    """``recipes``."""

    @verb
    async def get(self) -> None:
        """Every recipe of every installed pack."""
        self.tell(await self.desk.answers.ask("recipes"))


class Recipe(Request):
    """``recipes/{id}``."""

    @verb
    async def get(self, recipe_id: str) -> None:
        """One recipe, with the schema of its form and its examples' values."""
        found = await self.desk.answers.ask("recipe", recipe_id=recipe_id)
        values = found.pop("values")
        examples = [{**one, "values": values[one["name"]]} for one in found.pop("examples")]
        form = form_schema(found.pop("schema"))
        self.tell({**found, "form": form, "examples": examples})


class Picture(Request):
    """``recipes/{id}/picture``."""

    @verb
    async def get(self, recipe_id: str) -> None:
        """Answer with the picture that the pack ships."""
        found = await self.desk.answers.ask("picture", recipe_id=recipe_id)
        self.set_header("Cache-Control", "private, max-age=3600")
        await self.finish(base64.b64decode(found["data"]), set_content_type=found["type"])


class Check(Request):
    """``recipes/{id}/check``."""

    @verb
    async def post(self, recipe_id: str) -> None:
        """Say what is wrong with values; no side effect."""
        asked = self.body(CheckRequest)
        said = await self.desk.answers.ask("check", recipe_id=recipe_id, values=asked.values)
        self.tell(said)
