"""What workers do besides kernels: fold parts, combine, write the result, draw the figures."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from workbench.errors import WorkbenchError
from workbench.room import no_room
from workbench.runs.combine import CombineJob, run_combine
from workbench.runs.compact import compact
from workbench.runs.parts import PartRef
from workbench.runs.records import read_record
from workbench.worker.context import RunContext, WorkerContext, run_context
from workbench.worker.execute import told


def run_job(order: Mapping[str, Any]) -> dict[str, Any]:
    """Do one job of a run.

    Returns
    -------
    dict
        ``{"value": ...}``, or ``{"no_room": message}``, or ``{"fatal": {code, message}}``.
    """
    try:
        return {"value": _JOBS[order["kind"]](run_context(str(order["folder"])), order)}
    except WorkbenchError as error:
        return {"fatal": {"code": error.code, "message": error.message}}
    except OSError as error:
        if not no_room(error):
            raise
        return {"no_room": f"{error.strerror}: {error.filename or order['folder']}"}
    except Exception:
        raise
    except BaseException as error:
        # Dask takes what is no Exception for its own end, and never answers.
        raise RuntimeError(told(error)) from None


def _compact(run: RunContext, order: Mapping[str, Any]) -> dict[str, Any]:
    refs = [PartRef.from_dict(ref) for ref in order["parts"]]
    return compact(run.folder, refs, order["name"]).to_dict()


def _combine(run: RunContext, order: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Combine some groups of a stage whose record holds its parts, but not its groups yet."""
    job = CombineJob.from_dict(order["job"])
    record = read_record(run.folder, job.stage)
    plan = run.plan(job.stage, record.plan.to_dict())
    context = WorkerContext(run, job.stage, tuple(order["before"]), order["version"], 0)
    try:
        found = run_combine(
            run.folder,
            run.recipe,
            plan,
            record.parts,
            job,
            run.parameters,
            context,
            file=order["file"],
            chunks=[PartRef.from_dict(ref) for ref in order["chunks"]],
        )
    finally:
        context.close()
    return [ref.to_dict() for ref in found]


def _finishing(run: RunContext, order: Mapping[str, Any]) -> Any:
    """Do what needs zarr and xarray, which the driver, importing this module, must not load."""
    finish = importlib.import_module("workbench.worker.finish")
    return getattr(finish, order["kind"])(run, order)


_JOBS: dict[str, Callable[[RunContext, Mapping[str, Any]], Any]] = {
    "combine": _combine,
    "compact": _compact,
    "prepare": _finishing,
    "write": _finishing,
    "seal": _finishing,
    "show": _finishing,
}
