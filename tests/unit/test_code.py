"""The code hash: comments and layout leave it as it is, whatever computes changes it."""

import sys
from importlib.metadata import EntryPoint

import pytest

from workbench.code import code_hash, packages
from workbench.errors import RecipeError

MODULE = '''"""A recipe."""
LIMIT = 3  # why three


def kernel(x):
    """Square it."""
    return x**2


recipe = kernel
'''
HELPER = "def helper(): return 1"


@pytest.fixture
def hash_of(tmp_path, monkeypatch):
    """Hash of a package of these files, in a place of its own every time."""
    count = iter(range(1000))

    def of(files, point="pack.recipes:recipe"):
        root = tmp_path / str(next(count))
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for name in [name for name in sys.modules if name.split(".")[0] in ("pack", "alone")]:
            del sys.modules[name]
        with monkeypatch.context() as patch:
            patch.syspath_prepend(str(root))
            return code_hash(EntryPoint("lab.one", point, "workbench.recipes"))

    yield of
    for name in [name for name in sys.modules if name.split(".")[0] in ("pack", "alone")]:
        del sys.modules[name]


def pack(text, more=""):
    return {"pack/__init__.py": "", "pack/recipes.py": text, "pack/more.py": more}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  # why three", ""),
        ("# why three", "# because"),
        ("Square it.", "Return the square."),
        ('    """Square it."""\n', ""),
        ('"""A recipe."""\n', "# A recipe.\n"),
        ("x**2", "(x ** 2)"),
        ("LIMIT = 3", "LIMIT=3"),
        ("\n\n\n", "\n"),
    ],
)
def test_comments_docstrings_and_layout_change_nothing(hash_of, old, new):
    assert old in MODULE
    assert hash_of(pack(MODULE.replace(old, new))) == hash_of(pack(MODULE))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x**2", "x**3"),
        ("LIMIT = 3", "LIMIT = 4"),
        ("def kernel(x)", "def kernel(x, y=0)"),
        ("recipe = kernel", "recipe = print"),
    ],
)
def test_what_computes_changes_it(hash_of, old, new):
    assert old in MODULE
    assert hash_of(pack(MODULE.replace(old, new))) != hash_of(pack(MODULE))


def test_every_module_of_the_package_counts(hash_of):
    before = hash_of(pack(MODULE, HELPER))
    assert hash_of(pack(MODULE, "def helper(): return 2")) != before
    assert hash_of({**pack(MODULE, HELPER), "pack/new.py": "X = 1"}) != before
    moved = {
        "pack/__init__.py": "",
        "pack/recipes.py": MODULE,
        "pack/other.py": HELPER,
    }
    assert hash_of(moved) != before


def test_a_recipe_deep_in_a_package_counts_all_of_it(hash_of):
    deep = {"pack/__init__.py": "", "pack/sub/__init__.py": "", "pack/sub/one.py": MODULE}
    before = hash_of({**deep, "pack/common.py": "X = 1"}, "pack.sub.one:recipe")
    assert hash_of({**deep, "pack/common.py": "X = 2"}, "pack.sub.one:recipe") != before


def test_a_namespace_package_counts_only_what_is_the_packs_own(hash_of):
    ours = {"pack/mine/__init__.py": "", "pack/mine/one.py": MODULE}
    before = hash_of({**ours, "pack/theirs/two.py": "X = 1"}, "pack.mine.one:recipe")
    assert hash_of({**ours, "pack/theirs/two.py": "X = 2"}, "pack.mine.one:recipe") == before
    assert hash_of({**ours, "pack/mine/two.py": "X = 2"}, "pack.mine.one:recipe") != before
    assert hash_of({"pack/one.py": MODULE, "pack/two.py": ""}, "pack.one:recipe") == hash_of(
        {"pack/one.py": MODULE, "pack/two.py": "X = 2"}, "pack.one:recipe"
    )


def test_other_modules_beside_a_recipe_of_one_file_do_not_count(hash_of):
    alone = {"alone.py": MODULE, "beside.py": "X = 1"}
    before = hash_of(alone, "alone:recipe")
    assert hash_of({**alone, "beside.py": "X = 2"}, "alone:recipe") == before
    assert hash_of({**alone, "alone.py": MODULE + "\nX = 2\n"}, "alone:recipe") != before


def test_the_same_sources_elsewhere_have_the_same_hash(hash_of):
    assert hash_of(pack(MODULE)) == hash_of(pack(MODULE))


@pytest.mark.parametrize("text", ["def broken(:\n", "x = '\0'\n"])
def test_sources_that_cannot_be_read_are_named(hash_of, text):
    with pytest.raises(RecipeError, match=r"lab\.one"):
        hash_of(pack(MODULE, text))


def test_a_module_that_is_not_there_is_named(hash_of):
    with pytest.raises(RecipeError, match="pack_not_there"):
        hash_of(pack(MODULE), "pack_not_there:recipe")


def test_versions_are_of_the_pack_and_what_it_needs_directly():
    found = packages("science-workbench-proteins")
    assert {"science-workbench", "science-workbench-proteins", "numpy", "pyhmmer"} <= set(found)
    assert found["numpy"].count(".") == 2
    assert "pytest" not in found
    assert packages("no-such-pack-here") == packages("science-workbench")
