"""The only door for front ends: command line, REST, notebooks all come through here."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import workbench.clusters.handle as clusters
from workbench import registry
from workbench.clusters import draft
from workbench.clusters.cluster import Cluster
from workbench.clusters.drivers import Drivers
from workbench.clusters.small_job import caller_ends
from workbench.clusters.spec import LOCAL
from workbench.code import code_hash
from workbench.errors import DamagedResult, NotFound, ParameterError, Refused, WorkbenchError
from workbench.home import expanded
from workbench.pool.pool import Pool
from workbench.pool.site import load_site
from workbench.runs.files import replace_json
from workbench.runs.folder import delete_run, find_run, has_link, new_run_folder, run_ids, runs_home
from workbench.runs.handle import Run
from workbench.runs.lock import batch_job_id
from workbench.runs.manifest import write_manifest
from workbench.runs.spawn import Guard as Guard
from workbench.runs.status import empty_status, write_status
from workbench.submission import (
    Checked,
    check_values,
    make_manifest,
    refuse_without_room,
    values_for,
)


def check(recipe_id: str, values: Mapping[str, Any]) -> Checked:
    """Check values without any side effect: types and bounds, files, plan, disk."""
    return check_values(registry.resolve(recipe_id), values)


def submit(
    recipe_id: str,
    values: Mapping[str, Any] | None = None,
    *,
    example: str | None = None,
    like: str | None = None,
    texts: Mapping[str, str] | None = None,
    on: Sequence[str] = (),
    folder: str | os.PathLike[str] | None = None,
    **parameters: Any,
) -> Run:
    """Start a run and return its handle; the run goes on whatever happens to the caller.

    Parameters
    ----------
    recipe_id
        See ``workbench recipe list``.
    values, **parameters
        Parameter values, by name.
    example, like
        Begin with the values of an example, or of an earlier run.
    texts
        Values as texts, as ``--set`` takes them.
    on
        Names of clusters; this computer when left out.
    folder
        Put the run below this folder instead of ``$WORKBENCH_HOME/runs``.

    Raises
    ------
    ParameterError
        With every problem at once.
    NotFound
        No such recipe, example, run or cluster.
    Refused
        No room on the disk.
    """
    run = prepare(
        recipe_id,
        {**(values or {}), **parameters},
        example=example,
        like=like,
        texts=texts,
        on=on,
        folder=folder,
    )
    try:
        _have_served(run)
    except BaseException:
        delete_run(run.id)
        raise
    run.start()
    return run


def _have_served(run: Run) -> None:
    """Have every cluster of a run started and watch it; raise where none of them can be."""
    refusals = []
    for name in run.manifest.clusters:
        try:
            clusters.ensure(name).serve(run.id, run.folder)
        except WorkbenchError as error:
            refusals.append(error)
    if len(refusals) < len(run.manifest.clusters):
        return
    if len(refusals) == 1:
        raise refusals[0]
    raise Refused("\n".join(error.message for error in refusals), code=refusals[0].code)


def lifetime(run: Run) -> str:
    """Say what the driver of a run that was started here hangs on; nothing if on nothing."""
    started, job = run.started, batch_job_id()
    if started is None:
        return ""
    if started.job:
        return f"Its driver is {started.job}: it goes on when this session ends."
    refused = f"There is no job of its own for its driver: {started.note} " if started.note else ""
    if job is None:
        return refused
    ends = caller_ends(load_site())
    when = f" at {_local(ends)}" if ends else ""
    return (
        f"{refused}It ends with this job ({job}){when}. What is finished then stays, and "
        f"goes on with: workbench run resume {run.id}"
    )


def _local(moment: str) -> str:
    """Return a time as a clock here shows it, with the day where that is not today."""
    then = datetime.fromisoformat(moment).astimezone()
    today = datetime.now().astimezone().date() == then.date()
    return then.strftime("%H:%M" if today else "%Y-%m-%d %H:%M")


def prepare(
    recipe_id: str,
    values: Mapping[str, Any],
    *,
    example: str | None = None,
    like: str | None = None,
    texts: Mapping[str, str] | None = None,
    on: Sequence[str] = (),
    folder: str | os.PathLike[str] | None = None,
) -> Run:
    """Check values and make the run's folder, without starting anything; see :func:`submit`."""
    entry = registry.find(recipe_id)
    recipe = entry.load()
    before = open_run(like).manifest if like is not None else None
    laid, unread = values_for(recipe, example=example, like=before, given=values, texts=texts)
    checked = check_values(recipe, laid)
    told = {problem.parameter for problem in unread}
    problems = [*unread, *(p for p in checked.problems if p.parameter not in told)]
    if problems or checked.parameters is None:
        raise ParameterError.of(problems)
    names = tuple(dict.fromkeys(on)) or (LOCAL,)
    for name in names:
        if name != LOCAL:
            clusters.get(name, to_use=True)
    place = _place(recipe_id, folder, checked.bytes)
    try:
        manifest = make_manifest(entry, recipe, checked.parameters, place)
        write_status(place, empty_status(checked.items))
        write_manifest(place, replace(manifest, clusters=names, like=like, items=checked.items))
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        (runs_home() / f"{place.name}.link.json").unlink(missing_ok=True)
        raise
    return Run(place, Drivers())


