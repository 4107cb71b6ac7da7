"""A file too large to be looked through at submit: checked and hashed whole in the run."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from workbench.inputs import CHECKED_BYTES, WHOLE_BYTES
from workbench_proteins.search import recipe

COMMAND = (sys.executable, "-c", "from workbench.cli import main; main(prog_name='workbench')")
# Blanks are read over: what a line of them takes is time of the disk, and no search.
BLANK = b" " * 99_999 + b"\n"
BLANKS = WHOLE_BYTES // len(BLANK) + 1


@pytest.fixture
def call(tmp_path):
    """Call the command line with a home of its own; give exit code and document."""
    environment = {**os.environ, "WORKBENCH_HOME": str(tmp_path / "home")}

    def called(*words: str) -> tuple[int, dict[str, Any]]:
        done = subprocess.run(
            [*COMMAND, *words, "--json"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return done.returncode, json.loads(done.stdout)

    yield called
    called("cluster", "stop", "local")


def replace(path: Path, old: bytes, new: bytes) -> None:
    """Change a few bytes in the middle of a file."""
    with path.open("r+b") as file:
        file.seek(file.read().index(old))
        file.write(new)


def test_a_large_database_is_checked_and_hashed_in_the_run(call, tmp_path):
    database = tmp_path / "database.fa"
    queries = recipe.examples[0].values()["queries"]
    globins = queries.read_bytes()
    with database.open("wb") as file:
        file.write(globins)
        file.writelines([BLANK] * (BLANKS // 2))
        file.write(b">late\nMKVL4W\n")
        file.writelines([BLANK] * (BLANKS // 2 + 1))
        file.write(b">last\nMKVLAW\n")
    assert database.stat().st_size > WHOLE_BYTES
    assert BLANKS // 2 * len(BLANK) > CHECKED_BYTES
    line = globins.count(b"\n") + BLANKS // 2 + 2

    sets = ("--set", f"queries={queries}", "--set", f"database={database}")
    code, ended = call("run", "start", "proteins.search", *sets, "--wait")
    assert (code, ended["state"]) == (1, "failed")
    said = ended["error"]["message"]
    assert f"database.fa, line {line}, holds '4', which stands for no amino acid" in said
    folder = Path(ended["folder"])
    taken = json.loads((folder / "manifest.json").read_text())["inputs"]
    assert (taken["database"]["stored"], taken["database"]["sha256"]) == (None, None)
    assert taken["queries"]["sha256"] == hashlib.sha256(globins).hexdigest()
    assert ended["bytes"] < 2**20

    with database.open("ab") as file:
        file.write(b"M")
    assert call("run", "resume", ended["run_id"], "--wait")[0] == 1
    error = call("run", "show", ended["run_id"])[1]["error"]
    assert error["code"] == "input_changed"
    assert f"{database} is not what it was when this run was submitted" in error["message"]

    os.truncate(database, database.stat().st_size - 1)
    replace(database, b"MKVL4W", b"MKVLAW")
    code, ended = call("run", "resume", ended["run_id"], "--wait")
    assert (code, ended["state"]) == (0, "completed")
    attrs = json.loads((folder / "result.zarr" / "zarr.json").read_text())["attributes"]
    assert attrs["Z"] == globins.count(b">") + 2
    with database.open("rb") as file:
        assert attrs["database_sha256"] == hashlib.file_digest(file, "sha256").hexdigest()
