"""The small Slurm as it runs, and the ways to hurt it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType

from tools.rig import small
from tools.rig.folder import make_folder, read_mark, remove
from tools.rig.munge import start_munge
from tools.rig.ports import free_ports
from tools.rig.processes import (
    Daemons,
    RigError,
    end,
    listening_below,
    processes_with,
    until,
)

# Accounting delays the start, and a busy computer everything.
START_S = 60.0


class Slurm:
    """A running rig.

    Parameters
    ----------
    folder
        Its folder.

    Attributes
    ----------
    conf
        Its ``slurm.conf``; ``SLURM_CONF`` of everything that is to meet this Slurm.
    env
        What to add to the environment.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.daemons = Daemons(folder / "run")
        self.conf = folder / "slurm.conf"
        self.env: Mapping[str, str] = {"SLURM_CONF": str(self.conf)}

    @classmethod
    def start(cls, folder: Path | None = None) -> Slurm:
        """Start a rig; without a folder it is the calling process's own."""
        rig = cls(make_folder("slurm", folder))
        try:
            start_munge(rig.folder, rig.daemons)
            small.write(rig.folder, small.ports_of(free_ports(len(small.NODES) + 3)))
            rig.start_controller(wait=False)
            for node in small.NODES:
                rig.start_node(node)
            until(rig.is_up, START_S, "all nodes are up", every_s=0.2)
        except BaseException:
            rig.stop()
            raise
        return rig

    @classmethod
    def at(cls, folder: Path) -> Slurm:
        """Find a rig that another process started."""
        read_mark(folder)
        return cls(folder.resolve())

    def __enter__(self) -> Slurm:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End it with everything that runs on it, and remove its folder."""
        remove(self.folder, self.daemons)

    def call(self, *words: str, user: str | None = None, check: bool = True) -> str:
        """Run a command against this Slurm and return what it prints.

        Raises
        ------
        RigError
            With what it said, when it fails and that is not expected.
        """
        done = subprocess.run(
            words,
            env={**os.environ, **self.env},
            cwd=self.folder,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            raise RigError(f"{' '.join(words)}: exit {done.returncode}: {done.stderr.strip()}")
        return done.stdout if check else done.stdout + done.stderr

    # The controller

    def start_controller(self, *, wait: bool = True) -> None:
        """Start ``slurmctld``."""
        words = ("slurmctld", "-D", "-f", str(self.conf))
        self.daemons.start("slurmctld", *words, env=self.env, host=small.HEAD)
        if wait:
            until(self.answers, START_S, "slurmctld answers", every_s=0.1)

    def end_controller(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End ``slurmctld``; jobs run on, and every command of users fails.

        Parameters
        ----------
        how
            After ``SIGKILL`` it has forgotten the last second when it comes back.
        """
        self.daemons.end("slurmctld", how)

    @contextlib.contextmanager
    def controller_down(self) -> Iterator[None]:
        """Have no ``slurmctld`` within the block."""
        self.end_controller()
        try:
            yield
        finally:
            self.start_controller()

    def answers(self) -> bool:
        """Say whether the controller answers; its death while it starts is an error."""
        self.daemons.check("slurmctld")
        with socket.socket() as tried:
            tried.settimeout(1)
            if tried.connect_ex(("127.0.0.1", self._controller_port())):
                return False
        return "is UP" in self.call("scontrol", "ping", check=False)

    def _controller_port(self) -> int:
        lines = self.conf.read_text().splitlines()
        return next(int(s.split("=")[1]) for s in lines if s.startswith("SlurmctldPort="))

    # Nodes

    def start_node(self, node: str) -> None:
        """Start the ``slurmd`` of a node."""
        words = ("slurmd", "-D", "-N", node, "-f", str(self.conf))
        self.daemons.start(f"slurmd-{node}", *words, env=self.env, host=node)

    def kill_node(self, node: str, *, jobs: bool = True) -> None:
        """Let a node fall silent, as without power: its ``slurmd`` and all that runs there end.

        Parameters
        ----------
        jobs
            Whether the jobs end, too; else only ``slurmd`` does.
        """
        self.daemons.end(f"slurmd-{node}")
        if jobs:
            running = processes_with(SLURM_CONF=str(self.conf), SLURMD_NODENAME=node)
            # Slurm's own keepers of jobs first, else they tell of the end.
            end([*listening_below(self.folder / "spool" / node), *running])

    def drain(self, node: str, reason: str = "maintenance") -> None:
        """Take a node out of service; jobs that run there end in their own time."""
        self.call("scontrol", "update", f"NodeName={node}", "State=DRAIN", f"Reason={reason}")

    def resume(self, node: str) -> None:
        """Put a node back into service."""
        self.call("scontrol", "update", f"NodeName={node}", "State=RESUME")

    def node_states(self) -> dict[str, str]:
        """Return Slurm's own word for the state of every node."""
        lines = self.call("sinfo", "-h", "-N", "-o", "%N %T", check=False).splitlines()
        return dict(line.split(maxsplit=1) for line in lines if line.split()[0] in small.NODES)

    def is_up(self) -> bool:
        """Say whether every node is in service."""
        for node in small.NODES:
            self.daemons.check(f"slurmd-{node}")
        if not self.answers():
            return False
        states = self.node_states()
        return states.keys() == small.NODES.keys() and set(states.values()) <= {
            "idle",
            "mixed",
            "allocated",
            "completing",
        }

    # Jobs

    def submit(self, *options: str, wrap: str = "sleep 600", user: str | None = None) -> str:
        """Submit a job and return its number.

        Parameters
        ----------
        wrap
            What it does, in the words of a shell.
        """
        logs = () if any(o.startswith("--output") for o in options) else ("--output=/dev/null",)
        return self.call(
            "sbatch", "--parsable", *logs, *options, f"--wrap={wrap}", user=user
        ).strip()

    def cancel(self, *jobs: str) -> None:
        """Cancel jobs as root, as an administrator would."""
        self.call("scancel", *jobs)

    def requeue(self, job: str) -> None:
        """Put a running job back in line."""
        self.call("scontrol", "requeue", job)

    def preempt(self) -> str:
        """Submit a job of `urgent` that needs all cards of the node that `spare` runs on."""
        return self.submit("--partition=urgent", "--gres=npu:910b:8", "--time=10")

    def job_states(self, user: str | None = None) -> dict[str, tuple[str, str]]:
        """Return ``{job: (state, reason)}`` of the jobs that have not ended."""
        whose = () if user is None else ("-u", user)
        lines = self.call("squeue", "-h", *whose, "-o", "%i %T %r").splitlines()
        return {(words := line.split(maxsplit=2))[0]: (words[1], words[2]) for line in lines}

    def wait_job(self, job: str, *states: str, within_s: float = 60) -> None:
        """Wait until a job is in one of these states; without any, until it has ended."""

        def there() -> bool:
            now = self.job_states().get(job)
            return now is None if not states else now is not None and now[0] in states

        until(there, within_s, f"job {job} {' or '.join(states) or 'has ended'}", every_s=0.2)


def kill_job_processes(job: str) -> int:
    """Kill every process whose environment carries a job's number, as a cgroup would.

    Slurm without cgroups ends what it finds as children and in the job's session; what a job
    detached lives on.  Where a site has cgroups it does not.

    Returns
    -------
    int
        How many were killed, those that appeared meanwhile too.
    """
    count = 0
    while found := processes_with(SLURM_JOB_ID=job):
        count += len(found)
        end(found, signal.SIGKILL)
        time.sleep(0.1)
    return count
