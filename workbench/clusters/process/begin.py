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
from workbench.process import identity

LOG = logging.getLogger(__name__)

NAMED_WITHIN_S = 10.0
FORKSERVER = (
    "distributed.nanny",
    "distributed.comm.tcp",
    "workbench.worker.preload",
    "workbench.clusters.process.confine",
)


def main(path: Path, generation: int) -> int:
    """Run one generation of the cluster of a folder to its end; return the exit status."""
    os.umask(0o077)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    logging.basicConfig(
        format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO
    )
    folder = ClusterFolder(path)
    if not _named(folder, generation):
        LOG.error("generation %d was not begun in %s: ends", generation, folder.path)
        return 1
    spec = folder.read_spec()
    if spec is None or spec.local:
        start_forkserver()
    # Not imported above: takes a third of a second, in which the forkserver does the same.
    life = importlib.import_module("workbench.clusters.process.life")
    return int(life.live(folder))


def start_forkserver() -> None:
    """Start the process from which workers are forked, with its own list of imports."""
    multiprocessing.get_context("forkserver").set_forkserver_preload(list(FORKSERVER))
    forkserver.ensure_running()


def _named(folder: ClusterFolder, generation: int) -> bool:
    """Wait until who started this process has written its generation into the status.

    The process's number is not known there where a scheduler starts it on another host.
    """
    deadline = time.monotonic() + NAMED_WITHIN_S
    while time.monotonic() < deadline:
        status = folder.read_status()
        if status is not None and status["generation"] >= generation:
            mine = bool(status["generation"] == generation and status["state"] == "starting")
            if mine:
                folder.write_status({**status, **identity(os.getpid())})
            return mine
        time.sleep(0.01)
    return False
