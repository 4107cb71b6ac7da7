"""Ports that nothing else takes, also while a daemon of the rig is down."""

from __future__ import annotations

import random
import socket
from pathlib import Path

LOWEST = 10_000


def free_ports(count: int) -> list[int]:
    """Return ports that are free now, below those that the kernel gives to clients.

    A port out of the kernel's own range could be gone when a killed daemon comes back for it.
    """
    highest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    candidates = list(range(LOWEST, highest))
    random.shuffle(candidates)
    found: list[int] = []
    while len(found) < count:
        port = candidates.pop()
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(("", port))
            except OSError:
                continue
            found.append(port)
    return found
