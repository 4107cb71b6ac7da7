"""``workbench run``: start runs, follow them, and look at what they left."""

from __future__ import annotations

import itertools
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from workbench import registry, service
from workbench.cli import show as shown
from workbench.cli.named import run_named
from workbench.cli.output import emit, translated
from workbench.cli.progress import follow
from workbench.errors import DamagedResult, ParameterError, Problem, Refused, quoted
from workbench.runs.folder import folder_bytes, runs_home
from workbench.runs.handle import Run
from workbench.runs.status import FINAL

EXIT = {"completed": 0, "completed_with_failures": 5}
AGE = re.compile(r"(\d+)([dhm])\Z")
AGE_S = {"d": 86400, "h": 3600, "m": 60}

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@click.group("run")
def group() -> None:
    """Start runs, follow them, and look at what they left.

    Where a run is asked for, its id's beginning or end will do if no other has it, and `last` is
    the newest run; what is to be deleted is named in full.
    """


accept_option = click.option(
    "--accept-code", is_flag=True, help="Go on although the recipe's code has changed."
)


@group.command()
@click.argument("recipe")
@click.option("--example", metavar="NAME", help="Begin with the values of an example.")
@click.option("--like", metavar="RUN", help="Begin with the values of an earlier run.")
@click.option("--set", "pairs", multiple=True, metavar="NAME=VALUE", help="Set one parameter.")
@click.option("--params", type=click.Path(), help="Read parameters from a JSON file.")
@click.option("--on", "clusters", multiple=True, metavar="CLUSTER", help="Use this cluster.")
@click.option("--folder", type=click.Path(), help="Put the run below this folder.")
@click.option("--wait", is_flag=True, help="Show progress until the end.")
@json_option
@translated
def start(
    recipe: str,
    example: str | None,
    like: str | None,
    pairs: tuple[str, ...],
    params: str | None,
    clusters: tuple[str, ...],
    folder: str | None,
    wait: bool,
    as_json: bool,
) -> int:
    """Start a run of RECIPE; it goes on when this terminal is closed."""
    run = service.submit(
        recipe,
        _read_params(params),
        example=example,
        like=like and run_named(like),
        texts=_pairs(pairs),
        on=clusters,
        folder=folder,
    )
    return _after(run, wait, as_json)


@group.command("list")
@click.option(
    "--limit", type=click.IntRange(1), default=50, show_default=True, help="At most so many."
)
@click.option("--after", metavar="RUN", help="Go on behind this run.")
@json_option
@translated
def list_(limit: int, after: str | None, as_json: bool) -> None:
    """List runs, the newest first, with state and size."""
    readable = _readable(service.runs(after=after and run_named(after)))
    found = [document for _, document in itertools.islice(readable, limit + 1)]
    more = found[limit - 1]["run_id"] if len(found) > limit else None
    for document in found[:limit]:
        document.pop("stages")
    page = {"runs": found[:limit], "next": more}
    emit(page, as_json, lambda: shown.print_list(page))


@group.command()
@click.argument("run_id")
@click.option("--verify", is_flag=True, help="Read every byte of the result and compare.")
@json_option
@translated
def show(run_id: str, verify: bool, as_json: bool) -> int:
    """Show one run: state, progress, failures, where the result lies."""
    run = service.open_run(run_named(run_id))
    document = run.describe()
    if verify:
        document["verify"] = run.verify()
    emit(document, as_json, lambda: shown.print_run(run, document))
    return 1 if verify and not document["verify"]["sound"] else 0


@group.command()
@click.argument("run_id")
@json_option
@translated
def wait(run_id: str, as_json: bool) -> int:
    """Show the progress of a run until its end."""
    return _wait(service.open_run(run_named(run_id)), as_json)


@group.command("open")
@click.argument("run_id")
@click.option("--csv", metavar="FILE", help="Write every row of its first table to FILE as CSV.")
@json_option
@translated
def open_(run_id: str, csv: str | None, as_json: bool) -> None:
    """Print where the result lies and what is in it."""
    run = service.open_run(run_named(run_id))
    dataset = run.open()
    if csv is not None:
        shown.write_csv(run, dataset, Path(csv))
    document = {
        "run_id": run.id,
        "result": str(run.folder / "result.zarr"),
        "dims": {str(name): int(size) for name, size in dataset.sizes.items()},
        "variables": sorted(str(name) for name in dataset.variables),
        "figures": [str(path) for path in sorted((run.folder / "figures").glob("*"))],
    }
    emit(document, as_json, lambda: shown.print_result(run, dataset))


@group.command()
@click.argument("run_id")
@json_option
@translated
def stop(run_id: str, as_json: bool) -> None:
    """Stop a run; what is finished stays, and `resume` goes on from there."""
    run = service.open_run(run_named(run_id))
    run.stop()
    deadline = time.monotonic() + 60
    while run.state not in FINAL and time.monotonic() < deadline:
        time.sleep(0.2)
    document = run.describe()
    emit(document, as_json, lambda: click.echo(f"{run.id}: {document['state']}"))