def _place(recipe_id: str, folder: str | os.PathLike[str] | None, size_bytes: int) -> Path:
    """Make the folder of a new run where there is room for it."""
    parent = _parent(folder if folder is not None else load_site().runs)
    refuse_without_room(parent, size_bytes)
    try:
        return new_run_folder(recipe_id, parent)
    except (FileExistsError, NotADirectoryError, FileNotFoundError, PermissionError) as error:
        raise Refused(
            f"No folder can be made below {parent or runs_home()} ({error.strerror}): choose "
            "another place with --folder DIR."
        ) from error


def _parent(folder: str | os.PathLike[str] | None) -> Path | None:
    """Return the folder that is named: by whoever asks, else by the site; None for our own."""
    if folder is None:
        return None
    found = expanded(folder)
    if found is None:
        raise ParameterError(f"--folder {folder}: nobody here has that home. Check the path.")
    return found


def pool(*, starts: bool = True) -> Pool:
    """Look at everything that the site lets the user compute on.

    Parameters
    ----------
    starts
        Whether to ask when a job would start, as far as the pace allows.
    """
    return Pool.now(starts=starts)


def open_run(run_id: str) -> Run:
    """Return the handle of a run by id.

    Raises
    ------
    NotFound
        With the nearest id.
    """
    return Run(find_run(run_id), Drivers())


def runs(limit: int | None = None, after: str | None = None) -> Iterator[Run]:
    """Yield the handles of all runs that can be found, the newest first.

    Parameters
    ----------
    limit
        At most so many.
    after
        Only those that follow the run of this id in the list.
    """
    count = 0
    for run_id in run_ids():
        if after is not None and run_id >= after:
            continue
        if limit is not None and count >= limit:
            return
        try:
            folder = find_run(run_id)
        except (NotFound, DamagedResult):
            continue
        yield Run(folder, Drivers())
        count += 1


def watch(run_id: str) -> Guard:
    """Return what restarts a run's driver when that dies, each time that it is asked to look."""
    return Guard(find_run(run_id), Drivers())


def resume(run_id: str, *, accept_code: bool = False) -> Run:
    """Go on with a run that was stopped, interrupted or failed.

    Raises
    ------
    Refused
        When somebody drives it, when it is at its end, or when the recipe's code has changed
        and `accept_code` is not given.
    """
    run = open_run(run_id)
    _agree_on_code(run, "resume", accept_code)
    run.resume()
    # The driver meets the same refusal, and says so in the run's status.
    with contextlib.suppress(WorkbenchError):
        _have_served(run)
    return run


