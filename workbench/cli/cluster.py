"""``workbench cluster``: start, look at, resize and stop clusters."""

from __future__ import annotations

import re
from typing import Any

import click

from workbench import service
from workbench.cli.output import emit, translated
from workbench.clusters import handle
from workbench.clusters.cluster import Cluster
from workbench.errors import NotFound, ParameterError, Problem, Refused
from workbench.runs.status import FINAL

BETWEEN = re.compile(r"(\d+):(\d+)\Z")
RUNNING_S = 60.0
WORKERS_S = 10.0
PARTITIONS = {"local": "This computer"}

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
workers_option = click.option("--workers", type=int, metavar="N", help="Have N workers.")
between_option = click.option(
    "--between", metavar="MIN:MAX", help="Grow and shrink with the work between these sizes."
)


@click.group("cluster")
def group() -> None:
    """Start, look at, resize and stop Dask clusters."""


@group.command()
@click.argument("name")
@click.option("--partition", default="local", show_default=True, help="local: this computer.")
@workers_option
@between_option
@click.option(
    "--idle-timeout",
    type=float,
    metavar="SECONDS",
    help="End after so long without a run and without a task  [default: 1800]",
)
@json_option
@translated
def start(
    name: str,
    partition: str,
    workers: int | None,
    between: str | None,
    idle_timeout: float | None,
    as_json: bool,
) -> None:
    """Start cluster NAME, with as many workers as this computer gives if no size is named.

    It goes on when this terminal is closed, and ends itself when nobody uses it.
    """
    if partition not in PARTITIONS:
        raise Refused(
            f"There is no partition named {partition!r}: clusters can be started on this computer "
            f"only (--partition local).",
            code="no_partition",
        )
    bounds = _bounds(workers, between)
    cluster = handle.start(name, workers=workers, between=bounds, idle_timeout_s=idle_timeout)
    status = cluster.wait_running(RUNNING_S)
    # The first workers follow within a second; what keeps one longer is told by `show`.
    if status["workers"]["asked"]:
        status = _with_workers(cluster, status)
    emit(status, as_json, lambda: _print_cluster(status))


@group.command("list")
@json_option
@translated
def list_(as_json: bool) -> None:
    """List all clusters with their state and size."""
    found = [cluster.status() for cluster in handle.clusters()]
    for status in found:
        del status["jobs"], status["worker_processes"]
    emit({"clusters": found}, as_json, lambda: _print_list(found))


@group.command()
@click.argument("name")
@json_option
@translated
def show(name: str, as_json: bool) -> None:
    """Show one cluster: state, workers, where its folder is."""
    status = handle.get(name).status()
    emit(status, as_json, lambda: _print_cluster(status))


@group.command()
@click.argument("name")
@click.argument("size", required=False)
@workers_option
@between_option
@json_option
@translated
def scale(
    name: str, size: str | None, workers: int | None, between: str | None, as_json: bool
) -> None:
    """Give a running cluster another SIZE: N, or MIN:MAX to grow and shrink between.

    Workers that leave finish what they have in hand.
    """
    if size is not None:
        if size.isdecimal():
            workers = _only_one(workers, int(size))
        else:
            between = _only_one(between, size)
    bounds = _bounds(workers, between)
    if workers is not None:
        bounds = (workers, workers)
    if bounds is None:
        raise ParameterError("Say which size: N or MIN:MAX.")
    status = handle.get(name).scale(*bounds)
    emit(status, as_json, lambda: _print_cluster(status))


@group.command()
@click.argument("name")
@json_option
@translated
def stop(name: str, as_json: bool) -> None:
    """Stop a cluster and its workers; a run that still needs it starts it again."""
    cluster = handle.get(name)
    served = cluster.status()["runs"]
    status = cluster.stop()
    for run_id in filter(_goes_on, served):
        click.echo(
            f"Run {run_id} is not at its end and will start the cluster again. "
            f"Stop it: workbench run stop {run_id}",
            err=True,
        )
    emit(status, as_json, lambda: _print_cluster(status))


def _goes_on(run_id: str) -> bool:
    """Say whether a run is not at its end: the cluster itself looks only twice a second."""
    try:
        return service.open_run(run_id).state not in FINAL
    except NotFound:
        return False


@group.command()
@click.argument("name")
@click.option(
    "--lines", type=click.IntRange(1), default=100, show_default=True, help="Only the last ones."
)
@json_option
@translated
def logs(name: str, lines: int, as_json: bool) -> None:
    """Print the end of a cluster's log."""
    text = handle.get(name).logs(lines)
    emit({"name": name, "log": text}, as_json, lambda: click.echo(text))


def _only_one(option: Any, argument: Any) -> Any:
    if option is not None and option != argument:
        raise ParameterError("Give the size once: SIZE, --workers N or --between MIN:MAX.")
    return argument


def _bounds(workers: int | None, between: str | None) -> tuple[int, int] | None:
    """Read ``MIN:MAX``; a size is given in one way only."""
    if between is None:
        return None
    if workers is not None:
        raise ParameterError("Give the size once: --workers N or --between MIN:MAX.")
    match = BETWEEN.match(between)
    if match is None:
        message = f"{between!r} was given; it reads MIN:MAX, two whole numbers, as in 1:8."
        raise ParameterError.of([Problem("between", message)])
    return int(match[1]), int(match[2])


def _with_workers(cluster: Cluster, status: dict[str, Any]) -> dict[str, Any]:
    try:
        return cluster.wait_running(WORKERS_S, workers=status["workers"]["asked"])
    except Refused as error:
        if error.code != "timeout":
            raise
        return cluster.status()


def _print_cluster(status: dict[str, Any]) -> None:
    workers = status["workers"]
    place = PARTITIONS.get(status["partition"], status["partition"])
    click.echo(f"Cluster {status['name']}: {_state(status)}")
    click.echo(f"  place    {place} ({status['host']}, process {status['pid']})")
    click.echo(f"  workers  {workers['connected']} connected, {_size(workers)} wanted")
    for process in status["worker_processes"]:
        click.echo(f"           {process['name']}  process {process['pid']}")
    for run_id in status["runs"]:
        click.echo(f"  run      {run_id}")
    click.echo(f"  folder   {status['folder']}")
    for warning in status["warnings"]:
        click.echo(f"Warning: {warning}", err=True)


def _print_list(found: list[dict[str, Any]]) -> None:
    if not found:
        click.echo("No cluster yet. A run on this computer starts one by itself.")
        return
    width = max(len(status["name"]) for status in found)
    for status in found:
        place = PARTITIONS.get(status["partition"], status["partition"])
        workers = f"{status['workers']['connected']}/{_size(status['workers'])} workers"
        click.echo(f"{status['name']:{width}}  {place}  {workers}  {_state(status)}")


def _state(status: dict[str, Any]) -> str:
    reason = f": {status['reason']}" if status["reason"] else ""
    return f"{status['state']}{reason}"


def _size(workers: dict[str, int]) -> str:
    if workers["min"] == workers["max"]:
        return str(workers["max"])
    return f"{workers['asked']} of {workers['min']} to {workers['max']}"
