"""``workbench cluster``: start, look at, resize and stop clusters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from workbench import service
from workbench.cli.output import emit, translated
from workbench.errors import NotFound, ParameterError, Problem, Refused, quoted
from workbench.pool import units
from workbench.pool.partition import LOCAL
from workbench.runs.status import FINAL

if TYPE_CHECKING:
    from workbench.clusters.cluster import Cluster

BETWEEN = re.compile(r"(\d+):(\d+)\Z")
RUNNING_S = 60.0
WORKERS_S = 10.0
ANSWER_S = 10.0

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
workers_option = click.option("--workers", type=int, metavar="N", help="Have N workers.")
between_option = click.option(
    "--between", metavar="MIN:MAX", help="Grow and shrink with the work between these sizes."
)


@click.group("cluster")
def group() -> None:
    """Start, look at, resize and stop Dask clusters."""


def request_options(command: Any) -> Any:
    """Add the options that say what a cluster is to be."""
    options = (
        click.option("--partition", default=LOCAL, show_default=True, help="Where; local: here."),
        click.option("--accelerator", metavar="CARD", help="The card of each worker, as dcu:k100."),
        workers_option,
        between_option,
        click.option("--time", metavar="H:M:S", help="Time limit (walltime) of its jobs."),
        click.option(
            "--idle-timeout",
            type=float,
            metavar="SECONDS",
            help="End after so long without a run and without work "
            "[default: 1800 on this computer, else 300]",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@group.command()
@click.argument("name")
@request_options
@json_option
@translated
def start(name: str, as_json: bool, **request: Any) -> None:
    """Start cluster NAME: on this computer, or as jobs of a partition of the pool.

    It goes on when this terminal is closed, and ends itself when nobody uses it.  Without a size
    it has as many workers as this computer gives, or one in a partition.
    """
    cluster = service.start_cluster(name, **_asked(**request))
    status = cluster.wait_running(RUNNING_S)
    # The first workers follow within a second; what keeps one longer is told by `show`.
    if status["partition"] != LOCAL:
        status = cluster.wait_answered(ANSWER_S)
    elif status["workers"]["asked"]:
        status = _with_workers(cluster, status)
    emit(status, as_json, lambda: _print_cluster(status))


@group.command()
@click.argument("name")
@request_options
@json_option
@translated
def script(name: str, as_json: bool, **request: Any) -> None:
    """Print the job script of cluster NAME exactly as it would be sent; nothing is submitted."""
    text = service.cluster_script(name, **_asked(**request))
    emit({"name": name, "script": text}, as_json, lambda: click.echo(text, nl=False))


@group.command("list")
@json_option
@translated
def list_(as_json: bool) -> None:
    """List all clusters with their state and size."""
    found = [cluster.status() for cluster in service.list_clusters()]
    for status in found:
        del status["jobs"], status["worker_processes"]
    emit({"clusters": found}, as_json, lambda: _print_list(found))


@group.command()
@click.argument("name")
@json_option
@translated
def show(name: str, as_json: bool) -> None:
    """Show one cluster: state, workers, where its folder is."""
    status = service.open_cluster(name).status()
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
    status = service.open_cluster(name).scale(*bounds)
    emit(status, as_json, lambda: _print_cluster(status))


@group.command()
@click.argument("name")
@json_option
@translated
def stop(name: str, as_json: bool) -> None:
    """Stop a cluster and its workers; a run that still needs it starts it again."""
    served = service.open_cluster(name).status()["runs"]
    status = service.stop_cluster(name)
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
@click.option("--job", metavar="ID", help="The log of one of its jobs instead.")
@json_option
@translated
def logs(name: str, lines: int, job: str | None, as_json: bool) -> None:
    """Print the end of a cluster's log, or of the log of one of its jobs."""
    text = service.open_cluster(name).logs(lines, job=job)
    emit({"name": name, "log": text}, as_json, lambda: click.echo(text))


