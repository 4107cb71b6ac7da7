"""Limits of a worker process: it dies with its cluster, and runs into MemoryError in time.

Dask imports this module into every worker (``preload``) and calls :func:`dask_setup`.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

from workbench import environ
from workbench.clusters.process.hidden import hide
from workbench.clusters.process.lines import in_one_line
from workbench.clusters.process.who import WHO, who
from workbench.resources import untouched_bytes

PR_SET_PDEATHSIG = 1
DATA_SHARE = 0.9
OOM_SCORE = 500


def dask_setup(worker: Any) -> None:
    """Set the limits of the process that holds a Dask worker, and have it say who it is."""
    os.umask(0o077)
    in_one_line()
    for name in os.environ.get(environ.WORKER_ABSENT, "").split():
        # Shows more cards than this worker's; nothing that reads it has been imported yet.
        os.environ.pop(name, None)
    worker.startup_information[WHO] = who
    hide(worker, worker._http_prefix)
    die_with_parent()
    die_first()
    if worker.memory_manager.memory_limit:
        limit_data(worker.memory_manager.memory_limit)


def die_with_parent() -> None:
    """Be killed when the process ends that this one was forked from.

    That one ends with the cluster's process: when nobody holds the other end of its pipe, of
    which multiprocessing gives every fork a copy.  Dask's own way is a thread, which needs the
    GIL that a kernel may hold for minutes.
    """
    server: Any = forkserver._forkserver
    if server._forkserver_alive_fd is not None:
        os.close(server._forkserver_alive_fd)
        server._forkserver_alive_fd = None
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")


def die_first() -> None:
    """Where memory does run out, have the system end workers before drivers and notebooks."""
    Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE), encoding="ascii")


def limit_data(memory_bytes: int) -> None:
    """Limit what this process may allocate to 90 % of its memory limit.

    The nanny, which looks ten times a second, ends a worker at 95 %.  Below that an allocation
    that goes too far raises MemoryError, which costs one item; and one that is far too large
    does not get to invoke the system's OOM killer before the nanny looks.  Counted is what is
    allocated, not what is used (``RLIMIT_DATA``, setrlimit(2)), so that stacks of threads, which
    are mostly unused, are added.
    """
    limit = int(DATA_SHARE * memory_bytes) + untouched_bytes()
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