@group.command()
@click.argument("run_id")
@accept_option
@click.option("--wait", is_flag=True, help="Show progress until the end.")
@json_option
@translated
def resume(run_id: str, accept_code: bool, wait: bool, as_json: bool) -> int:
    """Go on with a run that was stopped, interrupted or failed."""
    return _after(_agreed(service.resume, run_named(run_id), accept_code, as_json), wait, as_json)


@group.command()
@click.argument("run_id")
@accept_option
@click.option("--wait", is_flag=True, help="Show progress until the end.")
@json_option
@translated
def retry(run_id: str, accept_code: bool, wait: bool, as_json: bool) -> int:
    """Compute the failed items of a run once more."""
    return _after(_agreed(service.retry, run_named(run_id), accept_code, as_json), wait, as_json)


@group.command()
@click.argument("run_ids", nargs=-1, metavar="RUN_ID...")
@click.option("--older-than", metavar="AGE", help="All ended runs older than this, as 30d or 12h.")
@click.option("--keep-result", is_flag=True, help="Keep result, figures and record.")
@json_option
@translated
def delete(
    run_ids: tuple[str, ...], older_than: str | None, keep_result: bool, as_json: bool
) -> None:
    """Delete runs, or everything of them but the result."""
    found = _older(older_than) if older_than else []
    # What cannot be brought back is named in full.
    names = list(dict.fromkeys([*run_ids, *found]))
    if not names and not older_than:
        raise ParameterError("Say which runs: RUN_ID ... or --older-than 30d.")
    for name in names:
        # All are looked at before the first one goes.
        service.may_delete(name, keep_result=keep_result)
    if found and not as_json and sys.stdin.isatty():
        click.echo("\n".join(found), err=True)
        click.confirm(f"Delete these {len(found)} runs?", abort=True, err=True)
    freed = {name: service.delete(name, keep_result=keep_result) for name in names}
    document = {"deleted": list(freed), "bytes": sum(freed.values())}
    emit(document, as_json, lambda: shown.print_deleted(document))


@group.command()
@json_option
@translated
def du(as_json: bool) -> None:
    """Show the disk space that runs take, the largest first."""
    sizes = {run.id: folder_bytes(run.folder) for run in service.runs()}
    document = {
        "folder": str(runs_home()),
        "bytes": sum(sizes.values()),
        "runs": [
            {"run_id": name, "bytes": size}
            for name, size in sorted(sizes.items(), key=lambda pair: -pair[1])
        ],
    }
    emit(document, as_json, lambda: shown.print_du(document))


def _readable(runs: Iterator[Run]) -> Iterator[tuple[Run, dict[str, Any]]]:
    """Yield runs with their documents; one that is damaged is told and hides no other."""
    for run in runs:
        try:
            yield run, run.describe()
        except DamagedResult as error:
            click.echo(error.message, err=True)
        except OSError as error:
            click.echo(f"{run.folder} cannot be read: {error}", err=True)


def _wait(run: Run, as_json: bool) -> int:
    try:
        document = follow(run, quiet=as_json)
    except KeyboardInterrupt:
        click.echo(
            f"\nRun {run.id} goes on. Stop it: workbench run stop {run.id}; "
            f"watch it again: workbench run wait {run.id}",
            err=True,
        )
        return 130
    recipe = registry.resolve(run.manifest.recipe)
    emit(document, as_json, lambda: shown.print_end(run, recipe, document))
    return EXIT.get(document["state"], 1)


def _agreed(go_on: Callable[..., Run], run_id: str, accept_code: bool, as_json: bool) -> Run:
    """Go on with a run; ask, where somebody can answer, when the recipe's code has changed."""
    try:
        return go_on(run_id, accept_code=accept_code)
    except Refused as error:
        if error.code != "code_changed" or as_json or not sys.stdin.isatty():
            raise
        click.echo(error.message, err=True)
        if not click.confirm("Go on with today's code?", err=True):
            raise
    return go_on(run_id, accept_code=True)


def _after(run: Run, wait: bool, as_json: bool) -> int:
    if said := service.lifetime(run):
        click.echo(said, err=True)
    if wait:
        return _wait(run, as_json)
    emit(run.describe(), as_json, lambda: shown.print_started(run))
    return 0


def _read_params(path: str | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ParameterError(f"--params {path}: there is no such file. Check the path.") from error
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ParameterError(f"--params {path} cannot be read as JSON: {error}") from error
    if not isinstance(found, dict):
        raise ParameterError(f"--params {path} must hold one JSON object: {{name: value, ...}}.")
    return found


def _pairs(pairs: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise ParameterError(f"--set {quoted(pair)} must read NAME=VALUE.")
        first = found.setdefault(name, value)
        if first != value:
            message = f"--set gives it twice, {quoted(first)} and {quoted(value)}: give it once."
            raise ParameterError.of([Problem(name, message)])
    return found


def _older(text: str) -> list[str]:
    match = AGE.match(text)
    if match is None:
        raise ParameterError(f"--older-than {quoted(text)} must read like 30d, 12h or 90m.")
    limit = int(match[1]) * AGE_S[match[2]]
    return [
        run.id
        for run, document in _readable(service.runs())
        if shown.age_s(document) > limit and not run.driven
    ]
