"""The first moments of a cluster's process: is it the one, and everything that must be set early.

Kept apart from the rest so that the process from which workers are forked starts importing
while this one does.
"""

from __future__ import annotations

import importlib
import logging
import multiprocessing
import os
import signal
import time
from multiprocessing import forkserver
from pathlib import Path

from workbench.clusters.folder import ClusterFolder

LOG = logging.getLogger(__name__)

NAMED_WITHIN_S = 10.0
FORKSERVER = (
    "distributed.nanny",
    "distributed.comm.tcp",
    "workbench.worker.preload",
    "workbench.clusters.process.confine",
)


def main(path: Path) -> int:
    """Run the cluster of a folder to its end; return the exit status."""
    os.umask(0o077)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    logging.basicConfig(
        format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO
    )
    folder = ClusterFolder(path)
    if not _named(folder):
        LOG.error("process %d was not named in %s: ends", os.getpid(), folder.path)
        return 1
    start_forkserver()
    # Not imported above: takes a third of a second, in which the forkserver does the same.
    life = importlib.import_module("workbench.clusters.process.life")
    return int(life.live(folder))


def start_forkserver() -> None:
    """Start the process from which workers are forked, with its own list of imports."""
    multiprocessing.get_context("forkserver").set_forkserver_preload(list(FORKSERVER))
    forkserver.ensure_running()


def _named(folder: ClusterFolder) -> bool:
    """Wait until who started this process has written its number into the status."""
    deadline = time.monotonic() + NAMED_WITHIN_S
    while time.monotonic() < deadline:
        status = folder.read_status()
        if status is not None and status["pid"] == os.getpid() and status["state"] == "starting":
            return True
        time.sleep(0.01)
    return False
