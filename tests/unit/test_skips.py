"""A skip is a skip on a workstation and a failure under CI=true, but for unset data."""

import os
import subprocess
import sys

import pytest

from tests.tree import ROOT

CODE = """
import pytest
from tests.needs import require_command, require_data, require_file

def test_command(): require_command("no-such-command", "a-package")
def test_file(): require_file("/no/such/file")
def test_by_hand(): pytest.skip("on a whim")
@pytest.mark.skip(reason="marked")
def test_mark(): pass
def test_data(): require_data("no such")
@pytest.mark.xfail
def test_xfail(): assert False
"""


def outcomes(folder, code, **environment):
    """``{test: outcome}`` with this project's conftest."""
    (folder / "test_one.py").write_text(code)
    clean = {**os.environ, "PYTHONPATH": str(ROOT), "CI": "", "WORKBENCH_DATA": "", **environment}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-p", "conftest", "-p", "no:cacheprovider", "."],
        cwd=folder,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )
    told = [line.split("::")[1].split() for line in done.stdout.splitlines() if " [" in line]
    return {words[0].removeprefix("test_"): words[1] for words in told}, done.returncode


@pytest.mark.parametrize(("ci", "missing"), [("", "SKIPPED"), ("true", "FAILED")])
def test_what_is_missing_fails_under_ci_only(tmp_path, ci, missing):
    found, code = outcomes(tmp_path, CODE, CI=ci)
    assert found == {
        "command": missing,
        "file": missing,
        "by_hand": missing,
        "mark": "ERROR" if ci else "SKIPPED",  # decided before the test's own code
        "data": "SKIPPED",
        "xfail": "XFAIL",
    }
    assert code == (1 if ci else 0)


def test_data_that_are_named_and_lack_a_file_fail(tmp_path):
    found, _ = outcomes(tmp_path, CODE, WORKBENCH_DATA=str(tmp_path))
    assert found["data"] == "FAILED"


def test_a_skipped_module_fails_under_ci(tmp_path):
    code = "import pytest\npytest.importorskip('no_such_module')\ndef test_it(): pass"
    assert outcomes(tmp_path, code, CI="true") == ({}, 2)
