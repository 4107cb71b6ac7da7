"""The end of a run on a worker: summary, figures and audit, each unable to lose the result."""

from __future__ import annotations

import importlib
import json
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.errors import DamagedResult, RecipeError
from workbench.runs import result
from workbench.runs.checksum import FileRef
from workbench.runs.files import replace_bytes, replace_json
from workbench.runs.layout import WriteJob
from workbench.runs.reader import open_result
from workbench.runs.records import StageRecord, read_record
from workbench.runs.stages import Results
from workbench.worker.context import RunContext, WorkerContext
from workbench.worker.execute import told
from workbench.worker.pictures import SPEC, draw as draw_pictures

LOG = logging.getLogger(__name__)

URI_GRAMMAR = "rfc3987_syntax"


def prepare(run: RunContext, order: Mapping[str, Any]) -> dict[str, Any]:
    """Describe every array of the result; return the jobs that write them."""
    records = _records(run, order)
    attrs = {"run_id": run.manifest.run_id, "created": run.manifest.created}
    found = result.prepare_result(run.folder, run.recipe, records, attrs)
    return {
        "jobs": [job.to_dict() for job in found.jobs],
        "files": [file.to_dict() for file in found.files],
    }


def write(run: RunContext, order: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Write some shards of the result."""
    job = WriteJob.from_dict(order["job"])
    files = result.write_result(run.folder, run.recipe, _records(run, order), job)
    return [file.to_dict() for file in files]


def seal(run: RunContext, order: Mapping[str, Any]) -> bool:
    """Add what the recipe's ``finish`` says, and record that the result is complete."""
    records = _records(run, order)
    files = [FileRef.from_dict(file) for file in order["files"]]
    if run.recipe.finish is not None:
        said = _finished(run, records)
        files += result.add_summary(run.folder, run.recipe, records, said)
    result.seal(
        run.folder,
        run.recipe,
        records,
        files,
        run_id=run.manifest.run_id,
        items=order["items"],
    )
    result.sweep(run.folder, records)
    return True


def _finished(run: RunContext, records: list[StageRecord]) -> Mapping[str, Any]:
    """Call the recipe's ``finish``."""
    results = Results(run.folder, run.recipe, records)
    try:
        said: Any = run.recipe.finish(results, run.parameters) if run.recipe.finish else {}
    except (DamagedResult, OSError):
        raise
    except BaseException as error:
        raise RecipeError(f"finish of {run.recipe.id} failed: {told(error)}") from error
    if not isinstance(said, Mapping):
        said_type = type(said).__name__
        raise RecipeError(f"finish of {run.recipe.id} returned {said_type}, not {{output: value}}")
    return said


def show(run: RunContext, order: Mapping[str, Any]) -> list[str]:
    """Draw the figures and audit the result; return what went wrong, and the recipe's notes."""
    with open_result(run.folder) as dataset:
        wrong = [*draw(run, dataset), *audit(run, dataset, tuple(order["stages"]))]
        return [*noted(run, dataset), *wrong]


def _records(run: RunContext, order: Mapping[str, Any]) -> list[StageRecord]:
    return [read_record(run.folder, stage) for stage in order["stages"]]


def draw(run: RunContext, dataset: Any) -> list[str]:
    """Write the recipe's figures as Vega-Lite and SVG; return what went wrong."""
    if run.recipe.figures is None:
        return []
    folder = run.folder / "figures"
    _load_altair()
    try:
        charts = run.recipe.figures(dataset, run.parameters)
    except BaseException as error:
        LOG.exception("figures")
        return [f"The figures could not be drawn: {told(error)}"]
    problems, specs = [], []
    for name, chart in charts.items():
        try:
            specs.append(_written(folder / f"{name}{SPEC}", chart.to_dict()))
        except Exception as error:
            LOG.exception("figure %s", name)
            problems.append(f"Figure {name} could not be drawn: {told(error)}")
    return [*problems, *draw_pictures(specs)]


def audit(run: RunContext, dataset: Any, stages: tuple[str, ...]) -> list[str]:
    """Check a sample with the recipe's exact kernel: ``audit.json``; return what went wrong."""
    if run.recipe.audit is None:
        return []
    context = WorkerContext(run, run.recipe.stages[-1].name, stages, "audit", 0)
    try:
        found = _plain(dict(run.recipe.audit(dataset, run.parameters, context)))
    except BaseException as error:
        LOG.exception("audit")
        return [f"The audit failed: {told(error)}"]
    finally:
        context.close()
    replace_json(run.folder / "audit.json", found)
    return []


def noted(run: RunContext, dataset: Any) -> list[str]:
    """Return what the recipe says of the result, or what went wrong."""
    if run.recipe.notes is None:
        return []
    try:
        return [str(note) for note in run.recipe.notes(dataset, run.parameters)]
    except BaseException as error:
        LOG.exception("notes")
        return [f"The notes on the result failed: {told(error)}"]


def _load_altair() -> None:
    """Load Altair, which recipes draw with, in a fifth of its time.

    Its validator loads a grammar of URIs for more than a second where one is installed.  No chart
    needs it.
    """
    if "altair" in sys.modules or URI_GRAMMAR in sys.modules:
        return
    sys.modules[URI_GRAMMAR] = None  # type: ignore[assignment]
    try:
        importlib.import_module("altair")
    finally:
        del sys.modules[URI_GRAMMAR]


def _written(path: Path, spec: Mapping[str, Any]) -> Path:
    replace_bytes(path, json.dumps(_plain(spec)).encode())
    return path


def _plain(value: Any) -> Any:
    """Return JSON with null where a number is not finite, which JSON does not know."""
    return json.loads(json.dumps(value), parse_constant=lambda _: None)
