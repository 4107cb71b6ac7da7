"""A run as code: the shell command and the Python lines that start one like it, and a notebook."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.runs.manifest import Manifest

LOCAL = "local"

_OPEN = """\
import importlib.util
import sys

if importlib.util.find_spec("workbench") is None:
    raise ModuleNotFoundError(
        "This notebook's Python has no science-workbench. Install it, then run this cell again: "
        f"{{sys.executable}} -m pip install science-workbench {pack}"
    )

import altair
import workbench

altair.renderers.enable("mimetype")  # JupyterLab draws the figures itself, also offline

run = workbench.open_run("{run_id}")
result = run.open({partial})
result"""


def shell(manifest: Manifest) -> str:
    """Return a ``workbench run start`` command with the run's values."""
    values = _values(manifest)
    words = ["workbench", "run", "start", manifest.recipe]
    texts = {name: _text(value) for name, value in values.items()}
    plain = all(text is not None for text in texts.values())
    if plain:
        lines = [f"--set {shlex.quote(f'{name}={text}')}" for name, text in texts.items()]
    else:
        # A text that --set would take for JSON can only be told from it in a file.
        lines = ["--params /dev/stdin"]
    lines += [f"--on {shlex.quote(name)}" for name in manifest.clusters if name != LOCAL]
    command = " \\\n  ".join([" ".join(words), *lines])
    if plain:
        return command + "\n"
    return f"{command} <<'END'\n{json.dumps(values, indent=1)}\nEND\n"


def python(manifest: Manifest) -> str:
    """Return Python lines that start such a run, wait for it and open its result."""
    values = "".join(f"        {name!r}: {value!r},\n" for name, value in _values(manifest).items())
    on = [name for name in manifest.clusters if name != LOCAL]
    last = f"    on={on!r},\n" if on else ""
    return (
        "import workbench\n\n"
        f"run = workbench.submit(\n    {manifest.recipe!r},\n    {{\n{values}    }},\n{last})\n"
        "run.wait()\nresult = run.open()\n"
    )


def notebook(
    manifest: Manifest,
    *,
    title: str,
    complete: bool,
    columns: Sequence[str],
    figures: Sequence[str],
) -> dict[str, Any]:
    """Return a notebook (nbformat 4.5) that opens the result and draws the run's figures.

    Parameters
    ----------
    columns
        Variables of the table that the recipe shows.
    figures
        Names of its figures.
    """
    opened = _OPEN.format(
        pack=manifest.pack, run_id=manifest.run_id, partial="" if complete else "partial=True"
    )
    cells = [("markdown", _heading(manifest, title)), ("code", opened)]
    if columns:
        cells.append(("code", f"result[{json.dumps(list(columns))}].to_dataframe()"))
    if figures:
        cells.append(("code", "charts = run.charts(result)"))
        cells += [("code", f"charts[{json.dumps(name)}]") for name in figures]
    return {
        "cells": [_cell(kind, source, n) for n, (kind, source) in enumerate(cells)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _heading(manifest: Manifest, title: str) -> str:
    values = "\n".join(f"- {name}: `{value}`" for name, value in _values(manifest).items())
    return (
        f"# {title}\n\nRun `{manifest.run_id}` of {manifest.recipe} {manifest.version} "
        f"({manifest.pack}), submitted {manifest.created}.\n\n{values}"
    )


def _cell(kind: str, source: str, number: int) -> dict[str, Any]:
    cell = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": source}
    return cell if kind == "markdown" else {**cell, "execution_count": None, "outputs": []}


def _values(manifest: Manifest) -> dict[str, Any]:
    """Return the parameters, input files where the user has them."""
    paths = {name: entry.path for name, entry in manifest.inputs.items()}
    values: Mapping[str, Any] = manifest.parameters
    return {name: paths.get(name, value) for name, value in values.items()}


def _text(value: Any) -> str | None:
    """Return a value as ``--set`` reads it; None where it would read something else."""
    if not isinstance(value, str):
        return json.dumps(value)
    return None if value in ("null", "None") or value[:1] in ("[", "{") else value
