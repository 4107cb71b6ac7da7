"""The session: what ends its processes, whether it is a batch job, whether the host is shared."""

from __future__ import annotations

import os
import re
import resource
import socket
from collections.abc import Iterator
from pathlib import Path

from workbench import environ
from workbench.clusters.login import listed, on_login_node
from workbench.clusters.small_job import caller_ends
from workbench.doctor.findings import Finding, bad, good, unknown, warning
from workbench.pool.collect import latest
from workbench.pool.commands import run
from workbench.pool.site import Site
from workbench.pool.snapshot import user_name
from workbench.runs.lock import batch_job_id

LOGOUT, JOB, LOGIN, FILES = "logout", "batch job", "login node", "open files"
SYSTEMD = Path("/run/systemd/system")
LINGER = Path("/var/lib/systemd/linger")
ASK = (
    "busctl", "get-property", "org.freedesktop.login1", "/org/freedesktop/login1",
    "org.freedesktop.login1.Manager", "KillUserProcesses",
)  # fmt: skip
TIMEOUT_S = 5.0
ENOUGH_FILES = 4096

_SESSION = re.compile(r"/session-[^/]+\.scope")


def kills_user_processes() -> bool | None:
    """Return logind's KillUserProcesses (logind.conf(5)); None where nobody tells."""
    if not SYSTEMD.is_dir():
        return None
    answer = run(ASK, timeout_s=TIMEOUT_S)
    words = answer.out.split()
    return words[-1] == "true" if answer.good and words else None


def logout_findings(site: Site) -> Iterator[Finding]:
    """Say whether what is left running ends when its user logs out."""
    cgroup = Path("/proc/self/cgroup").read_text(encoding="utf-8", errors="replace")
    yield at_logout(
        kills_user_processes(),
        lingers=(LINGER / user_name()).exists(),
        in_session=bool(_SESSION.search(cgroup)),
        told=site.kills_at_logout,
    )


def at_logout(kills: bool | None, *, lingers: bool, in_session: bool, told: bool) -> Finding:
    """Judge what happens at logout.

    Parameters
    ----------
    kills
        logind's KillUserProcesses; None where nobody tells.
    lingers
        Whether the user's processes may stay all the same (loginctl enable-linger).
    in_session
        Whether this process belongs to a session of logind, the only ones that it ends.
    told
        Whether the site file says ``kills_at_logout``.
    """
    if told:
        said = "the site file says that processes are ended at logout: jobs keep yours alive"
        return good(LOGOUT, said)
    if kills is None:
        return unknown(
            LOGOUT,
            "systemd's logind does not tell here whether processes are ended at logout",
            "Start a cluster, log out and in again, and look: workbench cluster list. If it has "
            "ended, set kills_at_logout = true in the site file",
        )
    if not kills:
        return good(LOGOUT, "logind leaves your processes alone (KillUserProcesses=no)")
    if lingers:
        return good(LOGOUT, "logind ends processes at logout, but yours may linger")
    said = "logind ends all your processes at logout (KillUserProcesses=yes): clusters and drivers"
    fix = "Set kills_at_logout = true in the site file, or call: loginctl enable-linger"
    if in_session:
        return bad(LOGOUT, said, fix)
    return warning(LOGOUT, f"{said}, when they are started in a session of logind", fix)


def job_findings(site: Site) -> Iterator[Finding]:
    """Say whether this is a batch job, and what that means."""
    job = batch_job_id()
    if job is None:
        yield good(JOB, "this is none")
        return
    ends = caller_ends(site)
    until = f" until {ends}" if ends else ""
    yield good(
        JOB,
        f"this is job {job}{until}: clusters of a partition and runs on them become small jobs of "
        "their own, workers of this computer end with it",
    )


def login_findings(site: Site) -> Iterator[Finding]:
    """Say whether this is a login node, and who says so."""
    if on_login_node(site):
        said = f"this is one, {_who_says(site)}: a cluster on it has one worker for a minute"
        yield good(LOGIN, said)
    else:
        yield good(LOGIN, f"this is none, {_who_says(site)}")


def _who_says(site: Site) -> str:
    given = os.environ.get(environ.LOGIN_NODE)
    if given in ("0", "1"):
        return f"as WORKBENCH_LOGIN_NODE={given} says"
    if site.login_node is not None:
        return "as the site file says"
    if batch_job_id() is not None:
        return "since this is a batch job"
    nodes = [node.name for node in latest(site).nodes]
    if not nodes:
        return "since no scheduler shows its nodes"
    host = socket.gethostname()
    shown = "is" if listed(host, nodes) else "is not"
    return f"since {host} {shown} among the scheduler's nodes ({len(nodes):,})"


def file_findings() -> Iterator[Finding]:
    """Say how many files a process may open: a cluster's needs some for each of its workers."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    said = f"{soft:,} a process"
    if soft < ENOUGH_FILES:
        fix = f"For clusters of more than {soft // 8} workers: ulimit -n {hard} before their start"
        yield warning(FILES, said, fix)
    else:
        yield good(FILES, said)
