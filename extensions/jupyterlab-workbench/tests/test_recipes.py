"""Catalogue, form and check over REST."""

from jupyterlab_workbench.documents.recipes import Catalogue, CheckAnswer, RecipePage
from tests.ui.place import PACK

RECIPE = "kinds.every"


async def check(client, **values):
    return await client.post("recipes", RECIPE, "check", body={"values": values}, model=CheckAnswer)


async def test_the_catalogue_lists_every_pack(client):
    found = await client.get("recipes", model=Catalogue)
    ids = {recipe["id"] for recipe in found["recipes"]}
    assert ids >= {RECIPE, "proteins.search", "materials.elastic"}
    assert found["problems"] == []


async def test_a_recipe_comes_with_its_form_and_examples(client, place):
    found = await client.get("recipes", RECIPE, model=RecipePage)
    fields = found["form"]["properties"]
    assert found["question"] == "What becomes of these numbers?"
    assert found["form"]["required"] == ["numbers"]
    assert fields["numbers"]["input"] == {"formats": ["text", ".txt"], "folder": False}
    assert "format" not in fields["numbers"]
    assert fields["factor"]["unit"] == "eV"
    assert fields["factor"]["default"] == 2.0
    assert fields["note"]["group"] == "words"
    assert fields["pause_s"]["advanced"] is True
    assert found["examples"][0]["values"] == {"numbers": str(place.numbers), "factor": 3.0}
    assert [output["unit"] for output in found["outputs"]] == ["eV", "1"]


async def test_pictures_come_from_the_packs(client):
    listed = (await client.get("recipes", model=Catalogue))["recipes"]
    assert {one["id"]: bool(one["picture"]) for one in listed} == {
        RECIPE: True,
        "materials.elastic": True,
        "proteins.search": True,
    }
    found = await client.send("GET", "recipes", RECIPE, "picture")
    assert found.headers["Content-Type"] == "image/svg+xml"
    assert found.body == (PACK.with_name("kinds.svg")).read_bytes()
    found = await client.send("GET", "recipes", "proteins.search", "picture")
    assert found.headers["Content-Type"] == "image/png"
    assert found.body.startswith(b"\x89PNG")


async def test_optional_values_and_tuples_are_said_as_the_form_understands_them(client):
    fields = (await client.get("recipes", RECIPE))["form"]["properties"]
    assert fields["limit"]["type"] == "number"
    assert fields["limit"]["nullable"] is True
    assert "anyOf" not in fields["limit"]
    assert "default" not in fields["limit"]
    assert [one["type"] for one in fields["window"]["items"]] == ["integer", "integer"]
    assert "prefixItems" not in fields["window"]


async def test_good_values_are_counted(client, place):
    found = await check(client, numbers=str(place.numbers))
    assert found["problems"] == []
    assert found["items"] == 6
    assert found["bytes"] > 0


async def test_every_problem_comes_at_once(client):
    found = await check(client, numbers="/no/such/file", factor=99, rounds="x", nothing=1)
    wrong = {problem["parameter"] for problem in found["problems"]}
    assert wrong == {"numbers", "factor", "rounds", "nothing"}


async def test_what_no_single_value_can_say_is_said_too(client, place):
    found = await check(client, numbers=str(place.numbers), window=[9, 1])
    assert [problem["parameter"] for problem in found["problems"]] == ["window"]


async def test_a_check_leaves_nothing_behind(client, place):
    before = sorted(path.name for path in (place.home / "runs").iterdir())
    await check(client, numbers=str(place.numbers))
    assert sorted(path.name for path in (place.home / "runs").iterdir()) == before


async def test_an_unknown_recipe_names_the_nearest(client):
    error = await client.refused(404, "GET", "recipes", "kinds.evry")
    assert "Did you mean 'kinds.every'?" in error["message"]
