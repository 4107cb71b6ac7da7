"""The status of a cluster as ``status.json`` holds it, and one in place of a damaged one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.clusters.spec import ClusterSpec
from workbench.runs.lock import now

LIVING = ("starting", "running", "stopping")
STATES = (*LIVING, "stopped", "failed")
NOBODY = {"host": "", "boot_id": "", "pid": 0, "start_ticks": 0}
UNKNOWN = "unknown"


def first_status(
    folder: Path, spec: ClusterSpec, generation: int, who: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the status of a process that has just been started.

    Parameters
    ----------
    folder
        The cluster's folder.
    spec
        With numbers for what was left out.
    who
        What is known of the process, see :func:`workbench.process.identity`.
    """
    return {
        "v": 1,
        "name": folder.name,
        "state": "starting",
        "partition": spec.partition,
        "accelerator": spec.accelerator,
        "folder": str(folder),
        "generation": generation,
        "workers": {
            "asked": spec.minimum,
            "min": spec.minimum,
            "max": spec.maximum,
            "connected": 0,
        },
        "worker_processes": [],
        "jobs": [],
        "memory_bytes": spec.memory_bytes,
        "warnings": [],
        "problem": "",
        "own_job": None,
        "reason": "",
        "runs": [],
        "idle_ends": None,
        "answered": {},
        "started": now(),
        "renewed": now(),
        **who,
    }


MODEL = first_status(Path(), ClusterSpec(name="a", minimum=1, maximum=1), 1, NOBODY)
KINDS = {name: type(value) for name, value in MODEL.items() if value is not None}


def is_status(found: Any) -> bool:
    """Say whether a parsed ``status.json`` is one that a cluster's process or its starter wrote."""
    return (
        isinstance(found, dict)
        and found.keys() >= MODEL.keys()
        and all(isinstance(found[name], kind) for name, kind in KINDS.items())
        and found["state"] in STATES
        and all(isinstance(found["workers"].get(name), int) for name in MODEL["workers"])
        and all(map(_is_job, found["jobs"]))
        and all(isinstance(one, dict) for one in found["worker_processes"])
        and all(isinstance(one, str) for one in (*found["warnings"], *found["runs"]))
        and (found["own_job"] is None or _is_own_job(found["own_job"]))
        and isinstance(found["idle_ends"], str | None)
    )


def _is_job(found: Any) -> bool:
    return (
        isinstance(found, dict)
        and found.keys() >= {"job_id", "reason", "log_tail"}
        and all(isinstance(found.get(name), str) for name in ("name", "state"))
    )


def _is_own_job(found: Any) -> bool:
    return (
        isinstance(found, dict)
        and "job_id" in found
        and isinstance(found.get("name"), str)
        and isinstance(found.get("asked"), int | float)
    )


def made_up(folder: Path, spec: ClusterSpec | None) -> dict[str, Any]:
    """Return a status in place of one that was damaged from outside.

    Parameters
    ----------
    spec
        What the cluster was asked to be; None where that is damaged, too.
    """
    known = spec or ClusterSpec(name=folder.name, partition=UNKNOWN)
    status = first_status(folder, known.resolved_to(), _last_generation(folder), NOBODY)
    again = "" if spec else " with --partition and the other options that it had"
    reason = (
        f"{folder / 'status.json'} was damaged. If the cluster still runs, it writes the file anew "
        f"within seconds; if not, start it again: workbench cluster start {folder.name}{again}"
    )
    return {**status, "state": "failed", "reason": reason, "damaged": True}


def _last_generation(folder: Path) -> int:
    """Return the last generation that somebody claimed to start."""
    names = [file.name for file in (folder / "starts").glob("*") if file.name.isdigit()]
    return max(map(int, names), default=0)


def with_damage(status: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return a status that also says that the cluster's request was damaged."""
    said = (
        f"{folder / 'spec.json'} was damaged: what the cluster was asked to be is taken from its "
        "status. Stop it and start it with its options to have its time limits as they were: "
        f"workbench cluster stop {folder.name}"
    )
    return {**status, "warnings": [*status["warnings"], said], "request_damaged": said}
