"""Findings from a cluster's status: what its jobs say, and why no worker of theirs is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workbench.doctor.findings import Finding, bad, good, warning

CLUSTER, JOB = "cluster", "job"
LINES = 4
# (words in a job's log, what they mean and what to do)
CAUSES = (
    (
        "No module named",
        "The Python that the jobs start lacks the workbench, or a package of it: install the same "
        "environment for nodes, or name one as 'python' in the site file",
    ),
    (
        "has to lie on a file system",
        "Set WORKBENCH_HOME to a folder on a file system that all nodes see",
    ),
    (
        "has no such interface",
        "Set 'interface' in the site file to one that login and compute nodes both have",
    ),
    (
        "cannot be reached from here",
        "Nodes do not reach this host on that address: set 'interface' in the site file to another "
        "one, or have the site open high ports between nodes and this host",
    ),
    (
        "this job may use",
        "The job was given fewer cards than asked: correct 'request' of that card in the site file",
    ),
    (
        "module: command not found",
        "Jobs know no command module: source its start file in 'prologue' of the site file",
    ),
    (
        "Unable to locate a modulefile",
        "Correct 'modules' in the site file: module avail, on a node, lists them",
    ),
    (
        "No such file or directory",
        "What the log names is not there on the node: set WORKBENCH_HOME, or 'python' in the site "
        "file, to a place on a file system that all nodes see",
    ),
)


def status_findings(status: Mapping[str, Any]) -> Iterator[Finding]:
    """Judge a cluster by its own status."""
    name, workers, state = status["name"], status["workers"], status["state"]
    size = f"{workers['connected']} of {workers['asked']} workers connected"
    if state in ("stopped", "failed", "stopping"):
        reason = f": {status['reason']}" if status["reason"] else ""
        yield bad(
            CLUSTER,
            f"{name} is {state}{reason}; its nodes cannot be looked at",
            f"workbench cluster start {name}, and see workbench cluster logs {name}",
        )
    elif status["problem"]:
        again = f"workbench cluster scale {name} {max(1, workers['max'])}"
        fix = f"Remove the cause, which its jobs may tell below; then, to try at once: {again}"
        yield bad(CLUSTER, f"{name} ({size}): {status['problem']}", fix)
    elif status["own_job"] is not None and not status["pid"]:
        job = status["own_job"]["job_id"] or status["own_job"]["name"]
        said = f"{name} is starting: its own process is job {job}, which has not begun"
        yield warning(CLUSTER, said, "workbench pool show tells why jobs wait; try again later")
    elif workers["connected"]:
        yield good(CLUSTER, f"{name} is {state}, {size}")
    elif not workers["asked"]:
        said = f"{name} is {state} and has no worker, since no work asks for one"
        yield warning(CLUSTER, said, f"For this check: workbench cluster scale {name} 1")
    else:
        said = f"{name} is {state}, {size}: no node can be looked at"
        yield warning(CLUSTER, said, "What its jobs say follows; try again when one is connected")
    for warned in status["warnings"]:
        yield warning(CLUSTER, warned, f"workbench cluster scale {name} N, with fewer workers")
    yield from job_findings(status)


def job_findings(status: Mapping[str, Any]) -> Iterator[Finding]:
    """Judge the jobs of a cluster; ended ones count less where others are connected."""
    well = status["workers"]["connected"] > 0
    connected = [job["job_id"] for job in status["jobs"] if job["state"] == "connected"]
    if connected:
        yield good(JOB, f"connected: {', '.join(connected)}")
    for job in status["jobs"]:
        if job["state"] == "failed":
            judge = warning if well else bad
            yield judge(JOB, _said(job), _cause(job) or f"See all of its log: {_logs(status, job)}")
        elif job["state"] == "starting" and job["log_tail"]:
            yield bad(JOB, _said(job), _cause(job) or f"See all of its log: {_logs(status, job)}")
        elif job["state"] in ("pending", "submitted", "starting"):
            fix = "workbench pool show tells where cards are free and when jobs would start"
            yield warning(JOB, _said(job), fix)


def _said(job: Mapping[str, Any]) -> str:
    said = f"{job['job_id'] or job['name']} is {job['state']}"
    if job["exit"]:
        said += f" (exit {job['exit']})"
    why = job["plain"] or job["reason"]
    said += f": {why}" if why else ""
    if job["state"] == "pending" and job["start"]:
        said += f" Its start is expected at {job['start']}."
    tail = [line for line in (job["log_tail"] or "").splitlines() if line.strip()][-LINES:]
    return said + (f" Its log ends: {' | '.join(tail)}" if tail else "")


def _cause(job: Mapping[str, Any]) -> str:
    """Return what to do about the first cause that a job's log shows."""
    log = f"{job['log_tail'] or ''} {job['plain'] or ''}"
    return next((fix for words, fix in CAUSES if words in log), "")


def _logs(status: Mapping[str, Any], job: Mapping[str, Any]) -> str:
    return f"workbench cluster logs {status['name']} --job {job['job_id'] or job['name']}"
