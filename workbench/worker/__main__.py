"""``python -P -m workbench.worker FOLDER JOB``: what every job of a cluster runs on its node."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

from workbench.worker.rendezvous import Rendezvous

READY = "WORKBENCH_LAUNCHER"


def main(folder: Path, job: str) -> int:
    """Wait for the cluster, take its settings, and serve it until the job or the cluster ends."""
    os.umask(0o077)
    if os.environ.get(READY) != str(os.getpid()):
        found = Rendezvous(folder).wait()
        if found is None:
            return 0
        # Read when a process starts: hash seed, threads of numerical libraries.
        environment = {**os.environ, **found.settings["environment"], READY: str(os.getpid())}
        arguments = [sys.executable, "-P", "-m", "workbench.worker", str(folder), job]
        os.execve(sys.executable, arguments, environment)
    # Not imported above: most of a second, for a process that is about to be replaced.
    launcher = importlib.import_module("workbench.worker.launcher")
    return int(launcher.launch(folder, job))


# Processes that are forked for workers run this file again under another name.
if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