def _asked(
    workers: int | None,
    between: str | None,
    time: str | None,
    idle_timeout: float | None,
    **rest: Any,
) -> dict[str, Any]:
    """Return the keywords of :func:`workbench.service.start_cluster`."""
    return {
        **rest,
        "workers": workers,
        "between": _bounds(workers, between),
        "time_limit_s": None if time is None else _seconds(time),
        "idle_timeout_s": idle_timeout,
    }


def _seconds(text: str) -> float:
    try:
        return float(units.seconds(text))
    except ValueError as error:
        problem = Problem("time", f"{quoted(text)} was given; {error}.")
        raise ParameterError.of([problem]) from error


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
        message = f"{quoted(between)} was given; it reads MIN:MAX, two whole numbers, as in 1:8."
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
    click.echo(f"Cluster {status['name']}: {_state(status)}")
    click.echo(f"  place    {_place(status)} ({_process(status)})")
    click.echo(f"  workers  {workers['connected']} connected, {_size(workers)} wanted")
    for process in status["worker_processes"]:
        click.echo(f"           {process['name']}  process {process['pid']}{_card(process)}")
    for job in status["jobs"]:
        _print_job(job)
    for run_id in status["runs"]:
        click.echo(f"  run      {run_id}")
    click.echo(f"  folder   {status['folder']}")
    for warning in [*status["warnings"], *filter(None, [status["problem"]])]:
        click.echo(f"Warning: {warning}", err=True)


def _print_job(job: dict[str, Any]) -> None:
    state = "ended" if job["state"] == "gone" else job["state"]
    words = f"{job['job_id'] or job['name']}  {state}{_exit_words(job['exit'])}"
    click.echo(f"  job      {words}  {_job_says(job)}".rstrip())
    for line in (job["log_tail"] or "").splitlines():
        click.echo(f"           | {line}")


def _exit_words(status: int | None) -> str:
    """Say how a job ended: by itself with a status, or by a signal."""
    if not status:
        return ""
    return f", exit {status}" if status > 0 else f", signal {-status}"


def _job_says(job: dict[str, Any]) -> str:
    """Return why a job waits or how it ended, in sentences, with the scheduler's own word."""
    said, reason = job["plain"] or "", job["reason"] or ""
    if reason not in ("", "None") and reason not in said:
        said = f"{said.removesuffix('.')} ({reason})" if said else reason
    if said and not said.endswith("."):
        said += "."
    if job["state"] == "pending" and job["start"]:
        said += f" The scheduler expects to start it at {job['start']}."
    return f"{said[:1].upper()}{said[1:]}".strip()


def _card(process: dict[str, Any]) -> str:
    card = process["card"]
    if card is None:
        return ""
    which = card["uuid"] or ("" if card["index"] is None else f"card {card['index']}")
    return f"  {card['vendor']} {card['model']} {which}".rstrip()


def _print_list(found: list[dict[str, Any]]) -> None:
    if not found:
        click.echo("No cluster yet. A run on this computer starts one by itself.")
        return
    width = max(len(status["name"]) for status in found)
    for status in found:
        place = _place(status)
        workers = f"{status['workers']['connected']}/{_size(status['workers'])} workers"
        click.echo(f"{status['name']:{width}}  {place}  {workers}  {_state(status)}")
        if "request_damaged" in status:
            click.echo(f"Warning: {status['request_damaged']}", err=True)


def _process(status: dict[str, Any]) -> str:
    """Say where the cluster's own process is."""
    own = status["own_job"]
    job = f"job {own['job_id'] or own['name']}" if own else ""
    if not status["pid"]:
        return f"its process waits in the queue, {job}"
    where = f"{status['host']}, process {status['pid']}"
    return f"{where} in {job}" if job else where


def _place(status: dict[str, Any]) -> str:
    place = "This computer" if status["partition"] == LOCAL else status["partition"]
    return f"{place} {status['accelerator']}" if status["accelerator"] else place


def _state(status: dict[str, Any]) -> str:
    reason = f": {status['reason']}" if status["reason"] else ""
    return f"{status['state']}{reason}"


def _size(workers: dict[str, int]) -> str:
    if workers["min"] == workers["max"]:
        return str(workers["max"])
    return f"{workers['asked']} of {workers['min']} to {workers['max']}"
