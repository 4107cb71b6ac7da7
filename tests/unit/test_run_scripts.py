"""A run as code: what the shell and Python make of it are the run's values, whatever they hold."""

import ast
import subprocess
from types import SimpleNamespace

import pytest

from tests.tree import ROOT
from workbench.runs.scripts import notebook, python, shell

VALUES = {
    "plain": 0.5,
    "text": 'it\'s $HOME `date` "quoted" \\ é',
    "none": None,
    "list": [1, 2.5],
    "yes": True,
}
# These read like JSON and are texts.
AWKWARD = {"text": "null", "other": "[1]"}


def manifest(values):
    return SimpleNamespace(
        run_id="20260101-one-1",
        recipe="lab.one",
        version="1",
        pack="lab-pack",
        created="2026-01-01T00:00:00Z",
        parameters=values,
        inputs={},
        clusters=("local", "my cluster"),
    )


def arguments(command):
    """What the shell hands to the command, and its standard input."""
    script = f"workbench() {{ printf '%s\\0' \"$@\"; case $* in *stdin*) cat;; esac; }}\n{command}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.split("\0")


def test_the_shell_hands_on_every_value():
    words = arguments(shell(manifest(VALUES)))
    assert words[:3] == ["run", "start", "lab.one"]
    assert "text=" + VALUES["text"] in words
    assert "list=[1, 2.5]" in words
    assert "none=null" in words
    assert "yes=true" in words
    assert words[words.index("--on") + 1] == "my cluster"


@pytest.mark.parametrize("values", [AWKWARD])
def test_texts_that_read_like_json_go_by_a_file(values):
    words = arguments(shell(manifest(values)))
    assert words[words.index("--params") + 1] == "/dev/stdin"
    assert ast.literal_eval(words[-1]) == values


def test_python_lines_hold_every_value():
    tree = ast.parse(python(manifest({**VALUES, **AWKWARD})))
    call = next(node for node in ast.walk(tree) if isinstance(node, ast.Call))
    assert ast.literal_eval(call.args[0]) == "lab.one"
    assert ast.literal_eval(call.args[1]) == {**VALUES, **AWKWARD}
    assert ast.literal_eval(call.keywords[0].value) == ["my cluster"]


def test_a_notebook_without_the_package_says_what_to_install():
    found = notebook(manifest({}), title="One", complete=True, columns=["a"], figures=["f"])
    code = next(cell["source"] for cell in found["cells"] if cell["cell_type"] == "code")
    bare = ["import sys; sys.modules['workbench'] = None; import importlib.util as u"]
    bare.append("u.find_spec = lambda name: None")
    script = "\n".join([*bare, code])
    done = subprocess.run(["python3", "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1
    assert "-m pip install science-workbench lab-pack" in done.stderr
    assert [cell["source"] for cell in found["cells"]][2:] == [
        'result[["a"]].to_dataframe()',
        "charts = run.charts(result)",
        'charts["f"]',
    ]
