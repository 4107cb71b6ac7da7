"""The folder of one cluster: the only place where its process and everybody else meet.

::

    clusters/<name>/            0700
        spec.json               who starts the cluster, then its process
        status.json             who starts the cluster, then its process
        scheduler.json          address and certificates; there while the cluster can be used
        tls/<generation>/       keys, 0600
        jobs.jsonl              the cluster's process: every job before it is submitted, and its end
        jobs/                   the script and the output of each job
        control/                requests to the process: scale.json, stop.json
        starts/<generation>     who may start that generation
        runs/<run>.json         a run that a generation will serve: who submits it, before its
                                driver does
        log

A generation is one life of the cluster's process.  Who starts it claims its number first, by a
hard link, which one process alone can make, also on a network file system.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.clusters import small_job
from workbench.clusters.spec import ClusterSpec, check_name
from workbench.clusters.status import LIVING, is_status, made_up
from workbench.errors import DamagedResult, ParameterError
from workbench.home import private_folder, workbench_home
from workbench.pool.site import load_site
from workbench.process import alive, identity
from workbench.runs.files import TEXT_OR_NONE, Kind, read_json, read_record, replace_json
from workbench.runs.lock import silence_s, silent_s

ON_REQUEST = "on request"
CONNECTION: Mapping[str, Kind] = {
    **dict.fromkeys(("address", "dashboard"), str),
    "tls": dict,
    "node_dir": TEXT_OR_NONE,
    "generation": int,
}
REQUEST: Mapping[str, Kind] = {"id": str, "generation": int}
ANNOUNCED: Mapping[str, Kind] = {"folder": str, "generation": int}
WHO: Mapping[str, Kind] = {"host": str, "boot_id": str, "pid": int, "start_ticks": int}
# Where in the Dask scheduler's metadata drivers say which runs they drive there.
RUNS_METADATA = "workbench-runs"


def clusters_home() -> Path:
    """Return the folder that holds the clusters' folders."""
    return workbench_home() / "clusters"


