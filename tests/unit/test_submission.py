from pathlib import Path
from typing import Annotated

import pytest

from workbench import InputFile, NotFound, ParameterError, Parameters, parameter, submission
from workbench.inputs import content_hash, ends_hash
from workbench.registry import resolve
from workbench.runs.manifest import Input, Manifest
from workbench.submission import values_for


class Where(Parameters):
    files: Annotated[Path, InputFile((".txt",), folder=True)] = parameter(help="Some files.")


def taken(place, path, monkeypatch, whole_bytes):
    monkeypatch.setattr(submission, "WHOLE_BYTES", whole_bytes)
    (place / "inputs").mkdir(parents=True)
    return submission._take_inputs(Where(files=path), place)["files"]


def test_what_is_not_copied_can_be_seen_to_change(tmp_path, monkeypatch):
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    found = taken(tmp_path / "one", folder, monkeypatch, 0)
    assert (found.stored, found.sha256) == (None, content_hash(folder))
    assert found.ends == ends_hash(folder)
    file = taken(tmp_path / "two", folder / "a.txt", monkeypatch, 0)
    assert (file.sha256, file.ends) == (None, ends_hash(folder / "a.txt"))
    copied = taken(tmp_path / "three", folder, monkeypatch, 100)
    assert (copied.ends, copied.stored) == (None, "inputs/files/given")


def test_values_are_laid_over_each_other():
    """An earlier run's, an example's, given ones, texts: the later ones win."""
    recipe = resolve("proteins.search")
    earlier = Manifest(
        run_id="earlier", recipe=recipe.id, version="1", pack="", clusters=(), code_hash="",
        packages={}, python="", host="", created="",
        parameters={"queries": "q", "database": "d", "evalue": 1.0, "seed": 1, "max_hits": 1},
        inputs={"queries": Input("/before/q", "inputs/queries/q", 1, "x", None)},
    )  # fmt: skip
    values, problems = values_for(
        recipe,
        like=earlier,
        example="globins",
        given={"evalue": 2.0, "seed": 2},
        texts={"seed": "3", "sed": "3"},
    )
    assert [problem.parameter for problem in problems] == ["sed"]
    assert (values["evalue"], values["seed"], values["max_hits"]) == (2.0, 3, 1)
    assert values["queries"] == recipe.examples[0].values()["queries"]
    values, _ = values_for(recipe, like=earlier)
    assert (values["queries"], values["database"]) == ("/before/q", "d")
    with pytest.raises(ParameterError, match=r"Run earlier is one of proteins\.search, not of mat"):
        values_for(resolve("materials.elastic"), like=earlier)
    with pytest.raises(NotFound, match="Did you mean 'globins'"):
        values_for(recipe, example="globin")
