"""Recipes by entry point: real distributions on sys.path, seen through the command line."""

import importlib.metadata

import pytest

from tests.packs import install, recipe_source, workbench, workbench_json
from workbench import registry
from workbench.errors import NotFound, RecipeError


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    install(folder, "lab-good", {"lab.squares": "lab_good:recipe"}, {
        "lab_good": recipe_source("lab.squares"),
    })  # fmt: skip
    return folder


def listed(site):
    code, document = workbench_json("recipe", "list", site=site)
    assert code == 0
    recipes = {entry["id"]: entry for entry in document["recipes"]}
    problems = {(p["pack"], p["message"]) for p in document["problems"]}
    return recipes, problems


def messages(problems, pack):
    return [message for name, message in problems if name == pack]


def test_an_installed_pack_is_listed_with_its_words(site):
    recipes, problems = listed(site)
    assert recipes["lab.squares"] == {
        "id": "lab.squares",
        "version": "1",
        "title": "Squares",
        "question": "What is a number times itself?",
        "field": "",
        "pack": "lab-good",
        "picture": "",
    }
    assert not [p for p in problems if p[0].startswith("lab")]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "import no_such_module_here",
            "ModuleNotFoundError",
        ),
        ("def broken(:\n    pass", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError"),
        ("import sys\nsys.exit('not on this machine')", "SystemExit: not on this machine"),
        ("other = 1", "AttributeError"),
        ("recipe = 'not one'", "str"),
    ],
)
def test_a_broken_pack_is_listed_with_its_cause_and_harms_nobody(site, source, said):
    install(site, "lab-broken", {"broken.one": "lab_broken:recipe"}, {"lab_broken": source})
    recipes, problems = listed(site)
    [message] = messages(problems, "lab-broken")
    assert said in message
    assert "broken.one" not in recipes
    assert "lab.squares" in recipes


def test_a_broken_pack_is_told_to_whoever_asks_for_its_recipe(site):
    install(site, "lab-broken", {"broken.one": "lab_broken:recipe"}, {"lab_broken": "1 / 0"})
    code, document = workbench_json("recipe", "show", "broken.one", site=site)
    assert code == 1
    assert document["error"]["code"] == "recipe"
    assert "lab_broken.py:1" in document["error"]["message"]


def test_two_packs_with_one_id_are_both_refused_by_name(site):
    install(site, "lab-twin", {"lab.squares": "lab_twin:recipe"}, {
        "lab_twin": recipe_source("lab.squares"),
    })  # fmt: skip
    recipes, problems = listed(site)
    assert "lab.squares" not in recipes
    for pack in ("lab-good", "lab-twin"):
        [message] = messages(problems, pack)
        assert "lab-good and lab-twin" in message
    code, document = workbench_json("recipe", "show", "lab.squares", site=site)
    assert code == 1
    assert "lab-good and lab-twin" in document["error"]["message"]


def test_a_recipe_under_a_name_that_is_not_its_id_is_refused(site):
    install(site, "lab-alias", {"lab.cubes": "lab_good:recipe"}, {})
    recipes, problems = listed(site)
    assert set(recipes) & {"lab.cubes", "lab.squares"} == {"lab.squares"}
    [message] = messages(problems, "lab-alias")
    assert "'lab.cubes'" in message
    assert "'lab.squares'" in message


def test_an_unknown_recipe_is_answered_with_the_nearest_one(site):
    code, document = workbench_json("recipe", "show", "lab.square", site=site)
    assert code == 3
    assert "Did you mean 'lab.squares'?" in document["error"]["message"]


def test_show_tells_parameters_and_outputs(site):
    code, document = workbench_json("recipe", "show", "lab.squares", site=site)
    assert code == 0
    assert document["schema"]["properties"]["n"]["minimum"] == 1
    assert document["schema"]["properties"]["n"]["description"] == "How many numbers."
    [output] = document["outputs"]
    assert (output["name"], output["dims"], output["unit"]) == ("square", ["number"], "1")


def test_people_see_the_broken_pack_beside_the_list(site):
    install(site, "lab-broken", {"broken.one": "lab_broken:recipe"}, {"lab_broken": "1 / 0"})
    done = workbench("recipe", "list", site=site)
    assert done.returncode == 0
    assert "lab.squares" in done.stdout
    assert "lab-broken: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_pack_is_found_only_once_however_often_its_folder_is_on_the_path(site, monkeypatch):
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.syspath_prepend(f"{site}/")
    names = [point.name for point in importlib.metadata.entry_points(group=registry.GROUP)]
    assert "lab.squares" in names
    assert registry.find("lab.squares").pack == "lab-good"
    assert registry.resolve("lab.squares").title == "Squares"


def test_what_a_pack_prints_on_import_does_not_spoil_the_json(site):
    chatty = "print('Welcome to lab-chatty')\n" + recipe_source("chatty.one")
    install(site, "lab-chatty", {"chatty.one": "lab_chatty:recipe"}, {"lab_chatty": chatty})
    recipes, _ = listed(site)
    assert "chatty.one" in recipes
    assert "Welcome" in workbench("recipe", "list", "--json", site=site).stderr


def test_python_says_the_same(site, monkeypatch):
    monkeypatch.syspath_prepend(str(site))
    install(site, "lab-broken", {"broken.one": "lab_broken:recipe"}, {"lab_broken": "1 / 0"})
    with pytest.raises(NotFound, match=r"nothing\.here"):
        registry.find("nothing.here")
    with pytest.raises(RecipeError, match="ZeroDivisionError"):
        registry.resolve("broken.one")
