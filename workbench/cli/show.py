"""What ``workbench run`` prints for people."""

from __future__ import annotations

import sys
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import click
from rich import box
from rich.console import Console
from rich.table import Table

from workbench import registry
from workbench.cli.output import NOT_SET
from workbench.errors import Refused, WorkbenchError
from workbench.recipe import Recipe
from workbench.room import spoken
from workbench.runs.files import replacing
from workbench.runs.folder import runs_home
from workbench.runs.handle import Run
from workbench.runs.items import item_name
from workbench.runs.scripts import LOCAL
from workbench.runs.table import ResultTable

ROWS = 10
CSV_ROWS = 10_000
FAILURES = 10
PIPE_WIDTH = 120
GAP = 3
WIDTH = 11
# What a narrow list of runs leaves out first.
LEAST = ("created", "size")
COLOURS = {"completed": "green", "failed": "red", "interrupted": "red", "running": "blue"}


def words(document: dict[str, Any]) -> str:
    """Return the state of a run as a sentence's end."""
    items = document["items"]
    if document["state"] == "completed_with_failures":
        return f"Finished, {items['failed']:,} of {items['total']:,} failed"
    if document["state"] == "completed":
        return f"Finished, {items['done']:,} of {items['total']:,} items"
    return str(document["state"]).capitalize()


def age_s(document: dict[str, Any]) -> float:
    """Return the seconds since a run ended, or was submitted when it did not."""
    then = datetime.fromisoformat(document["ended"] or document["created"])
    return (datetime.now(UTC) - then).total_seconds()


def print_started(run: Run) -> None:
    """Say that a run goes on by itself, and how to follow it."""
    click.echo(f"Run {run.id} is under way.")
    if run.folder.parent != runs_home():
        click.echo(f"  it lies in {run.folder}")
    click.echo(f"  watch it   workbench run wait {run.id}")
    click.echo(f"  stop it    workbench run stop {run.id}")


def print_list(page: dict[str, Any]) -> None:
    """Print a table of runs."""
    if not page["runs"]:
        click.echo("No run yet. Try: workbench run start proteins.search --example globins --wait")
        return
    runs, out = page["runs"], console()
    cells = {
        "run": [run["run_id"] for run in runs],
        "recipe": [run["recipe"] for run in runs],
        "state": [words(run) for run in runs],
        "created": [run["created"][:16].replace("T", " ") for run in runs],
        "size": [spoken(run["bytes"]) for run in runs],
    }
    shown = _in_room(cells, out.width)
    table = _table(*shown, wraps="state")
    for row in zip(*(cells[name] for name in shown), strict=True):
        table.add_row(*row)
    out.print(table)
    if page["next"]:
        click.echo(f"More: workbench run list --after {page['next']}")


def print_run(run: Run, document: dict[str, Any]) -> None:
    """Print one run."""
    state = document["state"]
    click.secho(f"{run.id}  {words(document)}", fg=COLOURS.get(state), bold=True)
    if document["message"]:
        click.echo(f"  {document['message']}")
    manifest = run.manifest
    lines = {
        "recipe": f"{manifest.recipe} {manifest.version} ({manifest.pack})",
        "created": f"{document['created']}, on {_places(document['clusters'])}",
    }
    if document["driver"]:
        lines["driver"] = driver_words(document["driver"])
    given = {
        name: manifest.inputs[name].path if name in manifest.inputs else value
        for name, value in manifest.parameters.items()
    }
    width = max(WIDTH, *map(len, given)) if given else WIDTH
    for name, value in (*lines.items(), *given.items()):
        click.echo(f"  {name:<{width}} {NOT_SET if value is None else value}")
    for stage in document["stages"]:
        failed = f", {stage['tasks_failed']:,} failed" if stage["tasks_failed"] else ""
        done = f"{stage['tasks_done']:,} of {stage['tasks']:,} tasks done"
        click.echo(f"  stage {stage['name']}: {done}{failed}")
    if len(document["per_cluster"]) > 1:
        for cluster in document["per_cluster"]:
            problem = f" ({cluster['problem']})" if cluster["problem"] else ""
            click.echo(f"  cluster {cluster['name']}: {cluster_words(cluster)}{problem}")
    click.echo(f"  {'folder':<{width}} {document['folder']} ({spoken(document['bytes'])})")
    if document["result"]:
        click.echo(f"  {'result':<{width}} {document['result']}")
    print_failures(run, document)
    print_notes(document)
    for problem in document.get("verify", {}).get("problems", ()):
        click.secho(f"  damaged: {problem['file']}: {problem['message']}", fg="red")
    if document.get("verify", {}).get("sound"):
        text = "every byte is as it was written"
        if not document["result"]:
            text = "no result yet; what there is so far is as it was written"
        click.secho(f"  {text}", fg="green")
    hint = _next_step(run, state)
    if hint:
        click.echo(f"  next: {hint}")


