"""``python -P -m workbench.doctor.nodes CLUSTER``: have a cluster's workers tell of their nodes.

A process of its own, since it loads Dask.  The order stands on standard input; for each worker one
line of JSON comes out as soon as it has answered: ``{"name", "sent", "received", "report"}`` or
``{"name", "error"}``, and before them ``{"workers": N}`` or ``{"error": ...}``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from workbench.client import connect
from workbench.clusters.handle import get
from workbench.doctor.node import look
from workbench.errors import WorkbenchError

CONNECT_S = 15.0
AT_ONCE = 16
PEERS = 3


def main(cluster: str, order: Mapping[str, Any]) -> None:
    """Ask all workers, each host's first one for its node, too."""
    try:
        client = connect(cluster, timeout_s=CONNECT_S)
    except WorkbenchError as error:
        _say({"error": error.message})
        return
    known = client.scheduler_info()["workers"]
    hosts = {one["name"]: one["host"] for one in get(cluster).status()["worker_processes"]}
    first: dict[str, str] = {}
    for address, info in known.items():
        first.setdefault(hosts.get(str(info["name"]), address), address)
    _say({"workers": len(known)})

    def ask(address: str) -> dict[str, Any]:
        whole = address in first.values()
        peers = [other for other in first.values() if other != address][:PEERS] if whole else []
        sent = time.time()
        told = {**order, "whole": whole, "peers": peers}
        try:
            answer = client.run(look, told, workers=[address], on_error="return")[address]
        except (OSError, KeyError) as error:
            # It went away while it was asked.
            answer = error
        if isinstance(answer, BaseException):
            return {"error": f"{type(answer).__name__}: {answer}"}
        return {"sent": sent, "received": time.time(), "report": answer}

    threads = ThreadPoolExecutor(AT_ONCE)
    asked = {threads.submit(ask, address): str(info["name"]) for address, info in known.items()}
    for future in as_completed(asked):
        _say({"name": asked[future], **future.result()})


def _say(line: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], json.load(sys.stdin))
    # Connections of a client that nobody needs any more are not worth waiting for.
    os._exit(0)
