"""The state of a run as ``status.json`` holds it, and the document that front ends show."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workbench.room import free_bytes, little_room, waits_words
from workbench.runs.checksum import read_sealed
from workbench.runs.driver_job import DriverJob, awaited
from workbench.runs.files import read_json, replace_json
from workbench.runs.lock import Holder, lost, read_lock, silent_s
from workbench.runs.manifest import read_manifest

STATES = (
    "queued",
    "starting",
    "running",
    "waiting",
    "stopping",
    "stopped",
    "failed",
    "completed",
    "completed_with_failures",
)
FINAL = ("stopped", "failed", "completed", "completed_with_failures")
DONE = ("completed", "completed_with_failures")
STATUS_BYTES = 2**16
# How long a driver may take from being started to holding its run.
UNBORN_S = 30.0


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
    """Read ``status.json`` as the driver left it; a run without one is queued.

    It only repeats what manifest, journal and result hold.  One that was damaged from outside is
    made up of those, so that the run can be shown, resumed and deleted.
    """
    try:
        found = read_json(folder / "status.json")
    except ValueError:
        found = ()
    if found is None:
        return empty_status(0)
    return found if _is_status(found) else _made_up(folder)


def _is_status(found: Any) -> bool:
    kinds = {"state": str, "items": dict, "stages": list, "message": str, "bytes": int}
    if not isinstance(found, dict) or not {"error", "ended", *kinds} <= found.keys():
        return False
    counts = found["items"]
    return (
        all(isinstance(found[name], kind) for name, kind in kinds.items())
        and isinstance(found.get("after_epoch", 0), int)
        and isinstance(found["ended"], str | None)
        and isinstance(found["error"], dict | None)
        and isinstance(found.get("left_s"), int | float | None)
        and isinstance(found.get("workers", 0), int)
        and all(isinstance(one, str) for one in _list(found, "notes"))
        and all(isinstance(one, dict) for one in _list(found, "per_cluster"))
        and all(isinstance(one, dict) for one in found["stages"])
        and found["state"] in STATES
        and all(isinstance(counts.get(name), int) for name in empty_status(0)["items"])
    )


def _list(found: Mapping[str, Any], name: str) -> list[Any]:
    """Return a list that need not be there; what is none, in one that is refused."""
    value = found.get(name, [])
    return value if isinstance(value, list) else [None]


def _made_up(folder: Path) -> dict[str, Any]:
    """Return a status in place of one that cannot be read."""
    manifest = read_json(folder / "manifest.json") or {}
    status = empty_status(manifest.get("items", 0))
    sealed = read_sealed(folder, "result.json")
    if sealed is None:
        message = f"{folder / 'status.json'} was damaged. What is finished is not lost."
        state = "stopped" if read_lock(folder) is None else "running"
        return {**status, "state": state, "message": message}
    items = sealed["items"]
    whole = not (items["failed"] or items["not_run"])
    return {**status, "items": items, "state": DONE[0] if whole else DONE[1]}


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
        "message": _message(folder, state, status, job) or _held_up(folder, state),
        "notes": status.get("notes", []),
        "stages": status["stages"],
        "left_s": status.get("left_s"),
        "workers": status.get("workers", 0),
    }


def _message(folder: Path, state: str, status: Mapping[str, Any], job: DriverJob | None) -> str:
    """Return what there is to say; what a driver said that is gone does not hold any more."""
    if job is not None:
        return f"its driver waits to start: {job}"
    if state != "interrupted":
        return str(status["message"])
    if status["state"] == "queued":
        return f"No driver has taken it up; the end of {folder / 'log'} may say why."
    return ""


def _held_up(folder: Path, state: str) -> str:
    """Say that the disk is full where the driver has not even the room to write that."""
    if state in (*FINAL, "interrupted") or free_bytes(folder) > STATUS_BYTES:
        return ""
    return waits_words(folder, "nothing can be written")


def _lost(folder: Path, status: Mapping[str, Any], holder: Holder | None) -> bool:
    if status["state"] in FINAL:
        return False
    # A run that was asked to go on waits for its next driver: the last one's end is no news.
    if status["state"] == "queued" and (
        holder is None or holder.epoch <= int(status.get("after_epoch", 0))
    ):
        return _unborn(folder)
    return holder is not None and lost(folder, holder)


def _unborn(folder: Path) -> bool:
    """Say whether the driver that a run was given has had time to begin, and has not."""
    if little_room(folder):
        # It may stand before the full disk.
        return False
    for name in ("status.json", "manifest.json"):
        with contextlib.suppress(FileNotFoundError):
            return silent_s(folder / name) > UNBORN_S
    return False


def _driver(holder: Holder | None, state: str) -> dict[str, Any] | None:
    if holder is None or state in FINAL:
        return None
    return {
        "host": holder.host,
        "pid": holder.pid,
        "epoch": holder.epoch,
        "job_id": holder.job_id,
    }