def _places(clusters: list[str]) -> str:
    return ", ".join("this computer" if name == LOCAL else name for name in clusters)


def driver_words(driver: dict[str, Any]) -> str:
    """Return where a driver is."""
    if driver["job_id"]:
        return f"in job {driver['job_id']} on {driver['host']}"
    return f"process {driver['pid']} on {driver['host']}"


def cluster_words(cluster: dict[str, Any]) -> str:
    """Return what one of several clusters has to do with a run."""
    workers = cluster["workers"]
    said = [f"{workers} worker{'' if workers == 1 else 's'}"] if workers else []
    said.append(f"{cluster['tasks_done']:,} done")
    if workers and cluster["rate"]:
        said.append(f"{cluster['rate']:.3g} a second")
    return ", ".join(said)


def print_failures(run: Run, document: dict[str, Any]) -> None:
    """Print the failed items, the first ten."""
    if not document["items"]["failed"]:
        return
    failures = run.failures()
    shown = failures[:FAILURES]
    for entry, items in zip(shown, _item_names(run, shown), strict=True):
        message = entry["message"]
        who = "" if message.startswith(items) else f" of {items}"
        click.secho(f"  failed: {entry['stage']}{who}: {message}", fg="red")
    if len(failures) > FAILURES:
        click.echo(f"  and {len(failures) - FAILURES:,} more")


def _item_names(run: Run, failures: list[dict[str, Any]]) -> list[str]:
    """Return what people call the failed items of each entry, five at most."""
    try:
        recipe = registry.resolve(run.manifest.recipe)
        with run.open(partial=True) as dataset:
            return [
                ", ".join(item_name(dataset, recipe.stage(one["stage"]), i) for i in _first(one))
                for one in failures
            ]
    except (WorkbenchError, OSError, LookupError):
        # The recipe is not installed, or what is there does not fit it: the failures still count.
        return ["item " + ", ".join(map(str, _first(one))) for one in failures]


def _first(failure: dict[str, Any]) -> list[int]:
    found: list[int] = failure["items"][:5]
    return found


def print_notes(document: dict[str, Any]) -> None:
    """Say what the recipe has to say, and what went wrong beside the result: figures, audit."""
    for note in document["notes"]:
        click.secho(f"  {note}", fg="yellow")


def print_end(run: Run, recipe: Recipe[Any], document: dict[str, Any]) -> None:
    """Print what a run found: table, figures, where it lies, what to do next."""
    if document["result"] is None:
        print_run(run, document)
        return
    print_top(run, recipe, run.open())
    click.secho(f"\n{words(document)}", bold=True)
    print_failures(run, document)
    print_notes(document)
    for path in sorted((run.folder / "figures").glob("*.svg")):
        click.echo(f"  figure   {path}")
    click.echo(f"  result   {document['result']}")
    click.echo(
        "  next     " + (_next_step(run, document["state"]) or f"workbench run open {run.id}")
    )
    click.echo(f'           python: workbench.open_run("{run.id}").open()')


def print_result(run: Run, dataset: Any) -> None:
    """Print path and summary of a result."""
    recipe = registry.resolve(run.manifest.recipe)
    click.echo(str(run.folder / "result.zarr"))
    click.echo(str(dataset))
    print_top(run, recipe, dataset)
    for path in sorted((run.folder / "figures").glob("*")):
        click.echo(str(path))


