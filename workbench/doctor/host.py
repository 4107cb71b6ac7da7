"""All checks of this host, made side by side in a bounded time."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from workbench.clusters.login import listed
from workbench.doctor.findings import Finding, good, together, warning
from workbench.doctor.home import (
    CHECK as HOME,
    clock_findings,
    mode_findings,
    purge_findings,
    shared_finding,
    write_findings,
)
from workbench.doctor.mounts import mounted, room_findings
from workbench.doctor.network import addresses, guess, interface_findings
from workbench.doctor.quota import quota_findings
from workbench.doctor.scheduler import pool_findings
from workbench.doctor.session import file_findings, job_findings, login_findings, logout_findings
from workbench.doctor.site_file import SiteLook, path_findings
from workbench.doctor.software import software, software_findings
from workbench.home import workbench_home
from workbench.pool.collect import latest, schedulers_of
from workbench.pool.local import this_computer
from workbench.pool.plugins import schedulers, vendors
from workbench.pool.pool import Pool
from workbench.pool.site import Site

SITE_S, ALL_S = 10.0, 40.0
CARDS = "cards"


def host_findings() -> list[Finding]:
    """Check this host.

    Returns
    -------
    list of Finding
        All of them, also the good ones.
    """
    # Loading plugins takes standard output away for a moment, which only one thread may do.
    schedulers()
    vendors()
    look = SiteLook()
    first = together({"site file": look.take}, SITE_S)
    site = look.site
    rest = together(
        {
            "scheduler": lambda: pool_findings(Pool.now(site, starts=False), site),
            "site file": lambda: path_findings(site),
            "interface": lambda: _interface(site),
            "home": lambda: _home(site),
            "quota": _quota,
            "clock": lambda: clock_findings(workbench_home()),
            "packages": lambda: software_findings(software()),
            "python": lambda: [_python(site)],
            "logout": lambda: logout_findings(site),
            "batch job": lambda: job_findings(site),
            "login node": lambda: login_findings(site),
            "open files": file_findings,
            "cards": card_findings,
        },
        ALL_S,
    )
    return [*first, *rest]


def has_jobs(site: Site) -> bool:
    """Say whether clusters here can have jobs on other hosts."""
    snapshot = latest(site) if schedulers_of(site) else None
    if snapshot is None or not snapshot.names:
        return False
    names = [node.name for node in snapshot.nodes]
    return len(names) != 1 or not listed(socket.gethostname(), names)


def _interface(site: Site) -> Iterator[Finding]:
    there = addresses()
    yield from interface_findings(site, there, guess(there), jobs=has_jobs(site))


def _home(site: Site) -> Iterator[Finding]:
    home = workbench_home()
    mount = mounted(home)
    yield from mode_findings(home)
    yield from write_findings(home)
    yield from room_findings("space", home)
    yield shared_finding(HOME, home, mount, jobs=has_jobs(site))
    yield from purge_findings(home, mount)


def _quota() -> Iterator[Finding]:
    home = workbench_home()
    yield from quota_findings(home, mounted(home))


def _python(site: Site) -> Finding:
    """Say whether nodes see the Python that runs here, which jobs use unless told otherwise."""
    if site.python:
        return good("python", f"nodes use {site.python}, as the site file says")
    place = Path(sys.prefix)
    return shared_finding("Python", place, mounted(place), jobs=has_jobs(site))


def card_findings() -> Iterator[Finding]:
    """Tell of the cards of this computer, and of vendors' tools that fail."""
    here = this_computer()
    for problem in here.problems:
        yield warning(
            CARDS,
            problem,
            "Call that tool by hand: its driver may not be loaded, or it waits for a card",
        )
    kinds = here.partition.accelerators.values()
    for kind in kinds:
        cards = kind.cards
        yield good(CARDS, f"{cards.total} {kind.model} ({kind.vendor}), {cards.free} free")
    if not kinds and not here.problems:
        yield good(CARDS, "no vendor's tool is here: this computer computes on its CPUs")
