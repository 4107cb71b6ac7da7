"""The hold on a card: an abstract unix socket with the card's name.

It is seen by every user and from every private /tmp of a node (though not from a container with a
network of its own), and it is gone with the process that holds it, however that ended.
"""

from __future__ import annotations

import hashlib
import socket
import struct
from contextlib import closing
from dataclasses import dataclass

from workbench.pool.vendor import FoundCard

MOST_BYTES = 107


@dataclass(frozen=True)
class Holder:
    """Who holds a card; a process of another name space has no number here."""

    pid: int
    uid: int

    def __str__(self) -> str:
        return (
            f"process {self.pid} of user {self.uid}"
            if self.pid
            else f"a process of user {self.uid}"
        )


def identity(found: FoundCard) -> str:
    """Return what tells a card from all others of its node, whatever the job may see of it."""
    return found.card.uuid or found.bus or str(found.card.index)


def address(found: FoundCard, node: str = "") -> str:
    """Return the name of a card's socket; a long one by its digest, the kernel takes 107 bytes.

    Parameters
    ----------
    node
        Name of the node, where several are one computer (``WORKBENCH_NODE``).
    """
    words = ("\0workbench-card", *([node] if node else []), found.card.vendor, identity(found))
    name = "-".join(words)
    if len(name.encode()) > MOST_BYTES:
        return f"\0workbench-card-{hashlib.sha256(name.encode()).hexdigest()}"
    return name


def holder(found: FoundCard, node: str = "") -> Holder | None:
    """Return who holds a card; None where nobody does, or nobody can be asked."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as sock:
        sock.setblocking(False)
        try:
            sock.connect(address(found, node))
            said = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        except OSError:
            return None
    pid, uid, _ = struct.unpack("3i", said)
    return Holder(pid, uid)
