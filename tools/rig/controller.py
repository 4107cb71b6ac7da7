"""One ``slurmctld`` of a rig: what both Slurms have in common."""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

from tools.rig.processes import until
from tools.rig.rig import Rig

# Accounting delays the start, and a busy computer everything.
START_S = 60.0
HEAD = "head"


def write_hosts(folder: Path, *names: str) -> None:
    """Say what the host names within the rig mean."""
    (folder / "run" / "hosts").write_text(f"127.0.0.1 localhost {HEAD} {' '.join(names)}\n")


class Controller(Rig):
    """A running Slurm.

    Attributes
    ----------
    conf
        Its ``slurm.conf``; ``SLURM_CONF`` of everything that is to meet this Slurm.
    """

    def __init__(self, folder: Path) -> None:
        places = {"SLURM_CONF": f"{folder}/slurm.conf", "WORKBENCH_SITE": f"{folder}/site.toml"}
        super().__init__(folder, places)
        self.conf = folder / "slurm.conf"

    def start_controller(self, *, wait: bool = True) -> None:
        """Start ``slurmctld``."""
        words = ("slurmctld", "-D", "-f", str(self.conf))
        self.daemons.start("slurmctld", *words, env=self.env, host=HEAD)
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

    def drain(self, node: str, reason: str = "maintenance") -> None:
        """Take a node out of service; jobs that run there end in their own time."""
        self.call("scontrol", "update", f"NodeName={node}", "State=DRAIN", f"Reason={reason}")

    def resume(self, node: str) -> None:
        """Put a node back into service."""
        self.call("scontrol", "update", f"NodeName={node}", "State=RESUME")

    def submit(self, *options: str, wrap: str = "sleep 600", user: str | None = None) -> str:
        """Submit a job and return its number.

        Parameters
        ----------
        wrap
            What it does, in the words of a shell.
        """
        # Of two --output the last one counts.
        words = ("sbatch", "--parsable", "--output=/dev/null", *options, f"--wrap={wrap}")
        return self.call(*words, user=user).strip()

    def cancel(self, *jobs: str) -> None:
        """Cancel jobs as root, as an administrator would."""
        self.call("scancel", *jobs)

    def requeue(self, job: str) -> None:
        """Put a running job back in line."""
        self.call("scontrol", "requeue", job)

    def expire(self, job: str) -> None:
        """Have a running job reach its time limit now: Slurm ends it within half a minute."""
        # Not "now": that may be over when the controller hears of it, which refuses the past.
        self.call("scontrol", "update", f"JobId={job}", "EndTime=now+2")

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
