"""Starting a cluster's process: once, however many ask for it at the same time."""

from __future__ import annotations

import os
import time
from typing import Any

from workbench.clusters.environment import ALWAYS
from workbench.clusters.folder import ClusterFolder, identity
from workbench.clusters.spec import ClusterSpec
from workbench.detach import run_detached
from workbench.errors import Refused
from workbench.resources import this_computer
from workbench.runs.lock import now

MODULE = "workbench.clusters.process"
PATIENCE_S = 20.0
LOG_BYTES = 4 * 2**20


def launch(folder: ClusterFolder, spec: ClusterSpec) -> bool:
    """Start the cluster's next generation unless it runs or somebody else starts it.

    Returns
    -------
    bool
        Whether this call started it.

    Raises
    ------
    Refused
        When a process holds the right to start it, or is ending, and does not get on.
    """
    folder.make()
    deadline = time.monotonic() + PATIENCE_S
    skipped = 0
    while time.monotonic() < deadline:
        status = folder.read_status()
        if folder.alive(status) and status is not None and status["state"] != "stopping":
            return False
        generation = (status["generation"] if status else 0) + 1
        if folder.alive(status):
            time.sleep(0.05)
        elif folder.claim(generation + skipped):
            _spawn(folder, spec, generation + skipped)
            return True
        elif folder.claimant_gone(generation + skipped):
            skipped += 1
        else:
            time.sleep(0.02)
    raise Refused(
        f"Cluster {folder.name} is being started or stopped by another process, which has not got "
        f"on for {PATIENCE_S:.0f} seconds. See {folder.log} and try again.",
        code="busy",
    )


def first_status(
    folder: ClusterFolder, spec: ClusterSpec, generation: int, pid: int
) -> dict[str, Any]:
    """Return the status of a process that has just been started; `spec` is resolved."""
    return {
        "v": 1,
        "name": folder.name,
        "state": "starting",
        "partition": spec.partition,
        "accelerator": spec.accelerator,
        **identity(pid),
        "folder": str(folder.path),
        "generation": generation,
        "workers": {
            "asked": spec.minimum,
            "min": spec.minimum,
            "max": spec.maximum,
            "connected": 0,
        },
        "worker_processes": [],
        "jobs": [],
        "memory_bytes": spec.memory_bytes,
        "warnings": [],
        "problem": "",
        "reason": "",
        "runs": [],
        "answered": {},
        "started": now(),
        "renewed": now(),
    }


def _spawn(folder: ClusterFolder, spec: ClusterSpec, generation: int) -> None:
    folder.write_spec(spec)
    folder.write_connection(None)
    if folder.log.exists() and folder.log.stat().st_size > LOG_BYTES:
        os.replace(folder.log, folder.path / "log.old")
    arguments = [str(folder.path), str(generation)]
    pid = run_detached(MODULE, arguments, log=folder.log, environment=ALWAYS)
    # The process waits for this before it does anything; from then on it alone writes.
    resolved = spec.resolved(this_computer()) if spec.local else spec.resolved_to()
    folder.write_status(first_status(folder, resolved, generation, pid))
