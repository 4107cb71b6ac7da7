"""Dask set right for long kernels: what its defaults would do to them is written beside each."""

from __future__ import annotations

from typing import Any

TERMINATE = 0.95

DASK: dict[str, Any] = {
    # A worker whose kernel holds the GIL for ten minutes sends no heartbeat: it is not dead.
    # TCP keepalive, the nanny and the process table say when one is.
    "distributed.scheduler.worker-ttl": None,
    # Aborts also a connection whose other end answers, but does not read.
    "distributed.comm.timeouts.tcp": "20 minutes",
    # Drivers own the retries; here one death fails the task that was at hand.
    "distributed.scheduler.allowed-failures": 0,
    # One task at a worker and none waiting in line behind it, where Dask can queue them.
    "distributed.scheduler.worker-saturation": 1.0,
    # Batches leave little behind in a worker's memory; nothing is spilled, nobody is paused.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": TERMINATE,
    # Samples the kernel's thread a hundred times a second.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.admin.system-monitor.disk": False,
    # Wakes every process fifty times a second, and warns of kernels that hold the GIL.
    "distributed.admin.tick.interval": "2s",
    "distributed.admin.tick.cycle": "10s",
    "distributed.admin.tick.limit": "1 day",
    "distributed.admin.system-monitor.interval": "5s",
    # One vendor's library, opened in every process.
    "distributed.diagnostics.nvml": False,
    # A worker forked from a process that has everything imported is there in 50 ms.
    "distributed.worker.multiprocessing-method": "forkserver",
    # Set before the processes start, see ``workbench.clusters.launch``.  The default also sets
    # MALLOC_TRIM_THRESHOLD_, with which every array of 128 kB is mapped and cleared anew.
    "distributed.nanny.pre-spawn-environ": {},
    "distributed.comm.require-encryption": True,
    "distributed.scheduler.http.routes": [
        "distributed.http.scheduler.prometheus",
        "distributed.http.scheduler.info",
        "distributed.http.scheduler.json",
        "distributed.http.health",
        "distributed.http.statics",
    ],
    "distributed.worker.http.routes": ["distributed.http.health"],
}

# Imported once, by the process that all workers are forked from.
PRELOAD = ("workbench.worker.preload", "workbench.clusters.process.confine")