def retry(
    run_id: str,
    *,
    accept_code: bool = False,
    items: Mapping[str, Sequence[int]] | None = None,
) -> Run:
    """Compute failed items of a run once more: all of them, or `items` by stage.

    Raises
    ------
    Refused
        When nothing failed, an item of `items` did not, the run is not at its end, or the
        recipe's code has changed and `accept_code` is not given.
    """
    run = open_run(run_id)
    _agree_on_code(run, "retry", accept_code)
    run.retry(items)
    # The driver meets the same refusal, and says so in the run's status.
    with contextlib.suppress(WorkbenchError):
        _have_served(run)
    return run


def _agree_on_code(run: Run, verb: str, accept: bool) -> None:
    """Refuse to go on with other code than the run began with, unless the user accepts it."""
    found = code_hash(registry.find(run.manifest.recipe).point)
    if found in run.accepted_code():
        return
    if not accept:
        raise Refused(
            f"The code of {run.manifest.recipe} has changed since run {run.id} was submitted: "
            "its finished items were computed with the older code. To go on with today's: "
            f"workbench run {verb} {run.id} --accept-code",
            code="code_changed",
        )
    replace_json(run.folder / "control" / "code.json", {"code_hash": found})


def may_delete(run_id: str, *, keep_result: bool = False) -> None:
    """Raise where :func:`delete` would.

    Raises
    ------
    NotFound
        When there is no such run.
    Refused
        While somebody drives it, or when there is no result to keep.
    """
    try:
        run = open_run(run_id)
    except (NotFound, DamagedResult):
        if not has_link(run_id):
            raise
        return
    if run.driven:
        raise Refused(
            f"Run {run_id} is {run.describe()['state']}: stop it first with "
            f"workbench run stop {run_id}",
            code="held",
        )
    if keep_result and not (run.folder / "result.json").exists():
        raise Refused(f"Run {run_id} has no complete result to keep: delete it whole.")


def delete(run_id: str, *, keep_result: bool = False) -> int:
    """Delete a run; return the bytes freed.  Raises as :func:`may_delete` does."""
    may_delete(run_id, keep_result=keep_result)
    return delete_run(run_id, keep_result=keep_result)


def start_cluster(name: str, **asked: Any) -> Cluster:
    """Start a cluster, or return the one that runs under that name; it outlives the caller.

    Parameters
    ----------
    name
        Name of the cluster.
    **asked
        ``partition``, ``accelerator``, ``workers`` or ``between``, ``time_limit_s``,
        ``idle_timeout_s``: see :func:`workbench.clusters.handle.request`.

    Raises
    ------
    ParameterError, Refused
        See :func:`workbench.clusters.handle.start`.

    Examples
    --------
    >>> cluster = start_cluster("fold", partition="dcu", accelerator="dcu:k100", workers=16)
    >>> cluster.wait_running(workers=16)  # doctest: +SKIP
    >>> client = connect("fold")  # doctest: +SKIP
    """
    return clusters.start(name, **asked)


def open_cluster(name: str) -> Cluster:
    """Return the handle of a cluster that was started at some time, from whatever process.

    Raises
    ------
    NotFound
        With the nearest name.
    """
    return clusters.get(name)


def list_clusters() -> list[Cluster]:
    """Return the handles of all clusters that were ever started, by name."""
    return clusters.clusters()


def stop_cluster(name: str) -> dict[str, Any]:
    """End a cluster, its workers and its jobs; see :func:`workbench.clusters.handle.stop`."""
    return clusters.stop(name)


def cluster_script(name: str, **asked: Any) -> str:
    """Return the script of a cluster's jobs; see :func:`workbench.clusters.handle.script`."""
    return clusters.script(name, **asked)


def draft_script(name: str, **asked: Any) -> dict[str, Any]:
    """Return what is wrong with a request, and its job script as :func:`start_cluster` sends it."""
    return draft.script(name, **asked)


def draft_estimate(name: str, **asked: Any) -> dict[str, Any]:
    """Return what is wrong with a request, and when its first job would start."""
    return draft.estimate(name, **asked)
