"""The small Slurm as it runs, and the ways to hurt it."""

from __future__ import annotations

from pathlib import Path

from tools.rig import small
from tools.rig.accounting import add_accounts, slurm_lines, start_database, start_slurmdbd
from tools.rig.controller import START_S, Controller
from tools.rig.folder import make_folder
from tools.rig.munge import start_munge
from tools.rig.passage import write_passage
from tools.rig.ports import free_ports
from tools.rig.processes import end, listening_below, processes_with, until
from tools.rig.users import make_users

IN_SERVICE = {"idle", "mixed", "allocated", "completing"}


class Slurm(Controller):
    """Five nodes that run jobs, with cards of three vendors."""

    @classmethod
    def start(cls, folder: Path | None = None, *, accounting: bool = False) -> Slurm:
        """Start a rig; without a folder it is the calling process's own.

        Parameters
        ----------
        accounting
            Whether accounts and limits hold, as they do on nearly all real clusters.
        """
        rig = cls(make_folder("slurm", folder))
        try:
            rig._start_below(accounting)
            rig.start_controller(wait=False)
            for node in small.NODES:
                rig.start_node(node)
            if accounting:
                until(rig.answers, START_S, "slurmctld answers", every_s=0.1)
                add_accounts(rig.call)
            until(rig.is_up, START_S, "all nodes are up", every_s=0.2)
        except BaseException:
            rig.stop()
            raise
        return rig

    def _start_below(self, accounting: bool) -> None:
        """Start what a controller needs: configuration, users, proof of who calls, accounting."""
        make_users(self.folder)
        write_passage(self.folder)
        start_munge(self.folder, self.daemons)
        ports = small.ports_of(free_ports(len(small.NODES) + 2))
        on = slurm_lines(self.folder, ports.accounting)
        small.write(self.folder, ports, on if accounting else small.NO_ACCOUNTING)
        if accounting:
            start_database(self.folder, self.daemons)
            start_slurmdbd(self.folder, self.daemons, ports.accounting)

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
        return states.keys() == small.NODES.keys() and set(states.values()) <= IN_SERVICE

    def preempt(self) -> str:
        """Submit a job of `urgent` that needs all cards of the node that `spare` runs on."""
        return self.submit("--partition=urgent", "--gres=npu:910b:8", "--time=10")
