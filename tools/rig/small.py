"""Configuration of the small Slurm: five nodes, three vendors' cards, partitions of every kind."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.rig.controller import HEAD, write_hosts
from tools.rig.folder import write_site

# Kind of card and how many, by node.
NODES: Mapping[str, tuple[str, int] | None] = {
    "dcu1": ("dcu:k100", 8),
    "dcu2": ("dcu:k100", 8),
    "gpu1": ("gpu:a100", 4),
    "npu1": ("npu:910b", 8),
    "cpu1": None,
}
CPUS = 32
MEMORY_MB = 64_000

# `spare` and `urgent` share nodes with `npu`: a job of `urgent` puts those of `spare` back in line.
PARTITIONS = (
    "PartitionName=cpu Nodes=cpu1 Default=YES MaxTime=1-00:00:00",
    "PartitionName=dcu Nodes=dcu[1-2] MaxTime=1-00:00:00",
    "PartitionName=gpu Nodes=gpu1 MaxTime=04:00:00",
    "PartitionName=npu Nodes=npu1 MaxTime=1-00:00:00 PriorityTier=5 PreemptMode=OFF",
    "PartitionName=spare Nodes=npu1 MaxTime=1-00:00:00 PriorityTier=1 PreemptMode=REQUEUE",
    "PartitionName=urgent Nodes=npu1 MaxTime=1-00:00:00 PriorityTier=10 PreemptMode=OFF",
    "PartitionName=short Nodes=dcu2,cpu1 MaxTime=00:02:00",
    "PartitionName=private Nodes=dcu2 MaxTime=1-00:00:00 AllowGroups=root",
)

# Waits are short, so that tests see in seconds what takes minutes elsewhere.  cred_expire is how
# long a job that was put back in line waits; SlurmdTimeout, until a silent node is down.
GENERAL = """\
ClusterName=rig
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={run}/munge.socket,cred_expire=6
SlurmctldHost={head}(127.0.0.1)
SlurmctldPort={ctld_port}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmdPidFile={folder}/spool/slurmd-%n.pid
SlurmctldPidFile={folder}/spool/slurmctld.pid
SlurmctldDebug=verbose
SlurmdDebug=verbose
ReturnToService=2
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=500
GresTypes=gpu,dcu,npu
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
EnforcePartLimits=ALL
KillWait=3
SlurmdTimeout=12
SlurmctldTimeout=10
SchedulerParameters=sched_interval=2,bf_interval=2,sched_min_interval=0,batch_sched_delay=0
"""

# Every node plays a computer of its own: its cards are no other node's, and no other rig's.
SITE = """\
scheduler = "slurm"
interface = "lo"
prologue = ["export WORKBENCH_NODE=$SLURMD_NODENAME-{rig}"]

[batch]
partition = "cpu"

[accelerators."dcu:k100"]
vendor = "hygon"
model = "K100"
memory = "64 GB"
request = "--gres=dcu:k100:{n}"

[accelerators."gpu:a100"]
vendor = "nvidia"
model = "A100"
memory = "80 GB"
request = "--gres=gpu:a100:{n}"

[accelerators."npu:910b"]
vendor = "ascend"
model = "Ascend 910B"
memory = "64 GB"
request = "--gres=npu:910b:{n}"
"""

NO_ACCOUNTING = "AccountingStorageType=accounting_storage/none\n"


@dataclass(frozen=True)
class Ports:
    """Where everything of the small Slurm listens."""

    controller: int
    nodes: Mapping[str, int]
    accounting: int


def ports_of(free: Sequence[int]) -> Ports:
    """Give out free ports, ``len(NODES) + 2`` of them."""
    controller, accounting, *nodes = free
    return Ports(controller, dict(zip(NODES, nodes, strict=True)), accounting)


def write(folder: Path, ports: Ports, accounting: str) -> None:
    """Write ``slurm.conf`` and ``gres.conf``, and the devices that they name.

    Parameters
    ----------
    accounting
        Lines of ``slurm.conf`` that switch it on or off.
    """
    lines = [
        GENERAL.format(folder=folder, run=folder / "run", head=HEAD, ctld_port=ports.controller),
        accounting,
        "SlurmdParameters=config_overrides\n",
        *(_node_line(name, ports.nodes[name]) for name in NODES),
        *(f"{line}\n" for line in PARTITIONS),
    ]
    (folder / "slurm.conf").write_text("".join(lines))
    (folder / "gres.conf").write_text("".join(_gres_line(folder, name) for name in NODES))
    write_site(folder, SITE.replace("{rig}", folder.name))
    write_hosts(folder, *NODES)
    for place in ("state", *(f"spool/{name}" for name in NODES)):
        (folder / place).mkdir(parents=True)


def _node_line(name: str, port: int) -> str:
    cards = NODES[name]
    gres = f" Gres={cards[0]}:{cards[1]}" if cards else ""
    return (
        f"NodeName={name} NodeAddr=127.0.0.1 Port={port} CPUs={CPUS} "
        f"RealMemory={MEMORY_MB}{gres} State=UNKNOWN\n"
    )


def _gres_line(folder: Path, node: str) -> str:
    """Cards of one node: ``gpu`` wants character devices, other kinds are counted alone."""
    cards = NODES[node]
    if cards is None:
        return ""
    (name, kind), count = cards[0].split(":"), cards[1]
    line = f"NodeName={node} Name={name} Type={kind}"
    if name != "gpu":
        return f"{line} Count={count}\n"
    devices = folder / "dev"
    devices.mkdir(exist_ok=True)
    for index in range(count):
        os.mknod(devices / f"{node}-{index}", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    return f"{line} File={devices}/{node}-[0-{count - 1}]\n"
