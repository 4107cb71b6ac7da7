"""Clusters on a rig, runs on them whose kernels note every call, and what becomes of both."""

import json
import os
import re
import time
from contextlib import suppress
from pathlib import Path

from tests.faults.kit import PACK, POINTS, Seen
from tests.packs import install
from tests.slurm.kit import Place

# Generous: on a busy computer a worker takes half a minute to start, and a run's last step as long.
WITHIN_S = 300
LIVING = ("submitted", "pending", "starting", "connected", "finishing")
ENDED_QUICKLY = {"WORKBENCH_RESTART_DELAYS_S": "0.5,0.5,0.5,0.5"}


def until(true, what, within_s=WITHIN_S, every_s=0.25, tell=lambda: ""):
    """Wait for something and return it; `tell` says more when it does not come."""
    deadline = time.monotonic() + within_s
    while not (found := true()):
        assert time.monotonic() < deadline, f"not within {within_s} s: {what}\n{tell()}"
        time.sleep(every_s)
    return found


class Work(Place):
    """A home on a rig with the pack whose kernels note their calls.

    Parameters
    ----------
    site
        Changes of the rig's site file: ``{words: other words}``.
    """

    def __init__(self, rig, user=None, site=None, **env):
        super().__init__(rig, user, **ENDED_QUICKLY, **env)
        packs = self.root / "packs"
        packs.mkdir()
        install(packs, "fault-pack", POINTS, {"fault_pack": PACK.read_text()})
        self.env["PYTHONPATH"] = str(packs)
        if site is not None:
            text = (rig.folder / "site.toml").read_text()
            for words, others in site.items():
                assert words in text
                text = text.replace(words, others)
            (self.root / "site.toml").write_text(text)
            self.env["WORKBENCH_SITE"] = str(self.root / "site.toml")
        self._sides = 0

    def cluster(self, name, *words, workers=1, full=True):
        """Start a cluster, and wait until it has its workers."""
        size = () if workers is None else ("--workers", workers)
        shown = self.json("cluster", "start", name, *words, *size, timeout=WITHIN_S)
        if full:
            self.full(name, workers)
        return shown

    def status(self, name):
        """The status of a cluster as it was last written: asking costs nothing."""
        with suppress(OSError, ValueError):
            return json.loads((self.home / "clusters" / name / "status.json").read_text())
        return {"pid": 0, "jobs": [], "workers": {"connected": 0}, "worker_processes": []}

    def log(self, name):
        """What a cluster says of itself, for a failure's message."""
        status = self.status(name)
        shown = {key: status.get(key) for key in ("state", "reason", "problem", "workers", "jobs")}
        log = self.home / "clusters" / name / "log"
        text = log.read_text()[-4000:] if log.exists() else "no log"
        return f"{json.dumps(shown, indent=1)}\n{text}\n{self.rig.call('squeue', check=False)}"

    def wait(self, name, true, what, within_s=WITHIN_S):
        """Wait until something holds of the status of a cluster; return that status."""

        def look():
            status = self.status(name)
            return status if true(status) else None

        return until(look, f"{name}: {what}", within_s, tell=lambda: self.log(name))

    def full(self, name, workers, within_s=WITHIN_S):
        """Wait until a cluster has so many workers and jobs, no more and no less."""

        def true(status):
            living = [job for job in status["jobs"] if job["state"] in LIVING]
            return status["workers"]["connected"] == workers and len(living) == workers

        return self.wait(name, true, f"{workers} workers", within_s)

    def job(self, name, job_id):
        """What a cluster says of one job, by its number."""
        return next((job for job in self.status(name)["jobs"] if job["job_id"] == job_id), None)

    def job_ids(self, name, *states):
        """Numbers of a cluster's jobs in some states, those that live if none is named."""
        wanted = states or LIVING
        return [job["job_id"] for job in self.status(name)["jobs"] if job["state"] in wanted]

    def submitted(self, name):
        """How often a cluster has intended to submit a job, all its lives together."""
        ledger = self.home / "clusters" / name / "jobs.jsonl"
        log = ledger.read_text() if ledger.exists() else ""
        return max(map(int, re.findall(r'"number": ?(\d+)', log)), default=0)

    def queue(self, name=""):
        """What Slurm has of this home: ``{job id: (name, state)}``, of one cluster or of all."""
        text = self.rig.call("squeue", "-h", "-a", "-o", "%i|%j|%T|%Z")
        lines = (line.split("|") for line in text.splitlines())
        mark = f"wb-{name}-" if name else "wb-"
        return {
            number: (job, state)
            for number, job, state, where in lines
            if job.startswith(mark) and where.startswith(str(self.root))
        }

    def start(self, recipe, *options, **values):
        """Start a run whose calls are noted; return what is seen of it."""
        self._sides += 1
        side = values.setdefault("side", self.root / f"side{self._sides}")
        pairs = [f"{name}={value}" for name, value in values.items()]
        words = [*options, *(w for pair in pairs for w in ("--set", pair))]
        shown = self.json("run", "start", recipe, *words)
        cluster = options[options.index("--on") + 1]
        return self.seen(shown["folder"], side, cluster)

    def seen(self, folder, side, cluster):
        """What is seen of a run in this home."""
        return Seen(Path(folder), Path(side), self.home / "clusters" / cluster)

    def ends(self, run, state="completed", within_s=WITHIN_S):
        """Wait for the end of a run; what was finished before a fault was computed only once."""
        assert run.wait(within_s=within_s) == state, run.log()
        return run

    def pid(self, name):
        """Process number of a cluster."""
        return self.status(name)["pid"]


def alive(pid):
    """Whether a process is there."""
    return os.path.exists(f"/proc/{pid}")
