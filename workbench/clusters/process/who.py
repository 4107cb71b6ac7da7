"""Who a worker is: told to the scheduler when it registers, and read there for the status."""

from __future__ import annotations

import json
import os
import socket
import time
from typing import Any

from workbench import environ
from workbench.runs.lock import batch_job_id

WHO = "workbench"
CARD = ("vendor", "model", "index", "uuid")
SHOWN = ("name", "host", "pid", "job_id", "card")


def who(worker: Any) -> dict[str, Any]:
    """Return what the scheduler is told of this process when it registers."""
    given = os.environ.get(environ.CARD)
    known = json.loads(given) if given else None
    return {
        "name": worker.name,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "job": os.environ.get(environ.WORKER_JOB) or None,
        "job_id": batch_job_id(),
        "card": {name: known[name] for name in CARD} if known else None,
        "running_s": max(
            0.0, time.time() - float(os.environ.get(environ.JOB_BEGAN) or time.time())
        ),
    }


def processes(scheduler: Any) -> list[dict[str, Any]]:
    """Return the connected workers of a Dask scheduler as ``worker_processes`` of a status."""
    found = [state.extra[WHO] for state in scheduler.workers.values() if WHO in state.extra]
    shown = [{name: who[name] for name in SHOWN} for who in found]
    return sorted(shown, key=lambda process: str(process["name"]))
