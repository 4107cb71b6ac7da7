"""A workbench of its own for some tests: nothing of the user's is read or touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench import environ
from workbench.home import HOME
from workbench.runs.handle import Run
from workbench.runs.status import FINAL

COMMAND = (sys.executable, "-c", "from workbench.cli import main; main(prog_name='workbench')")
CLUSTERS = {"one": 1, "three": 3}
TIMEOUT_S = 300.0


class Home:
    """Runs of one recipe with one set of values, by the command line as users call it.

    Parameters
    ----------
    folder
        An empty folder, the ``WORKBENCH_HOME`` of everything that is called.
    recipe
        Id of the recipe.
    values
        Parameter values.
    """

    def __init__(self, folder: Path, recipe: str, values: Mapping[str, Any]) -> None:
        self.folder = folder
        self.recipe = recipe
        self._values = folder / "values.json"
        self._values.write_text(json.dumps(dict(values), default=str), encoding="utf-8")
        self._up = False

    def call(self, *words: str, **settings: str) -> dict[str, Any]:
        """Call ``workbench ... --json`` and return its document.

        Parameters
        ----------
        **settings
            Environment variables.

        Raises
        ------
        AssertionError
            With the words of the refusal, when the command could not do what it was asked.
        """
        done = subprocess.run(
            [*COMMAND, *words, "--json"],
            env=self.environment(**settings),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        return _document(words, done)

    def environment(self, **settings: str) -> dict[str, str]:
        """Return the environment of what is called here.

        Nothing but the tests restarts a driver: they want to see it dead.
        """
        ours = {HOME: str(self.folder), environ.RESTART_DELAYS_S: "3600"}
        return {**os.environ, **ours, **settings}

    def cluster(self, name: str) -> str:
        """Return the name of a cluster that runs: ``one`` has 1 worker, ``three`` has 3."""
        if not self._up:
            self._up = True
            self._start(CLUSTERS)
        return name

    def start(self, cluster: str, **settings: str) -> Path:
        """Start a run and return its folder at once."""
        words = ("run", "start", self.recipe, "--params", str(self._values))
        return Path(self.call(*words, "--on", self.cluster(cluster), **settings)["folder"])

    def run(self, cluster: str, **settings: str) -> Path:
        """Run from end to end and return the folder."""
        folder = self.start(cluster, **settings)
        return completed(self.call("run", "wait", folder.name))

    def shuffled(self, seed: int, batch_s: float) -> Path:
        """Run in one process, batches of some length answered in a random order.

        Returns
        -------
        Path
            Folder of the run, with plans and parts still in it.
        """
        words = (sys.executable, "-m", "workbench.testing.shuffled")
        settings = {environ.BATCH_S: str(batch_s), "PYTHONHASHSEED": str(seed)}
        done = subprocess.run(
            [*words, self.recipe, str(self._values), str(seed)],
            env=self.environment(**settings),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        return completed(_document(words, done))

    def close(self) -> None:
        """Stop what still runs."""
        for run in self.call("run", "list")["runs"]:
            if run["state"] not in (*FINAL, "interrupted"):
                self.call("run", "stop", run["run_id"])
        if self._up:
            for name in CLUSTERS:
                self.call("cluster", "stop", name)

    def _start(self, clusters: Mapping[str, int]) -> None:
        """Start clusters side by side: most of the time is waiting."""
        started = {
            name: subprocess.Popen(
                [*COMMAND, "cluster", "start", name, "--workers", str(workers), "--json"],
                env=self.environment(),
                cwd=self.folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for name, workers in clusters.items()
        }
        for name, process in started.items():
            out, err = process.communicate(timeout=TIMEOUT_S)
            done = subprocess.CompletedProcess(process.args, process.returncode, out, err)
            _document(("cluster", "start", name), done)


def completed(document: Mapping[str, Any]) -> Path:
    """Return the folder of a run that is complete.

    Raises
    ------
    AssertionError
        With what went wrong in the run, when it is not.
    """
    __tracebackhide__ = True
    folder = Path(document["folder"])
    if document["state"] != "completed":
        told = document["error"]["message"] if document["error"] else _failed(folder)
        raise AssertionError(f"The run is {document['state']}: {told}\nIts folder: {folder}")
    return folder


def _failed(folder: Path) -> str:
    """Say how many items failed, with the reason of the first ones."""
    failures = Run(folder).failures()
    count = sum(len(failure["items"]) for failure in failures)
    reasons = [f"item {f['items'][0]} of {f['stage']}: {f['message']}" for f in failures[:3]]
    return f"{count} items failed; " + "; ".join(reasons)


def _document(words: Any, done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    __tracebackhide__ = True
    try:
        document: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        raise AssertionError(f"{' '.join(words)}: {done.stdout}\n{done.stderr}") from error
    if set(document) == {"error"}:
        raise AssertionError(f"{' '.join(words)}: {document['error']['message']}")
    return document
