"""One life of a cluster: from its scheduler's start to its last word."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import logging
import secrets
import shutil
import signal
import time
from collections.abc import Mapping
from typing import Any

import dask
import distributed.utils
from distributed import Scheduler
from distributed.core import Status

from workbench.clusters.folder import ON_REQUEST, RUNS_METADATA, ClusterFolder
from workbench.clusters.login import TIME_LIMIT
from workbench.clusters.node import node_dir
from workbench.clusters.place import JobPartition, local_card
from workbench.clusters.process.certificates import cluster_security, make_certificates
from workbench.clusters.process.config import DASK
from workbench.clusters.process.hidden import hide
from workbench.clusters.process.interface import listening_host
from workbench.clusters.process.job_workers import JobWorkers
from workbench.clusters.process.lines import in_one_line
from workbench.clusters.process.nannies import WorkerKind
from workbench.clusters.process.operator import Operator
from workbench.clusters.process.served import ServedRuns, remaining_workers
from workbench.clusters.process.settings import LOCAL_SHRINK_AFTER_S, shrink_after_s
from workbench.clusters.process.size import Size
from workbench.clusters.process.workers import LocalWorkers
from workbench.clusters.spec import ClusterSpec
from workbench.errors import WorkbenchError
from workbench.pool.units import rfc3339
from workbench.resources import this_computer
from workbench.runs.lock import now, renew_s

LOG = logging.getLogger(__name__)

TICK_S = 0.2
LOOK_S = 0.5

Workers = LocalWorkers | JobWorkers


def live(folder: ClusterFolder) -> int:
    """Run the cluster to its end; return the exit status of its process."""
    dask.config.set(DASK)
    in_one_line()
    # Dask would add every package it knows, pandas too, to what the forkserver imports.
    distributed.utils._forkserver_preload_set = True
    try:
        asyncio.run(Life(folder).run())
    except Exception as error:
        if isinstance(error, WorkbenchError):
            LOG.error("%s", error.message)
        else:
            LOG.exception("the cluster's process failed")
        folder.write_connection(None)
        status = folder.read_status()
        if status is not None:
            said = str(error) if isinstance(error, WorkbenchError) else repr(error)
            folder.write_status({**status, "state": "failed", "reason": said})
        return 1
    return 0


class Life:
    """The state of this process; everything changes in one loop, :meth:`run`.

    Parameters
    ----------
    folder
        The cluster's folder, whose status names this process.
    """

    def __init__(self, folder: ClusterFolder) -> None:
        self.folder = folder
        status = folder.read_status()
        self.status: dict[str, Any] = {} if status is None else status
        self.generation: int = self.status["generation"]
        self.asked = folder.read_spec() or ClusterSpec(name=folder.name)
        self.resources = this_computer()
        self.partition = None if self.asked.local else JobPartition.of(self.asked, folder.path)
        self.spec = self.partition.spec if self.partition else self.asked.resolved(self.resources)
        shrink_s = LOCAL_SHRINK_AFTER_S if self.asked.local else shrink_after_s()
        self.size = Size(self.spec.minimum or 0, self.spec.maximum or 1, shrink_s)
        self.runs = ServedRuns(folder, self.generation)
        self._begun = self._busy = time.monotonic()
        self._written: tuple[dict[str, Any], float] = ({}, 0.0)
        self._looked = self._complained = 0.0
        self._end: asyncio.Event | None = None
        self.failed = ""
        self.leaves = False

    async def run(self) -> None:
        """Open the scheduler, keep its workers, answer requests, and close in the end."""
        self._end = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told_to_end, number)
        jobs = self._jobs()
        host = listening_host(self.partition.site.interface) if self.partition else "127.0.0.1"
        if jobs is not None:
            # The first jobs wait in the queue while the scheduler is opened.
            jobs.reconcile(self.size.asked)
        scheduler = await self._open(host)
        workers = self._workers(scheduler, jobs)
        try:
            while not self._end.is_set():
                try:
                    await self._tick(scheduler, workers)
                except OSError as error:
                    await self._disk_failed(error)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._end.wait(), TICK_S)
        finally:
            await self._close(scheduler, workers)

    def end(self, reason: str) -> None:
        """Have the cluster end; the first reason stands."""
        if self._end is not None and not self._end.is_set():
            LOG.info("ends: %s", reason)
            self.status["reason"] = reason
            self._end.set()

    def _told_to_end(self, number: signal.Signals) -> None:
        """End; where a scheduler ends our own job, leave the workers' jobs to a successor."""
        if self.status.get("own_job") is not None:
            self.failed = f"the job in which its process ran was ended ({number.name})"
            self.leaves = True
        self.end(self.failed or f"it was sent {number.name}")

    def say(self, **changes: Any) -> None:
        """Change the status, and write it where it differs from what was last written."""
        self.status.update(changes)
        last, when = self._written
        if self.status != last or time.monotonic() - when > renew_s():
            self.folder.write_status({**self.status, "renewed": now()})
            self._written = (copy.deepcopy(self.status), time.monotonic())

    async def _open(self, host: str) -> Scheduler:
        self.folder.forget_claims(before=self.generation)
        for old in self.folder.tls.iterdir():
            shutil.rmtree(old)
        tls = self.folder.tls / str(self.generation)
        files = make_certificates(tls, self.folder.name)
        self._security = cluster_security(files)
        self._prefix = secrets.token_urlsafe(24)
        partition = self.partition
        scheduler = Scheduler(
            host=host,
            port=0,
            protocol="tls://",
            security=self._security,
            dashboard_address="127.0.0.1:0",
            dashboard=True,
            http_prefix=self._prefix,
        )
        # Before it answers anybody.
        hide(scheduler, self._prefix)
        await scheduler
        port = scheduler.http_server.port  # type: ignore[attr-defined]
        self.folder.write_connection(
            {
                "v": 1,
                "generation": self.generation,
                "address": scheduler.address,
                "tls": {role: str(f.relative_to(self.folder.path)) for role, f in files.items()},
                "dashboard": f"http://127.0.0.1:{port}/{self._prefix}/status",
                "node_dir": None if partition else str(node_dir(self.folder.path)),
                "workers": partition.settings(self._prefix) if partition else {},
            }
        )
        self._warn()
        self.say(state="running")
        LOG.info("generation %d is at %s", self.generation, scheduler.address)
        return scheduler

    def _jobs(self) -> JobWorkers | None:
        if self.partition is None:
            return None
        return JobWorkers(self.folder.path, Operator(self.folder, self.partition))

    def _workers(self, scheduler: Scheduler, jobs: JobWorkers | None) -> Workers:
        if jobs is not None:
            jobs.scheduler = scheduler
            return jobs
        kind = WorkerKind(
            memory_bytes=self.spec.memory_bytes or 0,
            node_dir=node_dir(self.folder.path),
            http_prefix=self._prefix,
            security=self._security,
        )
        card = None if self.asked.accelerator is None else local_card(self.asked)
        return LocalWorkers(scheduler, self.folder.name, kind, card)

    async def _tick(self, scheduler: Scheduler, workers: Workers) -> None:
        runs = await self._runs(scheduler)
        requests = await asyncio.to_thread(self._requests)
        if requests["scale"]:
            await asyncio.to_thread(self._scale, requests["scale"])
            workers.try_again()
        if requests["stop"]:
            self.end(ON_REQUEST)
        tasks = len(scheduler.queued) + len(scheduler.unrunnable)
        tasks += sum(len(state.processing) for state in scheduler.workers.values())
        asked = self.size.follow(max(tasks, remaining_workers(runs)), time.monotonic())
        workers.reconcile(asked)
        self._end_in_time(scheduler, busy=bool(runs or self.status["runs"]))
        if workers.hopeless():
            self.failed = workers.problem()
            self.end(self.failed)
        processes = workers.processes()
        size = {"asked": asked, "min": self.size.minimum, "max": self.size.maximum}
        await asyncio.to_thread(
            self.say,
            workers={**size, "connected": len(processes)},
            worker_processes=processes,
            jobs=workers.jobs(),
            problem=workers.problem(),
        )

    async def _runs(self, scheduler: Scheduler) -> dict[str, Any]:
        """Return the runs that drivers registered, without those that are over.

        Runs of which only the submitter has told so far are watched, too.
        """
        registered: dict[str, Any] = scheduler.task_metadata.get(RUNS_METADATA) or {}
        if time.monotonic() - self._looked > LOOK_S:
            self._looked = time.monotonic()
            entries = dict(registered)
            living = await asyncio.to_thread(self.runs.look, entries)
            for run_id in entries.keys() - living:
                # A driver may have registered again in the meantime.
                if registered[run_id] is entries[run_id]:
                    del registered[run_id]
            self.status["runs"] = sorted(living)
        return registered

    def _requests(self) -> dict[str, Any]:
        """Return the requests that are new; in a thread, since the disk may be slow."""
        self.folder.path.stat()
        requests = {}
        for verb in ("scale", "stop"):
            found = self.folder.read_request(verb) or {"generation": 0}
            new = found["generation"] == self.generation
            new = new and found["id"] != self.status["answered"].get(verb)
            requests[verb] = found if new else None
        return requests

    def _scale(self, request: Mapping[str, Any]) -> None:
        asked = self.asked.sized(request["min"], request["max"])
        self.folder.write_spec(asked)
        self.asked = asked
        self.size.bound(request["min"], request["max"])
        self._warn()
        self.status["answered"] = {**self.status["answered"], "scale": request["id"]}
        LOG.info("size: %d to %d", request["min"], request["max"])

    def _warn(self) -> None:
        if self.partition is None:
            memory = self.spec.memory_bytes or 0
            self.status["warnings"] = self.resources.warnings(self.size.maximum, memory)

    def _end_in_time(self, scheduler: Scheduler, *, busy: bool) -> None:
        clock = time.monotonic()
        if scheduler.status not in (Status.running, Status.init):
            self.end("a client shut it down")
        if busy or scheduler.check_idle() is None:
            self._busy = clock
            self.status["idle_ends"] = None
        elif self.status["idle_ends"] is None:
            left_s = self.spec.idle_s - (clock - self._busy)
            self.status["idle_ends"] = rfc3339(time.time() + left_s)
        if clock - self._busy > self.spec.idle_s:
            self.end(f"no run and no work for {self.spec.idle_s:g} seconds")
        if self.spec.life_s and clock - self._begun > self.spec.life_s:
            self.end(TIME_LIMIT)

    async def _disk_failed(self, error: OSError) -> None:
        """Go on with a full or absent file system; end where the cluster's folder is gone."""
        if not await asyncio.to_thread(self.folder.path.exists):
            self.end("its folder was removed")
        elif time.monotonic() - self._complained > renew_s():
            self._complained = time.monotonic()
            LOG.warning("the disk does not take the cluster's state: %s", error)

    async def _close(self, scheduler: Scheduler, workers: Workers) -> None:
        with contextlib.suppress(OSError):
            self.folder.write_connection(None)
            self.say(state="running" if self.leaves else "stopping")
        if not self.leaves:
            await workers.close()
        await scheduler.close()
        shutil.rmtree(self.folder.tls / str(self.generation), ignore_errors=True)
        none = {**self.status["workers"], "connected": 0}
        with contextlib.suppress(OSError):
            self.say(
                state="failed" if self.failed else "stopped",
                workers=none,
                worker_processes=[],
                jobs=workers.jobs(),
                runs=[],
            )
