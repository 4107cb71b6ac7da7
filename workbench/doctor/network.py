"""Network interfaces of this host, and whether clusters can meet on the one they would use."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator, Mapping

import psutil

from workbench.doctor.findings import Finding, bad, good, warning
from workbench.pool.site import Site

CHECK = "interface"
# An address for documentation (RFC 5737): nothing is sent, only the way there is looked up.
ELSEWHERE = ("203.0.113.1", 9)


def addresses() -> dict[str, str]:
    """Return the first IPv4 address of every interface that has one and is up."""
    states = psutil.net_if_stats()
    found: dict[str, str] = {}
    for name, known in sorted(psutil.net_if_addrs().items()):
        for address in known:
            if address.family == socket.AF_INET and states[name].isup:
                found.setdefault(name, address.address)
    return found


def is_loopback(address: str) -> bool:
    """Say whether an address means this host alone."""
    return ipaddress.ip_address(address).is_loopback


def guess(there: Mapping[str, str]) -> str | None:
    """Return the interface that leads out, else the first that is not loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        try:
            way.connect(ELSEWHERE)
            source = way.getsockname()[0]
        except OSError:
            source = ""
    outward = [name for name, address in there.items() if not is_loopback(address)]
    leading = [name for name in outward if there[name] == source]
    return next(iter([*leading, *outward]), None)


def listed(there: Mapping[str, str]) -> str:
    """Return ``eth0 (10.1.2.3), ib0 (10.2.2.3)``."""
    return ", ".join(f"{name} ({address})" for name, address in there.items()) or "none"


def interface_findings(
    site: Site, there: Mapping[str, str], leads_out: str | None, *, jobs: bool
) -> Iterator[Finding]:
    """Say on which interface a cluster's process listens here.

    Parameters
    ----------
    there
        Interfaces with their addresses.
    leads_out
        The one that would be used where the site file names none.
    jobs
        Whether clusters here have jobs on other hosts.
    """
    name = site.interface
    others = {each: at for each, at in there.items() if not is_loopback(at)}
    if name and name not in there:
        yield bad(
            CHECK,
            f"The site file names {name!r}, but this host has no such interface that is up and "
            f"has an IPv4 address. It has: {listed(there)}",
            f"Set 'interface' in {site.file} to one that login and compute nodes both have",
        )
    elif name and jobs and is_loopback(there[name]):
        yield warning(
            CHECK,
            f"{name} ({there[name]}) of the site file reaches this host alone: no job on another "
            "host will find its cluster",
            f"Set 'interface' in {site.file} to one of: {listed(others)}",
        )
    elif name:
        yield good(CHECK, f"{name} ({there[name]}), as the site file says")
    elif not jobs:
        yield good(CHECK, "workers of this computer meet on loopback; none is needed")
    elif leads_out is None:
        yield bad(
            CHECK,
            "this host has no network interface but loopback: no job will find its cluster",
            "Run the workbench on a host that compute nodes reach, such as a login node",
        )
    elif len(others) == 1:
        yield good(CHECK, f"{leads_out} ({there[leads_out]}), the only one that leads out")
    else:
        yield warning(
            CHECK,
            f"{leads_out} ({there[leads_out]}) is used, since it leads out; nodes may have to use "
            f"another one of: {listed(others)}",
            "Start a cluster, then 'workbench doctor CLUSTER' tells whether they meet; if not, set "
            "'interface' in the site file to another one that nodes have, too",
        )
