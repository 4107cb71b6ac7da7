"""Nannies: each keeps one single-threaded worker process, wherever workers are started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from distributed import Nanny
from distributed.security import Security

from workbench import environ
from workbench.clusters.process.config import PRELOAD

CLOSE_S = 2.0


@dataclass(frozen=True)
class WorkerKind:
    """What all workers of a cluster on one node have in common.

    Attributes
    ----------
    host
        Address that workers and nannies listen on.
    death_timeout_s
        How long a worker looks for its scheduler; None: for ever.
    """

    memory_bytes: int
    node_dir: Path
    http_prefix: str
    security: Security
    host: str = "127.0.0.1"
    death_timeout_s: float | None = None


@dataclass(frozen=True)
class Place:
    """One worker's name, and what its process has to know.

    Attributes
    ----------
    environment
        What shows its process its card alone; None: the variable must not be there.
    job
        Name of the job that brings it; empty on this computer.
    """

    name: str
    environment: Mapping[str, str | None] = field(default_factory=dict)
    job: str = ""


def make_nanny(address: str, kind: WorkerKind, place: Place) -> Nanny:
    """Return a nanny that is not started yet."""
    absent = [name for name, value in place.environment.items() if value is None]
    environment = {
        **{name: value for name, value in place.environment.items() if value is not None},
        # Nannies can only add variables.
        environ.WORKER_ABSENT: " ".join(absent),
        environ.WORKER_NAME: place.name,
        environ.WORKER_JOB: place.job,
        environ.NODE_DIR: str(kind.node_dir),
        environ.MEMORY_LIMIT: str(kind.memory_bytes),
    }
    return Nanny(
        address,
        name=place.name,
        nthreads=1,
        host=kind.host,
        security=kind.security,
        memory_limit=kind.memory_bytes,
        local_directory=str(kind.node_dir),
        preload=list(PRELOAD),
        dashboard_address="127.0.0.1:0",
        dashboard=False,
        http_prefix=kind.http_prefix,
        death_timeout=kind.death_timeout_s,
        env=environment,
    )
