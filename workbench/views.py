"""What front ends show of runs and clusters, beside what :mod:`workbench.service` does."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from workbench import registry
from workbench.clusters.jobs import JOB_STATES
from workbench.errors import ParameterError, Refused, quoted
from workbench.home import workbench_home
from workbench.process import is_here
from workbench.runs import scripts
from workbench.runs.index import RunIndex as RunIndex
from workbench.runs.page import figure_files, log_piece as read_log, page
from workbench.runs.table import columns_of
from workbench.service import list_clusters, open_cluster, open_run

LONGEST_NAME = 200


def run_index() -> RunIndex:
    """Return a searchable list of all runs, for whoever asks for pages of it again and again."""
    return RunIndex()


def run_page(run_id: str) -> dict[str, Any]:
    """Return everything about one run that its folder says: values, inputs, provenance, audit."""
    return page(open_run(run_id))


def log_piece(run_id: str, start: int) -> dict[str, Any]:
    """Return a piece of a run's log: ``{text, start, stop, size}``."""
    return read_log(open_run(run_id).folder / "log", start)


def figures(run_id: str) -> dict[str, Path]:
    """Return the files of the figures that were drawn at the end of a run, by name."""
    return figure_files(open_run(run_id))


def upload_place(name: str) -> Path:
    """Return where a file that somebody uploads is to be written, in a folder of its own.

    Raises
    ------
    ParameterError
        When `name` cannot be the name of a file.
    """
    if (
        name != Path(name).name
        or name == ".."
        or "\0" in name
        or len(os.fsencode(name)) > LONGEST_NAME
    ):
        raise ParameterError(f"{quoted(name)} cannot be the name of a file.")
    folder = workbench_home() / "uploads" / secrets.token_hex(4)
    folder.mkdir(mode=0o700, parents=True)
    return folder / name


def code(run_id: str) -> dict[str, str]:
    """Return what starts a run with the same values: ``{shell, python}``."""
    manifest = open_run(run_id).manifest
    return {"shell": scripts.shell(manifest), "python": scripts.python(manifest)}


def notebook(run_id: str) -> dict[str, Any]:
    """Return a notebook (nbformat 4) that opens a run's result and draws its figures."""
    run = open_run(run_id)
    recipe = registry.resolve(run.manifest.recipe)
    result = run.open(partial=True)
    columns = [one.variable for one in columns_of(recipe, result) if not one.through]
    return scripts.notebook(
        run.manifest,
        title=recipe.title,
        complete=(run.folder / "result.json").exists(),
        columns=[name for name in columns if name not in result.coords],
        figures=list(run.charts(result)),
    )


def clusters() -> list[dict[str, Any]]:
    """Return every cluster without its single jobs and workers, those counted by state."""
    found = [_counted(cluster.status()) for cluster in list_clusters()]
    for status in found:
        del status["jobs"], status["worker_processes"]
    return found


def cluster_page(name: str) -> dict[str, Any]:
    """Return everything about one cluster: also its request, and how to reach it."""
    cluster = open_cluster(name)
    status = cluster.status()
    connection = cluster.connection()
    spec = cluster.files.read_spec()
    return {
        **_counted(status),
        "request": spec.asked() if spec is not None else {"name": name},
        "connect": connection.code(name) if connection is not None else None,
        "dashboard": connection is not None and is_here(status),
    }


def cluster_log(name: str, job: str, start: int) -> dict[str, Any]:
    """Return a piece of a cluster's log, or of that of one of its jobs (by id or name)."""
    return read_log(open_cluster(name).log_file(job or None), start)


def dashboard(name: str) -> str:
    """Return the address of a cluster's Dask dashboard on this computer, its secret part included.

    Raises
    ------
    NotFound
        When there is no such cluster.
    Refused
        When it does not run, or on another computer, whose loopback nobody else reaches.
    """
    cluster = open_cluster(name)
    status, connection = cluster.status(), cluster.connection()
    if connection is None:
        raise Refused(
            f"Cluster {name} is {status['state']}: it has no dashboard.", code="not_running"
        )
    if not is_here(status):
        raise Refused(
            f"The process of cluster {name} runs on {status['host']}, and its dashboard can be "
            "reached only from there.",
            code="other_host",
        )
    return connection.dashboard.rpartition("/")[0]


def _counted(status: dict[str, Any]) -> dict[str, Any]:
    states = [job["state"] for job in status["jobs"]]
    return {**status, "job_counts": {state: states.count(state) for state in JOB_STATES}}
