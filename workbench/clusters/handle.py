"""Clusters by name: start one, find one, have one when it is needed."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

from workbench.clusters.cluster import Cluster, names, unknown
from workbench.clusters.folder import ClusterFolder
from workbench.clusters.jobs import living_jobs
from workbench.clusters.launch import launch
from workbench.clusters.login import TIME_LIMIT, fit_login_node
from workbench.clusters.place import check_place
from workbench.clusters.spec import LOCAL, ClusterSpec
from workbench.errors import ParameterError, Problem, Refused, WorkbenchError, last_line
from workbench.process import is_here


def request(
    name: str,
    *,
    partition: str = LOCAL,
    accelerator: str | None = None,
    workers: int | None = None,
    between: tuple[int, int] | None = None,
    time_limit_s: float | None = None,
    idle_timeout_s: float | None = None,
) -> ClusterSpec:
    """Return the request for a cluster.

    Parameters
    ----------
    name
        Name of the cluster.
    partition
        Where: ``local`` is this computer, others are those that ``workbench pool show`` lists.
    accelerator
        Kind of card that each worker holds; None: no card.
    workers
        Fixed size.  Left out: as many as this computer gives to the process, or one in a
        partition.
    between
        Smallest and largest size instead: the cluster grows and shrinks with the work.
    time_limit_s
        Time limit (walltime) of its jobs; they are replaced before it ends.
    idle_timeout_s
        Seconds without a run and without a task after which the cluster ends itself.

    Raises
    ------
    ParameterError
        When the name, the size or a time is none.
    """
    minimum, maximum = between or (workers, workers)
    return ClusterSpec(
        name=name,
        partition=partition,
        accelerator=accelerator,
        minimum=minimum,
        maximum=maximum,
        time_limit_s=time_limit_s,
        idle_timeout_s=idle_timeout_s,
    )


def start(name: str, **asked: Any) -> Cluster:
    """Start a cluster, or return the one that runs under that name.

    Returns at once; :meth:`Cluster.wait_running` waits.

    Parameters
    ----------
    name, **asked
        See :func:`request`.

    Raises
    ------
    ParameterError
        When the name, the size or a time is none.
    Refused
        When it could never run: the partition has no such cards, or never so many, or allows no
        such time; when it runs already, but elsewhere or with another size; on a login node.
    """
    spec = request(name, **asked)
    cluster = Cluster(ClusterFolder.of(name))
    started = False
    if not cluster.alive():
        check_place(spec, cluster.folder)
        started = launch(cluster.files, fit_login_node(spec))
    if not started:
        _check_same(cluster.status(), spec)
    return cluster


def script(name: str, **asked: Any) -> str:
    """Return the script of a cluster's jobs exactly as it would be sent; nothing is submitted.

    Parameters
    ----------
    name, **asked
        See :func:`request`.

    Raises
    ------
    ParameterError, Refused
        As :func:`start` does; for this computer, which needs no job, too.
    """
    spec = request(name, **asked)
    if spec.local:
        said = "This computer needs no job script. Name a partition: workbench pool show"
        raise ParameterError.of([Problem("partition", said)])
    check_place(spec, ClusterFolder.of(name).path)
    return script_of(spec)


def script_of(spec: ClusterSpec) -> str:
    """Return the script of a request that was looked up in the pool.

    Raises
    ------
    WorkbenchError
        When dask-jobqueue makes none.
    """
    folder = ClusterFolder.of(spec.name).path
    command = [sys.executable, "-P", "-m", "workbench.clusters.process.script", str(folder)]
    done = subprocess.run(
        command, input=json.dumps(spec.to_json()), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise WorkbenchError(
            f"No script could be made: {last_line(done.stderr)}. "
            "workbench doctor checks the installation.",
            code="script",
        )
    return done.stdout


def ensure(name: str) -> Cluster:
    """Return a cluster, started again with its old request where it is stopped or dead.

    A cluster named ``local`` is started also when there never was one.

    Raises
    ------
    NotFound
        When no cluster of another name was ever started.
    Refused
        When it is one of another computer, or this is a login node.
    """
    cluster = Cluster(ClusterFolder.of(name))
    status = cluster.files.read_status()
    if not cluster.files.alive(status) or (status and status["state"] == "stopping"):
        spec = cluster.files.read_spec(status)
        if spec is None and name != LOCAL:
            raise unknown(name, to_use=True) if status is None else _damaged(status)
        spec = fit_login_node(replace(spec or ClusterSpec(name=name), life_s=None))
        if spec.life_s and status and status["reason"] == TIME_LIMIT:
            raise Refused(
                f"Cluster {name} had its minute on this login node. Run on a cluster of compute "
                "nodes instead: workbench run start RECIPE --on CLUSTER",
                code="login_node",
            )
        launch(cluster.files, spec)
    _check_host(cluster.status())
    return cluster


def stop(name: str) -> dict[str, Any]:
    """End a cluster, its workers and its jobs; return the last status.

    Raises
    ------
    NotFound
        When there is none.
    Refused
        When its process does not end.
    """
    cluster = get(name)
    spec = cluster.files.read_spec(cluster.status())
    if spec is not None and not cluster.alive() and living_jobs(cluster.folder):
        # Its process died and left jobs: the next one adopts them, and cancels them.
        launch(cluster.files, spec)
    return cluster.stop()


def get(name: str, *, to_use: bool = False) -> Cluster:
    """Return the handle of a cluster that was started at some time.

    Parameters
    ----------
    name
        Name of the cluster.
    to_use
        Whether somebody would work on it: the error then says how to start it.

    Raises
    ------
    ParameterError
        When that cannot be a name.
    NotFound
        When there is none, with the nearest name.
    """
    cluster = Cluster(ClusterFolder.of(name))
    if to_use and cluster.files.read_status() is None:
        raise unknown(name, to_use=True)
    cluster.status()
    return cluster


def clusters() -> list[Cluster]:
    """Return the handles of all clusters that were ever started, by name."""
    return [Cluster(ClusterFolder.of(name)) for name in names()]


def _damaged(status: dict[str, Any]) -> Refused:
    """Return the refusal to start a cluster of which neither request nor status can be read."""
    return Refused(f"Cluster {status['name']}: {status['reason']}", code="damaged")


def _check_same(status: dict[str, Any], spec: ClusterSpec) -> None:
    """Refuse a start under the name of a cluster that runs elsewhere or with another size."""
    _check_host(status)
    there = (status["partition"], status["accelerator"])
    if (spec.partition, spec.accelerator) != there:
        raise Refused(
            f"Cluster {spec.name} runs already, on {_place(*there)}; "
            f"{_place(spec.partition, spec.accelerator)} was asked. Start another one under "
            f"another name, or stop this one first: workbench cluster stop {spec.name}",
            code="exists",
        )
    sizes = (status["workers"]["min"], status["workers"]["max"])
    asked = (spec.minimum, spec.maximum)
    if spec.minimum is not None and asked != sizes:
        size = _size_option(*asked)
        raise Refused(
            f"Cluster {spec.name} runs already, with {_size_option(*sizes)}; {size} was asked. "
            f"Change it: workbench cluster scale {spec.name} {size}; or start another one under "
            "another name.",
            code="exists",
        )


def _check_host(status: dict[str, Any]) -> None:
    if status["partition"] == LOCAL and not is_here(status):
        raise Refused(
            f"Cluster {status['name']} is on {status['host']}, and only that computer reaches it. "
            "Start one under another name here: workbench cluster start NAME; and run on it: "
            "workbench run start RECIPE --on NAME",
            code="other_host",
        )


def _place(partition: str, accelerator: str | None) -> str:
    if partition == LOCAL:
        return "this computer"
    return f"partition {partition}" + (f" with {accelerator}" if accelerator else "")


def _size_option(minimum: int | None, maximum: int | None) -> str:
    return f"--workers {minimum}" if minimum == maximum else f"--between {minimum}:{maximum}"
