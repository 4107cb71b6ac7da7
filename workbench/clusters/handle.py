"""Clusters by name: start one, find one, have one when it is needed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from workbench.clusters.cluster import Cluster, names, unknown
from workbench.clusters.folder import ClusterFolder, is_here
from workbench.clusters.launch import launch
from workbench.clusters.login import TIME_LIMIT, fit_login_node
from workbench.clusters.spec import IDLE_TIMEOUT_S, ClusterSpec
from workbench.errors import Refused

LOCAL = "local"


def start(
    name: str,
    *,
    workers: int | None = None,
    between: tuple[int, int] | None = None,
    idle_timeout_s: float | None = None,
) -> Cluster:
    """Start a cluster on this computer, or return the one that runs under that name.

    Returns at once; :meth:`Cluster.wait_running` waits.

    Parameters
    ----------
    name
        Name of the cluster.
    workers
        Fixed size; as many as this computer gives to the process when left out.
    between
        Smallest and largest size instead: the cluster grows and shrinks with the work.
    idle_timeout_s
        Seconds without a run and without a task after which the cluster ends itself.

    Raises
    ------
    ParameterError
        When the name or the size is none.
    Refused
        When it runs with another size or on another host, or this is a login node.
    """
    minimum, maximum = between or (workers, workers)
    spec = ClusterSpec(
        name=name,
        minimum=minimum,
        maximum=maximum,
        idle_timeout_s=IDLE_TIMEOUT_S if idle_timeout_s is None else idle_timeout_s,
    )
    cluster = Cluster(ClusterFolder.of(name))
    started = not cluster.alive() and launch(cluster._files, fit_login_node(spec))
    if not started:
        _check_same(cluster.status(), spec)
    return cluster


def ensure(name: str) -> Cluster:
    """Return a cluster, started again with its old request where it is stopped or dead.

    A cluster named ``local`` is started also when there never was one.

    Raises
    ------
    NotFound
        When no cluster of another name was ever started.
    Refused
        When it runs on another host, or this is a login node.
    """
    cluster = Cluster(ClusterFolder.of(name))
    status = cluster._files.read_status()
    if not cluster._files.alive(status) or (status and status["state"] == "stopping"):
        spec = cluster._files.read_spec()
        if spec is None and name != LOCAL:
            raise unknown(name)
        spec = fit_login_node(replace(spec or ClusterSpec(name=name), time_limit_s=None))
        if spec.time_limit_s and status and status["reason"] == TIME_LIMIT:
            raise Refused(
                f"Cluster {name} had its minute on this login node. Run on a cluster of compute "
                "nodes instead: workbench run start RECIPE --on CLUSTER",
                code="login_node",
            )
        launch(cluster._files, spec)
    _check_host(cluster.status())
    return cluster


def get(name: str) -> Cluster:
    """Return the handle of a cluster that was started at some time.

    Raises
    ------
    ParameterError
        When that cannot be a name.
    NotFound
        When there is none, with the nearest name.
    """
    cluster = Cluster(ClusterFolder.of(name))
    cluster.status()
    return cluster


def clusters() -> list[Cluster]:
    """Return the handles of all clusters that were ever started, by name."""
    return [Cluster(ClusterFolder.of(name)) for name in names()]


def _check_same(status: dict[str, Any], spec: ClusterSpec) -> None:
    """Refuse a start under the name of a cluster that runs with another size."""
    _check_host(status)
    there = (status["workers"]["min"], status["workers"]["max"])
    asked = (spec.minimum, spec.maximum)
    if spec.minimum is not None and asked != there:
        size = _size_option(*asked)
        raise Refused(
            f"Cluster {spec.name} runs already, with {_size_option(*there)}; {size} was asked. "
            f"Change it: workbench cluster scale {spec.name} {size}; or start another one under "
            "another name.",
            code="exists",
        )


def _check_host(status: dict[str, Any]) -> None:
    if not is_here(status):
        raise Refused(
            f"Cluster {status['name']} is on {status['host']}, and only that computer reaches it. "
            "Start one under another name here: workbench cluster start NAME; and run on it: "
            "workbench run start RECIPE --on NAME",
            code="other_host",
        )


def _size_option(minimum: int | None, maximum: int | None) -> str:
    return f"--workers {minimum}" if minimum == maximum else f"--between {minimum}:{maximum}"
