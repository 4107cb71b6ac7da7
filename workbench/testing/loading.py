"""The pack as others find it: by its entry point, in a clean process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from workbench.testing.suite import Suite

# What a front end must not wait for, and what belongs to the worker, not to the pack.
FORBIDDEN = ("cupy", "dask", "distributed", "torch")

_PROBE = """
import json, sys
from workbench import registry
entry = registry.find(sys.argv[1])
before = set(sys.modules)
recipe = entry.load()
found = {"pack": entry.pack, "id": recipe.id, "version": recipe.version}
print(json.dumps({**found, "modules": sorted(set(sys.modules) - before)}))
"""


class LoadingTests(Suite):
    """The recipe is found by name, and quickly."""

    @pytest.fixture(scope="class")
    @classmethod
    def loaded(cls, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
        """Load the recipe by name where nothing else was loaded before."""
        return loaded_by_name(cls.recipe.id, tmp_path_factory.mktemp("empty"))

    def test_it_resolves_by_entry_point(self, loaded: dict[str, Any]) -> None:
        """Workers find the recipe by its id; its code is never sent to them."""
        found = (loaded["id"], loaded["version"])
        assert found == (self.recipe.id, self.recipe.version), (
            f"{loaded['pack']} is installed with {found[0]} version {found[1]}: install it anew"
        )

    def test_it_loads_neither_dask_nor_an_array_library(self, loaded: dict[str, Any]) -> None:
        """Arrays come from ``ctx.xp``; whatever else is heavy is imported in the kernel."""
        heavy = [name for name in FORBIDDEN if name in loaded["modules"]]
        assert not heavy, f"importing the recipe imports {', '.join(heavy)}"


def loaded_by_name(recipe_id: str, folder: Path) -> dict[str, Any]:
    """Load a recipe in a new process that runs in an empty folder.

    Returns
    -------
    dict
        ``{pack, id, version, modules}``.

    Raises
    ------
    AssertionError
        With the cause, when it cannot be loaded.
    """
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, recipe_id],
        env={**os.environ, "PYTHONWARNINGS": "default"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (
        f"{recipe_id} is not found by its entry point; install its pack (pip install -e .): "
        f"{done.stderr.strip().splitlines()[-1]}"
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found
