"""How a job on a node finds its cluster: by the cluster's folder, whichever generation lives."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from workbench.clusters.cluster import Cluster, Connection
from workbench.clusters.folder import ClusterFolder
from workbench.environ import seconds
from workbench.errors import Refused
from workbench.runs.journal import read_lines

LOG = logging.getLogger(__name__)

PATIENCE_S = 600.0
POLL_S = (0.1, 2.0)
REACH_S = 5.0
# A network file system may show late what another host wrote.
APPEAR_S = 30.0


@dataclass(frozen=True)
class Meeting:
    """A living generation of the cluster.

    Attributes
    ----------
    settings
        What its workers are to be like, see ``JobPartition.settings``.
    """

    connection: Connection
    settings: Mapping[str, Any]


def patience_s() -> float:
    """Return for how long a job without a cluster keeps its allocation, in seconds."""
    return seconds("WORKBENCH_PATIENCE_S", PATIENCE_S)


def appear_s() -> float:
    """Return how long a node may take to show what was written before its job, in seconds."""
    return seconds("WORKBENCH_APPEAR_S", APPEAR_S)


class Rendezvous:
    """The cluster's folder, seen from a node.

    Parameters
    ----------
    folder
        The cluster's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._files = ClusterFolder(folder)
        self._cluster = Cluster(self._files)
        self._met = 0

    def look(self) -> Meeting | None:
        """Return the generation that lives, None where there is none."""
        found = self._files.read_connection()
        connection = self._cluster.connection()
        if found is None or connection is None or found["generation"] != connection.generation:
            return None
        return Meeting(connection, found["workers"])

    def check_shared(self, job: str) -> None:
        """Read the name of a job in its cluster's list, where it stood before it was submitted.

        Raises
        ------
        Refused
            When this node does not see the folder, or sees another one in its place.
        """
        deadline, file = time.monotonic() + appear_s(), self._files.path / "jobs.jsonl"
        while not any(line["job"] == job for line in read_lines(file)):
            if time.monotonic() > deadline:
                raise Refused(_unseen(self._files.path, job), code="not_shared")
            time.sleep(POLL_S[0])

    def over(self) -> bool:
        """Say whether nobody will come: the cluster was stopped, or its folder is gone."""
        status = self._files.read_status()
        return status is None or status["state"] in ("stopping", "stopped")

    def wait(self) -> Meeting | None:
        """Wait for a generation to appear; None when none comes, or the cluster was stopped."""
        deadline, pause = time.monotonic() + patience_s(), POLL_S[0]
        while time.monotonic() < deadline:
            found = self.look()
            if found is not None and self._new(found.connection):
                self._met = found.connection.generation
                return found
            if self.over():
                LOG.info("cluster %s was stopped: this job ends", self._files.name)
                return None
            time.sleep(pause)
            pause = min(POLL_S[1], 1.2 * pause)
        LOG.warning(
            "no process of cluster %s within %.0f s: this job ends", self._files.name, patience_s()
        )
        return None

    def _new(self, connection: Connection) -> bool:
        """Say whether it is worth while to join: one that was lost may be dead unnoticed."""
        return connection.generation != self._met or reachable(connection.address)


def _unseen(folder: Path, job: str) -> str:
    """Say what a node sees in place of a cluster's folder."""
    there = (
        f"another folder is there: it knows nothing of job {job}"
        if folder.is_dir()
        else "there is no such folder"
    )
    return (
        f"This node, {socket.gethostname()}, does not see the cluster's folder {folder}: {there}. "
        "WORKBENCH_HOME has to lie on a file system that this host and all nodes see: set it to "
        "such a place and start the cluster anew."
    )


def reachable(address: str) -> bool:
    """Say whether somebody listens at ``tls://host:port``."""
    place = urlsplit(address)
    try:
        with socket.create_connection((place.hostname or "", place.port or 0), REACH_S):
            return True
    except OSError as error:
        LOG.warning("%s cannot be reached from here: %s", address, error)
        return False
