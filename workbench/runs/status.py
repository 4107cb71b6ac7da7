"""The state of a run as ``status.json`` holds it, and the document that front ends show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workbench.runs.driver_job import awaited
from workbench.runs.files import read_json, replace_json
from workbench.runs.lock import Holder, lost, read_lock
from workbench.runs.manifest import read_manifest

FINAL = ("stopped", "failed", "completed", "completed_with_failures")
DONE = ("completed", "completed_with_failures")


def empty_status(items: int) -> dict[str, Any]:
    """Return the status of a run that nobody drives yet."""
    return {
        "v": 1,
        "state": "queued",
        "items": {"total": items, "done": 0, "failed": 0, "not_run": items},
        "stages": [],
        "per_cluster": [],
        "error": None,
        "message": "",
        "ended": None,
        "bytes": 0,
    }


def write_status(folder: Path, status: Mapping[str, Any]) -> None:
    """Replace ``status.json``."""
    replace_json(folder / "status.json", status)


def read_status(folder: Path) -> dict[str, Any]:
    """Read ``status.json`` as the driver left it; a run without one is queued."""
    found: dict[str, Any] | None = read_json(folder / "status.json")
    return found if found is not None else empty_status(0)


def describe(folder: Path) -> dict[str, Any]:
    """Return what ``run show --json`` prints, without ``verify``.

    A run whose driver is gone, while its last word was not final, is ``interrupted``; one whose
    next driver is a job that waits to start is ``queued``.
    """
    manifest = read_manifest(folder)
    # Before the lock: a driver that takes the run in between is seen in that.
    job = awaited(folder)
    status = read_status(folder)
    job = None if status["state"] in FINAL else job
    holder = read_lock(folder)
    state = "queued" if job else status["state"]
    if job is None and _lost(folder, status, holder):
        # Its last word may have come after the first look.
        status = read_status(folder)
        state = "interrupted" if _lost(folder, status, holder) else status["state"]
    done = state in DONE and (folder / "result.json").exists()
    return {
        "run_id": manifest.run_id,
        "recipe": manifest.recipe,
        "version": manifest.version,
        "state": state,
        "folder": str(folder),
        "result": str(folder / "result.zarr") if done else None,
        "created": manifest.created,
        "ended": status["ended"],
        "items": status["items"],
        "clusters": list(manifest.clusters),
        "per_cluster": status.get("per_cluster", []),
        "bytes": status["bytes"],
        "driver": _driver(holder, state),
        "driver_job": asdict(job) if job else None,
        "error": status["error"],
        "message": f"its driver waits to start: {job}" if job else status["message"],
        "notes": status.get("notes", []),
        "stages": status["stages"],
        "left_s": status.get("left_s"),
        "workers": status.get("workers", 0),
    }


def _lost(folder: Path, status: Mapping[str, Any], holder: Holder | None) -> bool:
    if status["state"] in FINAL or holder is None or not lost(folder, holder):
        return False
    # A run that was asked to go on waits for its next driver: the last one's end is no news.
    return status["state"] != "queued" or holder.epoch > int(status.get("after_epoch", 0))


def _driver(holder: Holder | None, state: str) -> dict[str, Any] | None:
    if holder is None or state in FINAL:
        return None
    return {
        "host": holder.host,
        "pid": holder.pid,
        "epoch": holder.epoch,
        "job_id": holder.job_id,
    }
