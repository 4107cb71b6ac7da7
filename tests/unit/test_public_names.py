"""What ``import workbench`` offers, and what type checkers are told of it."""

import ast
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import workbench


def _told() -> dict[str, str]:
    tree = ast.parse(Path(workbench.__file__).read_text())
    blocks = [node for node in tree.body if isinstance(node, ast.If)]
    imports = [line for block in blocks for line in block.body if isinstance(line, ast.ImportFrom)]
    return {
        alias.name: str(line.module).removeprefix("workbench.")
        for line in imports
        for alias in line.names
    }


def test_type_checkers_see_the_names_that_are_looked_up_late():
    doors = dict.fromkeys(workbench._DOORS, "workbench")
    assert _told() == {**workbench._WHERE, **doors}


def test_runs_are_listed_however_often_and_whatever_was_imported_before():
    code = (
        "import workbench\n"
        "print(list(workbench.runs()), list(workbench.runs(limit=1)))\n"
        "import workbench.runs.journal\n"
        "from workbench import runs\n"
        "print(list(runs()))\n"
    )
    with TemporaryDirectory() as home:
        environment = {**os.environ, "WORKBENCH_HOME": home}
        found = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=environment
        )
    assert (found.stdout, found.stderr) == ("[] []\n[]\n", "")


def test_every_public_name_is_there():
    for name in workbench.__all__:
        assert getattr(workbench, name) is not None, name
