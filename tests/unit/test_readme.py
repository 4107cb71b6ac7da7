"""The tour of the README, typed into one shell of a new user."""

import os
import re
import subprocess

import pytest

from tests.tree import ROOT

BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STOP = "if [ -x .venv/bin/workbench ]; then .venv/bin/workbench cluster stop local; fi"


def blocks():
    """The shell blocks of the README, in order."""
    return BLOCK.findall((ROOT / "README.md").read_text())


@pytest.fixture
def newcomer(tmp_path):
    """Environment of somebody who has nothing: an empty HOME, no settings."""
    kept = {"PATH", "LANG", "TMPDIR", "PIP_INDEX_URL", "PIP_FIND_LINKS", "PIP_CERT"}
    clean = {name: value for name, value in os.environ.items() if name in kept}
    clean["HOME"] = str(tmp_path)
    yield clean
    subprocess.run(["bash", "-c", STOP], cwd=ROOT, env=clean, check=True, capture_output=True)


@pytest.mark.timeout(600)
def test_the_tour_works_as_it_stands(newcomer):
    told = [f"echo '--- block {n}' >&2\n{block}" for n, block in enumerate(blocks(), 1)]
    assert len(told) >= 2
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail"],
        input="\n".join(told),
        cwd=ROOT,
        env=newcomer,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "workbench run start proteins.search --example globins --wait" in done.stdout


def test_the_first_block_is_one_command():
    assert blocks()[0].strip() == "make demo"
