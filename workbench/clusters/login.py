"""Login nodes are shared: a cluster on this computer stays tiny there."""

from __future__ import annotations

import os

from workbench.clusters.spec import ClusterSpec
from workbench.errors import Refused

LIMIT_S = 60.0
TIME_LIMIT = "its time limit is over"


def on_login_node() -> bool:
    """Say whether this host is a login node: ``WORKBENCH_LOGIN_NODE=1`` says so."""
    return os.environ.get("WORKBENCH_LOGIN_NODE") == "1"


def fit_login_node(spec: ClusterSpec) -> ClusterSpec:
    """Return what of a request a login node allows: one worker, for a minute.

    Raises
    ------
    Refused
        When more was asked for, with the line to use instead.
    """
    if not on_login_node() or spec.partition != "local":
        return spec
    if spec.maximum != 1:
        raise Refused(
            "This is a login node, shared by everybody: a cluster on this computer may have one "
            f"worker for one minute here (workbench cluster start {spec.name} --workers 1). Run "
            "on a cluster of compute nodes instead: workbench run start RECIPE --on CLUSTER "
            "(workbench cluster list). If this is no login node: WORKBENCH_LOGIN_NODE=0",
            code="login_node",
        )
    return ClusterSpec.from_json({**spec.to_json(), "life_s": LIMIT_S})
