"""The hold on a card: an abstract unix socket with the card's name.

It is seen by every user and from every private /tmp of a node (though not from a container with a
network of its own), and it is gone with the process that holds it, however that ended.
"""

from __future__ import annotations

import socket
import struct
from contextlib import closing
from dataclasses import dataclass

from workbench.pool.vendor import FoundCard


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


def address(found: FoundCard) -> str:
    """Return the name of the socket, of which the kernel takes 107 bytes."""
    return f"\0workbench-card-{found.card.vendor}-{identity(found)}"[:107]


def holder(found: FoundCard) -> Holder | None:
    """Return who holds a card; None where nobody does, or nobody can be asked."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as sock:
        sock.setblocking(False)
        try:
            sock.connect(address(found))
            said = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        except OSError:
            return None
    pid, uid, _ = struct.unpack("3i", said)
    return Holder(pid, uid)
