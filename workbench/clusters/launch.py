"""Starting a cluster's process: once, however many ask for it at the same time."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from workbench.clusters import small_job
from workbench.clusters.environment import ALWAYS
from workbench.clusters.folder import ClusterFolder
from workbench.clusters.spec import ClusterSpec
from workbench.clusters.status import NOBODY, first_status
from workbench.detach import run_detached
from workbench.errors import Refused
from workbench.home import place_hash
from workbench.pool.collect import latest
from workbench.pool.site import Site, load_site
from workbench.process import identity
from workbench.resources import this_computer
from workbench.room import ADVICE, free_bytes, full_words
from workbench.runs.lock import batch_job_id, renew_s, silent_s

MODULE = "workbench.clusters.process"
PATIENCE_S = 20.0
HEAL_S = 2.0
START_BYTES = 2**20
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
        When a process holds the right to start it, or is ending, and does not get on; when the
        disk is full.
    """
    folder.make()
    deadline = time.monotonic() + PATIENCE_S
    skipped = 0
    while time.monotonic() < deadline:
        status = folder.read_status()
        if folder.alive(status) and status is not None and status["state"] != "stopping":
            return False
        generation = (status["generation"] if status else 0) + 1
        if folder.alive(status) or _may_heal(folder, status):
            time.sleep(0.05)
        elif free_bytes(folder.path) < START_BYTES:
            said = full_words(folder.path, "a cluster's keys and log need a little")
            raise Refused(f"{said} {ADVICE}, then start it again.", code="no_space")
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


def _may_heal(folder: ClusterFolder, status: dict[str, Any] | None) -> bool:
    """Say whether a status was damaged so lately that a living process may yet replace it."""
    if status is None or not status.get("damaged"):
        return False
    return silent_s(folder.path / "status.json") < renew_s() + HEAL_S


def _spawn(folder: ClusterFolder, spec: ClusterSpec, generation: int) -> None:
    folder.write_spec(spec)
    folder.write_connection(None)
    if folder.log.exists() and folder.log.stat().st_size > LOG_BYTES:
        os.replace(folder.log, folder.path / "log.old")
    who = _started(folder, spec, generation)
    # The process waits for this before it does anything; from then on it alone writes.
    resolved = spec.resolved(this_computer()) if spec.local else spec.resolved_to()
    folder.write_status(first_status(folder.path, resolved, generation, who))


def _started(folder: ClusterFolder, spec: ClusterSpec, generation: int) -> dict[str, Any]:
    """Start the process so that it outlives who asks; return what is known of it."""
    if not spec.local:
        site = load_site()
        in_job = batch_job_id() is not None
        way = small_job.way(in_job=in_job, kills_at_logout=site.kills_at_logout, here=False)
        if way == "job":
            try:
                return _submitted(folder, site, generation)
            except Refused as error:
                # Better a cluster that ends with this session than none; its status says so.
                note = f"It ends with what started it: {error.message}"
                return {**_detached(folder, generation), "warnings": [note]}
    return _detached(folder, generation)


def _detached(folder: ClusterFolder, generation: int) -> dict[str, Any]:
    arguments = [str(folder.path), str(generation)]
    return identity(run_detached(MODULE, arguments, log=folder.log, environment=ALWAYS))


def _submitted(folder: ClusterFolder, site: Site, generation: int) -> dict[str, Any]:
    """Have a small batch job run the process: where, is known when it starts."""
    name = f"workbench-cluster-{place_hash(folder.path)}-{generation}-{os.urandom(3).hex()}"
    python = site.python or sys.executable
    command = (python, "-P", "-m", MODULE, str(folder.path), str(generation))
    scheduler, asked = small_job.request(
        site, latest(site), name=name, command=command, log=folder.log
    )
    began = time.time()
    answer = small_job.submit(scheduler, asked, folder.path / "jobs" / "process.sh")
    return {**NOBODY, "own_job": {"name": name, "job_id": answer.job_id, "asked": began}}
