"""On which address a process of a cluster listens: the site's interface, on both sides."""

from __future__ import annotations

import socket

import psutil
from distributed.utils import get_ip

from workbench.errors import Refused


def listening_host(interface: str | None) -> str:
    """Return this host's address on an interface; the one that leads out where none is named.

    Raises
    ------
    Refused
        When this host has no such interface, or it has no IPv4 address; those that it has are
        named.
    """
    if not interface:
        return str(get_ip())
    found = {
        name: address.address
        for name, addresses in psutil.net_if_addrs().items()
        for address in addresses
        if address.family == socket.AF_INET
    }
    if interface not in found:
        there = ", ".join(f"{name} ({address})" for name, address in sorted(found.items()))
        raise Refused(
            f"The site file names the interface {interface!r}, but {socket.gethostname()} has no "
            f"such interface with an IPv4 address. It has: {there}. Set 'interface' in the site "
            "file to one that login and compute nodes both have.",
            code="interface",
        )
    return str(found[interface])
