"""A request as a form holds it: all that is wrong at once, the job script, the likely start."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import datetime
from typing import Any

from workbench.clusters.folder import ClusterFolder
from workbench.clusters.handle import request, script_of
from workbench.clusters.jobs import job_name
from workbench.clusters.login import fit_login_node
from workbench.clusters.place import JobPartition, check_place
from workbench.clusters.spec import ClusterSpec
from workbench.errors import ParameterError, Problem, Refused
from workbench.pool.estimate import test_only
from workbench.pool.seen import Refusal, StartEstimate
from workbench.resources import this_computer

# What problems are named after on the command line, and the keywords of a request.
KEYWORDS = {"time": "time_limit_s", "idle_timeout": "idle_timeout_s"}
ANY_NAME = "draft"


def look(name: str, **asked: Any) -> tuple[ClusterSpec, list[Problem]]:
    """Return a request, and everything that speaks against it, under the names of its keywords.

    Where values are none, the rest is looked up without them.
    """
    problems: list[Problem] = []
    if asked.get("workers") is not None and asked.get("between") is not None:
        problems.append(Problem("workers", "Give the size once: a number, or from and to."))
        asked = {**asked, "between": None}
    try:
        spec = request(name, **asked)
    except ParameterError as error:
        problems += _renamed(error)
        wrong = {problem.parameter for problem in problems}
        kept = {keyword: value for keyword, value in asked.items() if keyword not in wrong}
        spec = request(ANY_NAME if "name" in wrong else name, **kept)
    try:
        check_place(spec, ClusterFolder.of(spec.name).path)
        fit_login_node(spec)
    except (ParameterError, Refused) as error:
        problems += _renamed(error) or [Problem("partition", error.message)]
    return spec, problems


def script(name: str, **asked: Any) -> dict[str, Any]:
    """Return what a request means; nothing is submitted.

    Returns
    -------
    dict
        ``{problems, script, jobs, workers_per_job}``, and of this computer ``local``:
        ``{workers, memory_bytes, warnings}``, the most workers, what each has, and where that
        is more than there is.
    """
    spec, problems = look(name, **asked)
    found: dict[str, Any] = {"problems": [asdict(one) for one in problems], "local": None}
    if problems or spec.local:
        local = None if problems else _local(spec)
        return {**found, "script": None, "jobs": 0, "workers_per_job": 1, "local": local}
    per_job = _place(spec).workers_per_job
    jobs = -(-(spec.maximum or 1) // per_job)
    return {**found, "script": script_of(spec), "jobs": jobs, "workers_per_job": per_job}


def _local(spec: ClusterSpec) -> dict[str, Any]:
    """Return what the workers of a request get of this computer as it is now."""
    here = this_computer()
    there = spec.resolved(here)
    workers, memory = there.maximum or 1, there.memory_bytes or 0
    warnings = here.warnings(workers, memory)
    return {"workers": workers, "memory_bytes": memory, "warnings": warnings}


def estimate(name: str, **asked: Any) -> dict[str, Any]:
    """Return ``{problems, start}``: when the first job would start, by the scheduler's own word."""
    spec, problems = look(name, **asked)
    start = None if problems or spec.local else _start(spec)
    return {"problems": [asdict(one) for one in problems], "start": start}


def _start(spec: ClusterSpec) -> dict[str, Any] | None:
    place = _place(spec)
    # Which job it is makes no difference: the same question is asked once in half a minute.
    job = place.request(job_name(place.folder.with_name(ANY_NAME), 1))
    command = place.scheduler.estimate_command(job)
    answer = test_only(place.scheduler, job, wait=True)
    if command is None or answer is None:
        return None
    found: dict[str, Any] = {
        "title": place.scheduler.title,
        "source": " ".join(command[:2]),
        "words": answer.words,
    }
    if isinstance(answer, Refusal):
        # Why it would be refused holds until somebody changes it: no age is told.
        return {**found, "at": None, "refused": answer.plain, "collected": None, "age_s": None}
    return {**found, "at": answer.at, "refused": answer.why_not or None, **_age(answer)}


def _age(answer: StartEstimate) -> dict[str, Any]:
    age_s = time.time() - datetime.fromisoformat(answer.collected).timestamp()
    return {"collected": answer.collected, "age_s": round(max(0.0, age_s), 3)}


def _place(spec: ClusterSpec) -> JobPartition:
    return JobPartition.of(spec, ClusterFolder.of(spec.name).path)


def _renamed(error: ParameterError | Refused) -> list[Problem]:
    return [Problem(KEYWORDS.get(p.parameter, p.parameter), p.message) for p in error.fields]