class ClusterFolder:
    """The files of one cluster.

    Raises
    ------
    ParameterError
        When the name is none.
    """

    def __init__(self, path: Path) -> None:
        self.name = check_name(path.name)
        self.path = path
        self.log = path / "log"
        self.tls = path / "tls"

    @classmethod
    def of(cls, name: str) -> ClusterFolder:
        """Return the folder of a name; it need not exist."""
        return cls(clusters_home() / check_name(name))

    def make(self) -> None:
        """Make the folders, closed to everybody else."""
        for folder in (clusters_home(), self.path):
            private_folder(folder)
        for name in ("control", "jobs", "runs", "starts", "tls"):
            private_folder(self.path / name)

    def read_spec(self, status: Mapping[str, Any] | None = None) -> ClusterSpec | None:
        """Return the request that the cluster was last started or scaled with.

        One that was damaged from outside is made up from the cluster's status, where that is
        given; without one it is None.
        """
        try:
            found = read_json(self.path / "spec.json")
            return None if found is None else ClusterSpec.from_json(found)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, ParameterError):
            return ClusterSpec.of_status(status) if status else None

    def spec_damaged(self) -> bool:
        """Say whether there is a request, but one that cannot be read."""
        return self.read_spec() is None and (self.path / "spec.json").exists()

    def write_spec(self, spec: ClusterSpec) -> None:
        """Replace ``spec.json``."""
        replace_json(self.path / "spec.json", spec.to_json())

    def read_status(self) -> dict[str, Any] | None:
        """Return ``status.json`` as it was written; see :meth:`alive`.

        One that was damaged from outside says so in its reason, and is that of a failed cluster.
        """
        try:
            found = read_json(self.path / "status.json")
        except (OSError, ValueError):
            found = ()
        return found if found is None or is_status(found) else made_up(self.path, self.read_spec())

    def write_status(self, status: Mapping[str, Any]) -> None:
        """Replace ``status.json``."""
        replace_json(self.path / "status.json", status)

    def alive(self, status: Mapping[str, Any] | None) -> bool:
        """Say whether the process that a status speaks of still runs.

        On its own host the process table tells; from another one, whether it was heard of
        within a minute (it writes every ten seconds); of one that waits in a queue, the queue.
        """
        if status is None or status["state"] not in LIVING:
            return False
        job = status.get("own_job")
        if job is not None and not status["pid"]:
            return small_job.alive(load_site(), job["name"], job["asked"])
        here = alive(status)
        if here is not None:
            return here
        if status["host"] == socket.gethostname():
            return False
        return silent_s(self.path / "status.json") < silence_s()

    def read_connection(self) -> dict[str, Any] | None:
        """Return ``scheduler.json``; None also for one that was damaged from outside."""
        return _sound(self.path / "scheduler.json", CONNECTION)

    def write_connection(self, connection: Mapping[str, Any] | None) -> None:
        """Replace ``scheduler.json``, or remove it."""
        file = self.path / "scheduler.json"
        if connection is None:
            file.unlink(missing_ok=True)
        else:
            replace_json(file, connection)

    def request(self, verb: str, generation: int, values: Mapping[str, Any]) -> str:
        """Ask the process for something; return what its status will name as answered."""
        token = secrets.token_hex(8)
        document = {"id": token, "generation": generation, **values}
        replace_json(self.path / "control" / f"{verb}.json", document)
        return token

    def read_request(self, verb: str) -> dict[str, Any] | None:
        """Return the last request of a kind; None also for one that cannot be read."""
        return _sound(self.path / "control" / f"{verb}.json", REQUEST)

    def announce(self, run_id: str, run: Path, generation: int) -> None:
        """Tell a generation of a run whose driver may die before it can tell that itself."""
        (self.path / "runs").mkdir(mode=0o700, exist_ok=True)
        entry = {"folder": str(run), "generation": generation}
        replace_json(self.path / "runs" / f"{run_id}.json", entry)

    def announced(self, generation: int) -> dict[str, dict[str, Any]]:
        """Return the runs announced to a generation; an earlier one's are removed."""
        found = {}
        for file in (self.path / "runs").glob("*.json"):
            entry = _sound(file, ANNOUNCED)
            if entry is not None and entry["generation"] == generation:
                found[file.stem] = entry
            elif entry is not None and entry["generation"] < generation:
                file.unlink(missing_ok=True)
        return found

    def forget_run(self, run_id: str) -> None:
        """Remove what was announced of a run."""
        (self.path / "runs" / f"{run_id}.json").unlink(missing_ok=True)

    def claim(self, generation: int) -> bool:
        """Take the right to start a generation; False when another process has it."""
        starts = self.path / "starts"
        part = starts / f".{secrets.token_hex(8)}.tmp"
        replace_json(part, identity(os.getpid()))
        try:
            os.link(part, starts / str(generation))
        except FileExistsError:
            return False
        finally:
            part.unlink()
        # Old claims are removed: one that was free again is worth nothing once a later
        # generation has been started.
        status = self.read_status()
        if status is not None and status["generation"] >= generation:
            self.release(generation)
            return False
        return True

    def release(self, generation: int) -> None:
        """Give a claim back."""
        (self.path / "starts" / str(generation)).unlink(missing_ok=True)

    def claimant_gone(self, generation: int) -> bool:
        """Say whether the process that claimed a generation is known to have ended."""
        who = _sound(self.path / "starts" / str(generation), WHO)
        return who is not None and alive(who) is False

    def forget_claims(self, before: int) -> None:
        """Remove the claims to generations that are over."""
        with contextlib.suppress(FileNotFoundError):
            for file in (self.path / "starts").iterdir():
                if file.name.isdigit() and int(file.name) < before:
                    file.unlink(missing_ok=True)

    def job_log(self, job: str) -> Path:
        """Return where the output of a job goes, by the job's name."""
        return self.path / "jobs" / f"{job}.log"

    def tail(self, lines: int, log: Path | None = None) -> str:
        """Return the last lines of a log, the cluster's own if none is named."""
        path = log or self.log
        if not path.exists():
            return ""
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 400 * lines))
            text = file.read().decode(errors="replace")
        return "\n".join(text.splitlines()[-lines:])


def _sound(path: Path, kinds: Mapping[str, Kind]) -> dict[str, Any] | None:
    """Return a JSON object, None for one that is not there, cannot be read, or was damaged."""
    with contextlib.suppress(DamagedResult, OSError):
        return read_record(path, kinds, "")
    return None
