"""Cluster: by which everybody but its own process deals with a cluster.

It holds nothing that the disk does not, and imports no part of Dask.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.clusters.folder import ClusterFolder, clusters_home
from workbench.clusters.jobs import LIVING as JOBS_LIVING
from workbench.clusters.login import fit_login_node
from workbench.clusters.place import check_place
from workbench.clusters.spec import LOCAL, NAME, ClusterSpec
from workbench.clusters.status import LIVING, with_damage
from workbench.errors import NotFound, Refused, nearest
from workbench.process import is_here
from workbench.runs.lock import silence_s, silent_s

POLL_S = 0.05
ANSWER_S = 10.0
KILL_S = 5.0
SETTLE_S = 1.0
LEFT = ". Its jobs may go on: start it again to go on with them, or stop it to end them"
KILLED = "its process ended without a word: it was killed, or the computer was restarted"


@dataclass(frozen=True)
class Connection:
    """What a Dask client needs to talk to a cluster.

    Attributes
    ----------
    address
        ``tls://host:port`` of the Dask scheduler.
    ca, certificate, key
        Files of this generation's certificates.
    dashboard
        Address of the Dask dashboard; its path is a secret of the cluster's owner.
    node_dir
        Folder that the workers of this computer share; None elsewhere.
    generation
        The life of the cluster's process that all this belongs to.
    """

    address: str
    ca: Path
    certificate: Path
    key: Path
    dashboard: str
    node_dir: Path | None
    generation: int

    def code(self, name: str) -> dict[str, str]:
        """Return Python that connects a notebook to cluster `name`: ``{workbench, dask}``.

        The first for one that has the workbench installed, the other for one with Dask alone.
        """
        lines = (
            f"    tls_ca_file={str(self.ca)!r},",
            f"    tls_client_cert={str(self.certificate)!r},",
            f"    tls_client_key={str(self.key)!r},",
            "    require_encryption=True,",
        )
        return {
            "workbench": f"import workbench\n\nclient = workbench.connect({name!r})\nclient\n",
            "dask": "from distributed import Client, Security\n\nsecurity = Security(\n"
            + "\n".join(lines)
            + f"\n)\nclient = Client({self.address!r}, security=security)\nclient\n",
        }


class Cluster:
    """One cluster.

    Parameters
    ----------
    folder
        Its folder.

    Attributes
    ----------
    folder
        The path of that.
    files
        What is in it.
    """

    def __init__(self, folder: ClusterFolder) -> None:
        self.name = folder.name
        self.folder = folder.path
        self.files = folder

    def __repr__(self) -> str:
        return f"<Cluster {self.name}: {self.status()['state']}>"

    def status(self) -> dict[str, Any]:
        """Return the document that ``workbench cluster show --json`` prints.

        Raises
        ------
        NotFound
            When the cluster was never started.
        """
        status = self.files.read_status()
        if status is not None and status["state"] in LIVING and not self.files.alive(status):
            # Its last word may have come after the first look.
            status = self.files.read_status()
        if status is None:
            raise unknown(self.name)
        if status["state"] in LIVING and not self.files.alive(status):
            ended = "stopped" if status["state"] == "stopping" else "failed"
            left = any(job["state"] in JOBS_LIVING for job in status["jobs"])
            reason = KILLED + (LEFT if left and ended == "failed" else "")
            status.update(state=ended, reason=status["reason"] or reason)
        if status["state"] not in LIVING:
            status["workers"]["connected"] = 0
            status["worker_processes"] = []
        elif is_here(status) and status["pid"]:
            status["problem"] = self._silence(status) or status["problem"]
        return with_damage(status, self.folder) if self.files.spec_damaged() else status

    def _silence(self, status: dict[str, Any]) -> str:
        """Say that the process, which the process table still has, gives no sign of life."""
        file = self.folder / "status.json"
        try:
            # A look at this computer's clock first: the file server's own takes a file to ask.
            if time.time() - file.stat().st_mtime < silence_s():
                return ""
            silent = silent_s(file)
        except FileNotFoundError:
            return ""
        if silent < silence_s():
            return ""
        return (
            f"Its process {status['pid']} has given no sign for {silent:.0f} s: it was suspended, "
            f"or hangs. Where that lasts, end it (kill -9 {status['pid']}) and start the cluster "
            "again, which finds its jobs."
        )

    def alive(self) -> bool:
        """Say whether the cluster's process runs."""
        return self.files.alive(self.files.read_status())

    def scale(self, minimum: int, maximum: int | None = None) -> dict[str, Any]:
        """Ask for another size, fixed, or between two numbers; return the status that says so.

        Raises
        ------
        ParameterError
            When there is no such size.
        Refused
            When the partition never has so many cards, the cluster does not run, or its process
            does not answer.
        """
        wanted = {"min": minimum, "max": minimum if maximum is None else maximum}
        status = self.status()
        spec = self.files.read_spec(status) or ClusterSpec(name=self.name)
        check_place(fit_login_node(spec.sized(wanted["min"], wanted["max"])), self.folder)
        if status["state"] not in ("starting", "running"):
            raise Refused(_not_running(status), code="not_running")
        token = self.files.request("scale", status["generation"], wanted)
        return self._wait(lambda s: s["answered"].get("scale") == token, ANSWER_S, "scale")

    def stop(self, wait_s: float = 20.0) -> dict[str, Any]:
        """End the cluster and its workers; return the last status.

        Where the process of a cluster on this computer does not end by itself within `wait_s`
        seconds, it is killed.  One with jobs goes on: a scheduler that does not answer is asked
        again until they are cancelled.
        """
        status = self.status()
        if status["state"] not in LIVING:
            return status
        self.files.request("stop", status["generation"], {})
        deadline = time.monotonic() + wait_s
        while self.alive() and time.monotonic() < deadline:
            time.sleep(POLL_S)
        if self.alive() and status["partition"] != LOCAL:
            return self.status()
        if self.alive() and is_here(status):
            os.kill(status["pid"], signal.SIGKILL)
            while self.alive() and time.monotonic() < deadline + KILL_S:
                time.sleep(POLL_S)
        if self.alive():
            raise Refused(
                f"Cluster {self.name} (process {status['pid']} on {status['host']}) has not ended "
                f"within {wait_s:.0f} seconds. See {self.files.log}.",
                code="not_stopped",
            )
        return self.status()

    def serve(self, run_id: str, run: Path) -> None:
        """Have the cluster's process watch a run whose driver is about to be started."""
        self.files.announce(run_id, run, self.status()["generation"])

    def logs(self, lines: int = 100, *, job: str | None = None) -> str:
        """Return the last lines of the cluster's log, or of one of its jobs (by id or name).

        Raises
        ------
        NotFound
            When it has no such job.
        """
        return self.files.tail(lines, self.log_file(job))

    def log_file(self, job: str | None = None) -> Path:
        """Return where the cluster's log is, or that of one of its jobs; as :meth:`logs`."""
        jobs = self.status()["jobs"]
        if job is None:
            return self.files.log
        known = {str(one[key]): one["name"] for one in jobs for key in ("job_id", "name")}
        if job not in known:
            raise NotFound.named(f"job of cluster {self.name}", job, (j["job_id"] for j in jobs))
        return self.files.job_log(known[job])

    def wait_answered(self, timeout_s: float) -> dict[str, Any]:
        """Wait until the scheduler has said of every job whether it takes it.

        Raises
        ------
        Refused
            When it took none, in its own words and in plain ones.
        """
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            status = self.status()
            if status["state"] not in ("starting", "running"):
                # It ends because there will be no job; how far it has got does not matter.
                raise Refused(f"Cluster {self.name}: {status['reason']}", code="scheduler")
            jobs = status["jobs"]
            all_of_them = jobs and all(job["job_id"] or job["state"] == "failed" for job in jobs)
            answered = all_of_them or status["problem"]
            taken = any(job["job_id"] for job in jobs)
            if not status["workers"]["asked"] or (answered and taken):
                return status
            if answered:
                # Whether that was its last word, its process says within a moment.
                deadline = min(deadline, time.monotonic() + SETTLE_S)
            time.sleep(POLL_S)
        return self.status()

    def wait_running(self, timeout_s: float = 60.0, *, workers: int = 0) -> dict[str, Any]:
        """Wait until the cluster can be used, and has so many workers.

        Raises
        ------
        Refused
            When it ended instead, or it takes longer.
        """
        return self._wait(
            lambda s: s["state"] == "running" and s["workers"]["connected"] >= workers,
            timeout_s,
            "start",
        )

    def connection(self) -> Connection | None:
        """Return how to reach the cluster's scheduler; None while there is none."""
        found = self.files.read_connection()
        status = self.files.read_status()
        if found is None or status is None or not self.files.alive(status):
            return None
        if found["generation"] != status["generation"]:
            return None
        tls = {name: self.folder / found["tls"][name] for name in ("ca", "certificate", "key")}
        return Connection(
            address=found["address"],
            dashboard=found["dashboard"],
            node_dir=Path(found["node_dir"]) if found["node_dir"] else None,
            generation=found["generation"],
            **tls,
        )

    def _wait(
        self, done: Callable[[dict[str, Any]], bool], timeout_s: float, verb: str
    ) -> dict[str, Any]:
        deadline = time.monotonic() + timeout_s
        while True:
            status = self.status()
            if done(status):
                return status
            if status["state"] not in ("starting", "running"):
                last = self.logs(15)
                tail = f" The last lines of its log:\n{last}" if last else ""
                raise Refused(_not_running(status) + tail, code="not_running")
            if time.monotonic() > deadline:
                raise Refused(
                    f"Cluster {self.name} did not {verb} within {timeout_s:.0f} seconds: it is "
                    f"{status['state']} with {status['workers']['connected']} workers. "
                    f"See workbench cluster logs {self.name}",
                    code="timeout",
                )
            time.sleep(POLL_S)


def names() -> list[str]:
    """Return the names of all clusters that were ever started, in order."""
    home = clusters_home()
    found = sorted(file.name for file in home.iterdir() if file.is_dir()) if home.exists() else []
    return [name for name in found if NAME.fullmatch(name) and ClusterFolder.of(name).read_status()]


def unknown(name: str, *, to_use: bool = False) -> NotFound:
    """Return the error for a name that stands for no cluster.

    Parameters
    ----------
    to_use
        Whether somebody would work on it: then it may be started, unless another was meant.
    """
    known = names()
    starts = to_use and nearest(name, known) is None
    hint = f"Start it: workbench cluster start {name}" if starts else "See: workbench cluster list"
    return NotFound.named("cluster", name, known, hint)


def _not_running(status: dict[str, Any]) -> str:
    reason = f" ({status['reason']})" if status["reason"] else ""
    return (
        f"Cluster {status['name']} is {status['state']}{reason}. "
        f"Start it: workbench cluster start {status['name']}"
    )
