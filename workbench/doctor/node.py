"""What a worker tells of its node and of itself; sent there by Dask, answered as JSON takes it."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from workbench import environ
from workbench.doctor.mounts import mounted
from workbench.doctor.network import addresses
from workbench.doctor.software import software
from workbench.environ import CARD
from workbench.errors import WorkbenchError
from workbench.pool.plugins import vendor
from workbench.pool.probe import Probe
from workbench.resources import this_computer
from workbench.runs.lock import batch_job_id

COMPUTE_S = 120.0
TOOL_S = 10.0
REACH_S = 3.0


async def look(order: Mapping[str, Any], dask_worker: Any = None) -> dict[str, Any]:
    """Answer an order; the worker goes on with its work meanwhile.

    Parameters
    ----------
    order
        ``whole`` (whether to tell of the node, too), ``folders`` (each with a file ``here`` and
        the text in it), ``peers`` (addresses of other nodes' workers).
    """
    began = time.time()
    mine = {
        "host": socket.gethostname(),
        "name": str(dask_worker.name),
        "address": dask_worker.address,
        "scheduler": dask_worker.scheduler.address,
        "job_id": batch_job_id(),
        "time": began,
    }
    return {**mine, **await asyncio.to_thread(_looked, order, dask_worker.address)}


def _looked(order: Mapping[str, Any], address: str) -> dict[str, Any]:
    found: dict[str, Any] = {"card": card(), "limits": limits()}
    if order["whole"]:
        there = addresses()
        own = urlsplit(address).hostname
        found |= {
            "interfaces": there,
            "interface": next((name for name, at in there.items() if at == own), None),
            "software": software(),
            "folders": [shared(**folder) for folder in order["folders"]],
            "scratch": scratch(Path(os.environ[environ.NODE_DIR])),
            "unreached": unreached(order["peers"]),
        }
    return found


def shared(path: str, given: str) -> dict[str, Any]:
    """Read what the other side wrote into a folder, and write what it looks for.

    Each side writes the other's text backwards, so that nobody takes his own file for an answer.
    """
    folder, name = Path(path), f"{socket.gethostname()}.{os.getpid()}"
    told: dict[str, Any] = {"path": path, "wrote": name, "read": False, "error": ""}
    try:
        text = (folder / "here").read_text(encoding="ascii")
        told["read"] = text == given
        (folder / name).write_text(text[::-1], encoding="ascii")
    except OSError as error:
        told["error"] = f"{error.strerror}: {error.filename}"
    return told


def scratch(path: Path) -> dict[str, Any]:
    """Tell of the folder for files of one job."""
    mount = mounted(path)
    return {
        "path": str(path),
        "free_bytes": shutil.disk_usage(path).free,
        "type": mount.type if mount else "",
    }


def limits() -> dict[str, Any]:
    """Tell what this worker may use."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    ours = this_computer()
    return {
        "open_files": soft,
        "open_files_hard": hard,
        "memory_limit_bytes": int(os.environ.get(environ.MEMORY_LIMIT) or 0),
        "memory_free_bytes": ours.memory_bytes,
        "cpus": ours.cpus,
    }


def unreached(peers: Sequence[str]) -> list[str]:
    """Return the workers of other nodes to which no connection can be made from here."""
    found = []
    for address in peers:
        place = urlsplit(address)
        try:
            socket.create_connection((place.hostname or "", place.port or 0), REACH_S).close()
        except OSError as error:
            found.append(f"{address} ({error.strerror or error})")
    return found


def card() -> dict[str, Any] | None:
    """Tell of the card that this worker holds: what its vendor's tool and a small sum say."""
    held = json.loads(os.environ.get(CARD) or "null")
    if held is None:
        return None
    told = {name: held[name] for name in ("vendor", "model", "index", "uuid")}
    try:
        probe = Probe.run(vendor(held["vendor"]), os.environ, TOOL_S)
    except WorkbenchError as error:
        return {**told, "tool": error.message, "listed": None, "computed": None}
    known = [found.card for found in probe.cards]
    listed = any(
        each.uuid == held["uuid"] if held["uuid"] else each.index == held["index"] for each in known
    )
    return {
        **told,
        "tool": probe.words,
        "listed": listed if probe.there and probe.answered else None,
        "computed": computed(),
    }


def computed() -> dict[str, Any]:
    """Have a child compute on the card, which is pinned in our environment."""
    command = [sys.executable, "-P", "-m", "workbench.doctor.card"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=COMPUTE_S, check=False
        )
        found: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return {"slow_s": COMPUTE_S}
    except ValueError:
        return {"error": f"exit {done.returncode}: {done.stderr.strip()[-500:]}"}
    return found
