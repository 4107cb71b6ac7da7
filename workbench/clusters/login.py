"""Login nodes are shared: a cluster on this computer stays tiny there."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from dataclasses import replace
from threading import Thread

from workbench import environ
from workbench.clusters.spec import ClusterSpec
from workbench.errors import Refused
from workbench.pool.collect import latest, schedulers_of
from workbench.pool.site import Site, load_site
from workbench.pool.snapshot import Snapshot
from workbench.runs.lock import batch_job_id

LIMIT_S = 60.0
TIME_LIMIT = "its time limit is over"
ANSWER_S = 2.0
# Which hosts are nodes changes rarely: no question is asked for it that somebody asked lately.
NODES_S = 600.0


def on_login_node(site: Site | None = None) -> bool:
    """Say whether this host is a login node.

    ``WORKBENCH_LOGIN_NODE`` says so, else the site file; else a host is one whose scheduler
    answers, soon, and does not list it among its nodes.
    """
    given = os.environ.get(environ.LOGIN_NODE)
    if given in ("0", "1"):
        return given == "1"
    site = site or load_site()
    if site.login_node is not None:
        return site.login_node
    if batch_job_id() is not None or not schedulers_of(site):
        return False
    snapshot = _soon(site)
    if snapshot is None or snapshot.stale or not snapshot.nodes:
        return False
    return not listed(socket.gethostname(), [node.name for node in snapshot.nodes])


def listed(host: str, nodes: Iterable[str]) -> bool:
    """Say whether a host is one of a scheduler's nodes, with or without its domain."""
    return host.split(".")[0].lower() in {node.split(".")[0].lower() for node in nodes}


def _soon(site: Site) -> Snapshot | None:
    """Return what the scheduler shows, None if that takes longer than two seconds."""
    found: list[Snapshot] = []
    asking = Thread(target=lambda: found.append(latest(site, max_age_s=NODES_S)), daemon=True)
    asking.start()
    asking.join(ANSWER_S)
    return found[0] if found else None


def fit_login_node(spec: ClusterSpec) -> ClusterSpec:
    """Return what of a request a login node allows: one worker, for a minute.

    Raises
    ------
    Refused
        When more was asked for, with the line to use instead.
    """
    if not spec.local or not on_login_node():
        return spec
    if spec.maximum != 1:
        raise Refused(
            "This is a login node, shared by everybody: a cluster on this computer may have one "
            f"worker for one minute here (workbench cluster start {spec.name} --workers 1). Run "
            "on a cluster of compute nodes instead: workbench run start RECIPE --on CLUSTER "
            "(workbench cluster list). If this is no login node: login_node = false in "
            "the site file, or WORKBENCH_LOGIN_NODE=0",
            code="login_node",
        )
    return replace(spec, life_s=LIMIT_S)
