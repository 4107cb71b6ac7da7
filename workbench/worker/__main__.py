"""``python -P -m workbench.worker FOLDER JOB``: what every job of a cluster runs on its node."""

from __future__ import annotations

import importlib
import logging
import os
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from workbench.clusters.process.begin import start_forkserver
from workbench.environ import JOB_BEGAN
from workbench.errors import WorkbenchError
from workbench.pool.held import HeldCard, hold
from workbench.pool.plugins import vendor
from workbench.worker.rendezvous import Rendezvous

LOG = logging.getLogger("workbench.worker")


def main(folder: Path, job: str) -> int:
    """Wait for the cluster, hold cards, and serve it until the job or the cluster ends."""
    os.umask(0o077)
    logging.basicConfig(
        format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO
    )
    meeting = Rendezvous(folder)
    try:
        meeting.check_shared(job)
    except WorkbenchError as error:
        LOG.error(error.message)
        return 1
    found = meeting.wait()
    if found is None:
        return 0
    os.environ.setdefault(JOB_BEGAN, str(time.time()))
    wanted = found.settings["environment"]
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        # Read when a process starts: hash seed, threads of numerical libraries.  Some schedulers
        # hand the environment of the cluster's process on, others do not.
        arguments = [sys.executable, "-P", "-m", "workbench.worker", str(folder), job]
        os.execve(sys.executable, arguments, {**os.environ, **wanted})
    try:
        with ExitStack() as held:
            cards = [held.enter_context(card) for card in _cards(found.settings)]
            start_forkserver()
            # Not imported above: takes most of a second, in which the forkserver does the same.
            launcher = importlib.import_module("workbench.worker.launcher")
            return int(launcher.launch(folder, job, [card.environment for card in cards]))
    except WorkbenchError as error:
        LOG.error(error.message)
        return 1


def _cards(settings: Mapping[str, Any]) -> list[HeldCard]:
    """Hold a card for each worker of this job; none where its workers take none."""
    if settings["vendor"] is None:
        return []
    return hold(
        vendor(settings["vendor"]),
        settings["workers_per_job"],
        environ=os.environ,
        per_node=settings["per_node"],
        model=settings["model"] or "",
    )


# Processes that are forked for workers run this file again under another name.
if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
