from pathlib import Path
from typing import Annotated

from workbench import InputFile, Parameters, parameter, submission
from workbench.inputs import content_hash, ends_hash


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