def write_csv(run: Run, dataset: Any, path: Path) -> None:
    """Write the table that the recipe shows first; a file that is there is kept."""
    if path.exists():
        raise Refused(f"{path} is there already: name a new file, or remove that one first.")
    table = ResultTable(registry.resolve(run.manifest.recipe), dataset)
    try:
        with replacing(path) as file:
            for offset in range(0, max(1, table.total), CSV_ROWS):
                file.write(table.csv(None, offset, CSV_ROWS).encode())
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        raise Refused(f"{path} cannot be written: {error.strerror}.") from error
    click.echo(f"{path}: {table.total:,} rows", err=True)


def print_top(run: Run, recipe: Recipe[Any], dataset: Any) -> None:
    """Print the first rows of the table that the recipe shows first."""
    page = ResultTable(recipe, dataset).page(limit=ROWS)
    columns = page["columns"]
    if not columns:
        return
    cells = {c["name"]: [_cell(row[n]) for row in page["rows"]] for n, c in enumerate(columns)}
    out = console()
    shown = _fitting(cells, out.width)
    numbers = {c["name"] for c in columns if c["kind"] in ("number", "integer")}
    table = _table(*shown, numbers=numbers)
    units = [c["unit"] for c in columns[: len(shown)]]
    if set(units) != {"1"}:
        for column, name, unit in zip(table.columns, shown, units, strict=True):
            column.header = f"{name}\n{unit if unit != '1' else ''}"
    for row in zip(*(cells[name] for name in shown), strict=True):
        table.add_row(*row)
    out.print(table)
    left = f", {len(cells) - len(shown)} more columns" if len(cells) > len(shown) else ""
    if page["total"] > ROWS or left:
        shown_rows = len(page["rows"])
        out.print(f"{shown_rows} of {page['total']:,} rows{left}", highlight=False)
        out.print(f"All of them: workbench run open {run.id} --csv FILE", highlight=False)


def _in_room(cells: dict[str, list[str]], width: int) -> list[str]:
    """Return the columns of the list of runs for this width: none is cut, some may be left out.

    An id tells the time, and ``run du`` the size.
    """
    shown = list(cells)
    for name in LEAST:
        if sum(max(map(len, [name, *cells[name]])) + GAP for name in shown) <= width:
            break
        shown.remove(name)
    return shown


def _fitting(cells: dict[str, list[str]], width: int) -> list[str]:
    """Return the first columns that fit side by side, none of them cut."""
    shown: list[str] = []
    width -= 1
    for name, texts in cells.items():
        width -= max(len(text) for text in [name, *texts]) + GAP
        if width < 0 and shown:
            break
        shown.append(name)
    return shown


def print_deleted(document: dict[str, Any]) -> None:
    """Say what was deleted."""
    for name in document["deleted"]:
        click.echo(f"  {name}")
    n = len(document["deleted"])
    click.echo(f"Deleted {n} run{'' if n == 1 else 's'}, {spoken(document['bytes'])} freed.")


def print_du(document: dict[str, Any]) -> None:
    """Print the space that runs take."""
    for run in document["runs"]:
        click.echo(f"{spoken(run['bytes']):>10}  {run['run_id']}")
    click.echo(f"{spoken(document['bytes']):>10}  in all, below {document['folder']}")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _next_step(run: Run, state: str) -> str:
    if state in ("stopped", "interrupted", "failed"):
        return f"workbench run resume {run.id}"
    if state == "completed_with_failures":
        return f"workbench run retry {run.id}"
    return f"workbench run open {run.id}" if state == "completed" else ""


def console() -> Console:
    """Return where tables go; a file or pipe is as wide as it needs to be."""
    return Console() if sys.stdout.isatty() else Console(width=PIPE_WIDTH)


def _table(*columns: str, wraps: str = "", numbers: Collection[str] = ()) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for name in columns:
        justify: Literal["left", "right"] = "right" if name in numbers else "left"
        table.add_column(name, overflow="fold", no_wrap=name != wraps, justify=justify)
    return table
