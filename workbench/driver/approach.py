"""When a cluster is started again, and what is said of one that cannot be used: pure decisions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from workbench.clusters.cluster import KILLED
from workbench.clusters.folder import ON_REQUEST

LONGEST_S = 60.0
TRIES = 3

# Refusals that may be over in a moment, by themselves.
PASSING = ("busy", "no_space", "not_running", "timeout", "unreachable")


class Pauses:
    """When a cluster may be started again: at once, then after pauses that grow to a minute.

    Attributes
    ----------
    count
        Starts since the cluster last ran for a minute.
    """

    def __init__(self) -> None:
        self.count = 0
        self._last = -math.inf

    def due(self, clock: float) -> bool:
        """Say whether to start it now; that then counts as done."""
        pause = min(LONGEST_S, 2.0 ** (self.count - 1)) if self.count else 0.0
        if clock - self._last < pause:
            return False
        self.count += 1
        self._last = clock
        return True

    def lasted(self, clock: float) -> None:
        """Note that it runs."""
        if clock - self._last > LONGEST_S:
            self.count = 0


def step(status: Mapping[str, Any] | None) -> Literal["connect", "wait", "leave", "start"]:
    """Say what is to be done to have a connection to a cluster that has this status."""
    if status is None:
        return "start"
    if status["state"] == "running":
        return "connect"
    if status["state"] == "starting":
        return "wait"
    return "leave" if status["reason"] == ON_REQUEST else "start"


def starting(status: Mapping[str, Any] | None) -> str:
    """Say that a cluster is starting, and what holds that up."""
    if status is None:
        return ""
    problem = f": {status['problem']}" if status.get("problem") else ""
    return f"cluster {status['name']} is starting{problem}"


def without_worker(status: Mapping[str, Any]) -> str:
    """Say why a running cluster has no worker, in its own words or those of its jobs."""
    said = f"cluster {status['name']} has no worker yet"
    if status.get("problem"):
        return f"{said}: {status['problem']}"
    for state in ("failed", "starting", "pending", "submitted"):
        jobs = [job for job in status["jobs"] if job["state"] == state]
        if jobs:
            why = (jobs[0]["plain"] or jobs[0]["reason"] or "").removesuffix(".")
            expected = jobs[0].get("start") if state == "pending" else None
            start = f", expected to start at {expected}" if expected else ""
            number = f"{len(jobs)} job{'s' if len(jobs) > 1 else ''} {state}"
            return f"{said}: {number}{f' ({why})' if why else ''}{start}"
    return said


def gave_up(status: Mapping[str, Any]) -> bool:
    """Say whether a cluster ended by itself because it cannot be, not because it was killed."""
    if status["state"] != "failed" or status.get("damaged"):
        return False
    return bool(status["reason"] and status["reason"] != KILLED)


def not_running(status: Mapping[str, Any]) -> str:
    """Say what a cluster is that does not run, and why."""
    reason = f" ({status['reason']})" if status["reason"] else ""
    return f"cluster {status['name']} is {status['state']}{reason}"
