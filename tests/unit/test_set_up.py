"""What ``make`` says where it cannot go on."""

import subprocess

import pytest

from tests.tree import ROOT


def set_up(folder, python):
    return subprocess.run(
        [ROOT / "tools/set_up.sh", python, "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("says", ["Python 3.9.2", "Python 3.10.14"])
def test_an_old_python_is_named(tmp_path, says):
    old = tmp_path / "python-old"
    old.write_text(f'#!/bin/sh\nif [ "$1" = --version ]; then echo {says}; fi\nexit 1\n')
    old.chmod(0o755)
    done = set_up(tmp_path, old)
    assert done.returncode == 1
    assert f"Python 3.11 or newer is needed; {old} says: {says}." in done.stderr
    assert "make PYTHON=" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_a_python_that_is_not_there_is_named(tmp_path):
    done = set_up(tmp_path, "/no/such/python")
    assert done.returncode == 1
    assert "/no/such/python" in done.stderr
    assert "make PYTHON=" in done.stderr


def test_the_targets_are_listed():
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = {line.split()[1] for line in done.stdout.splitlines()}
    assert listed >= {"demo", "dev", "test", "faults", "lint", "bench", "wheels"}
