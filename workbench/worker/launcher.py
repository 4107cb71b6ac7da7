"""A job's process on its node: keeps one nanny for each of its workers.

It outlives the cluster's process: when that is gone, the job keeps its allocation for some
minutes and joins the next generation, so that a restart costs no place in the queue.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import shutil
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import dask
import distributed.utils
from distributed.core import Status

from workbench.clusters.node import node_dir
from workbench.clusters.process.certificates import cluster_security
from workbench.clusters.process.config import DASK
from workbench.clusters.process.interface import listening_host
from workbench.clusters.process.nannies import CLOSE_S, Place, WorkerKind, make_nanny
from workbench.worker.rendezvous import Meeting, Rendezvous, reachable

LOG = logging.getLogger(__name__)

LOOK_S = 5.0
DEATH_TIMEOUT_S = 60.0
MOST_BACK_OFF_S = 30.0


def launch(folder: Path, job: str, cards: Sequence[Mapping[str, str | None]]) -> int:
    """Serve a cluster with the workers of one job; return the exit status of the job.

    Parameters
    ----------
    cards
        The environment that shows each worker its card; empty where workers hold none.
    """
    dask.config.set(DASK)
    distributed.utils._forkserver_preload_set = True
    launcher = Launcher(folder, job, cards)
    with contextlib.closing(launcher):
        return asyncio.run(launcher.run())


class Launcher:
    """The workers of one job on one node.

    Parameters
    ----------
    folder
        The cluster's folder.
    job
        Name of the job.
    cards
        See :func:`launch`.
    """

    def __init__(
        self, folder: Path, job: str, cards: Sequence[Mapping[str, str | None]] = ()
    ) -> None:
        self.job = job
        self.folder = folder
        self.rendezvous = Rendezvous(folder)
        self._stopping = False
        self._over = asyncio.Event()
        self._scratch: NodeFolder | None = None
        self._cards = cards

    async def run(self) -> int:
        """Serve generation after generation until the cluster, or somebody, ends the job."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        while not self._stopping:
            meeting = await asyncio.to_thread(self.rendezvous.wait)
            if meeting is None:
                break
            await self._serve(meeting)
        return 0

    def close(self) -> None:
        """Let go of the node's folder."""
        if self._scratch is not None:
            self._scratch.close()

    def _stop(self) -> None:
        self._stopping = True
        self._over.set()

    async def _serve(self, meeting: Meeting) -> None:
        """Keep this job's workers until their scheduler is gone."""
        self._over = over = asyncio.Event()
        kind, places = self._kind(meeting), self._places(meeting)
        address = meeting.connection.address
        LOG.info("generation %d at %s", meeting.connection.generation, address)
        keepers = [asyncio.create_task(_keep(address, kind, place, over)) for place in places]
        try:
            while not (over.is_set() or await asyncio.to_thread(self._replaced, meeting)):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), LOOK_S)
        finally:
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)

    def _replaced(self, meeting: Meeting) -> bool:
        """Say whether the cluster was stopped, or has gone on to another generation."""
        found = self.rendezvous.look()
        if found is None:
            return self.rendezvous.over()
        return found.connection.generation != meeting.connection.generation

    def _kind(self, meeting: Meeting) -> WorkerKind:
        settings = meeting.settings
        if self._scratch is None:
            self._scratch = NodeFolder(node_dir(self.folder, settings["scratch"]))
        connection = meeting.connection
        files = {
            "ca": connection.ca,
            "certificate": connection.certificate,
            "key": connection.key,
        }
        return WorkerKind(
            memory_bytes=settings["memory_bytes"],
            node_dir=self._scratch.path,
            http_prefix=settings["http_prefix"],
            security=cluster_security(files),
            host=listening_host(settings["interface"]),
            death_timeout_s=DEATH_TIMEOUT_S,
        )

    def _places(self, meeting: Meeting) -> list[Place]:
        cards = self._cards or [{}] * meeting.settings["workers_per_job"]
        return [
            Place(f"{self.job}-{index}", environment=card, job=self.job)
            for index, card in enumerate(cards)
        ]


class NodeFolder:
    """A cluster's folder on one node, removed by the last of its jobs that ends there.

    Parameters
    ----------
    path
        The folder, on a disk of the node: locks work there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._users = os.open(path / ".users", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._users, fcntl.LOCK_SH)

    def close(self) -> None:
        """Leave it."""
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._users)


async def _one_life(address: str, kind: WorkerKind, place: Place) -> None:
    """Run one nanny to its end."""
    nanny = make_nanny(address, kind, place)
    try:
        await nanny
        await nanny.finished()
    finally:
        if nanny.status != Status.closed:
            await nanny.close(timeout=CLOSE_S)


async def _keep(address: str, kind: WorkerKind, place: Place, over: asyncio.Event) -> None:
    """Keep one worker: a nanny that ended is replaced, as long as the scheduler is there."""
    failures = 0
    while True:
        begun = time.monotonic()
        try:
            await _one_life(address, kind, place)
        except Exception:
            LOG.exception("worker %s could not be started, or not be closed", place.name)
        if not await asyncio.to_thread(reachable, address):
            over.set()
            return
        failures = 0 if time.monotonic() - begun > MOST_BACK_OFF_S else failures + 1
        await asyncio.sleep(min(MOST_BACK_OFF_S, 0.5 * 2.0**failures))
