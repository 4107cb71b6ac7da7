"""A Slurm of 4,000 nodes and 32,000 cards: a real controller whose nodes are never switched on."""

from __future__ import annotations

from pathlib import Path

from tools.rig.controller import HEAD, START_S, Controller, write_hosts
from tools.rig.folder import make_folder, write_site
from tools.rig.munge import start_munge
from tools.rig.passage import write_passage
from tools.rig.ports import free_ports
from tools.rig.processes import until
from tools.rig.users import USERS, make_users

# Nodes and kind of card, by partition; each node has eight.
PARTITIONS = {"dcu": (2800, "dcu:k100"), "gpu": (700, "gpu:a800"), "npu": (500, "npu:910b")}
CARDS_PER_NODE = 8

# Cloud nodes are started by a program when a job wants them; this one does nothing, so that jobs
# hold their nodes for ever while they are being configured.
CONF = """\
ClusterName=big
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={run}/munge.socket
SlurmctldHost={head}(127.0.0.1)
SlurmctldPort={port}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
AccountingStorageType=accounting_storage/none
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=500
GresTypes=gpu,dcu,npu
TreeWidth=65533
PrivateData=cloud
ResumeProgram=/bin/true
SuspendProgram=/bin/true
SuspendTime=30
ResumeTimeout=65000
SchedulerParameters=sched_interval=2,bf_interval=5,sched_min_interval=0,batch_sched_delay=0
EnforcePartLimits=ALL
"""

# What users of such a machine do: whole-node jobs, more of them than fit, and single cards.
# Whoever looks at it as root has some of them.
DRAINED = ("dcu[0001-0016]", "gpu[0001-0004]", "npu0001")
ROOT, (ADA, EVE) = None, USERS
WHOLE_DCU = ("--partition=dcu", "--nodes=300", "--gres=dcu:k100:8", "--time=12:00:00")
JOBS = (
    *6 * ((ADA, WHOLE_DCU),),
    *2 * ((ROOT, WHOLE_DCU),),
    *3 * ((EVE, ("--partition=dcu", "--nodes=600", "--gres=dcu:k100:8", "--time=2:00:00")),),
    (EVE, ("--partition=gpu", "--array=1-100", "--gres=gpu:a800:3", "--time=1:00:00")),
    (ROOT, ("--partition=npu", "--nodes=100", "--gres=npu:910b:8", "--time=1:00:00")),
    (ADA, ("--partition=npu", "--nodes=10", "--gres=npu:910b:8", "--begin=now+1day")),
)


class BigSlurm(Controller):
    """A controller that shows a large pool; its jobs never begin to compute."""

    @classmethod
    def start(cls, folder: Path | None = None) -> BigSlurm:
        """Start it with a part of its nodes out of service, and with jobs that run and wait."""
        rig = cls(make_folder("big", folder))
        try:
            make_users(rig.folder)
            write_passage(rig.folder)
            write_hosts(rig.folder)
            start_munge(rig.folder, rig.daemons)
            _write(rig.folder)
            rig.start_controller()
            for nodes in DRAINED:
                rig.drain(nodes)
            for user, options in JOBS:
                rig.submit(*options, user=user)
            until(rig.is_busy, START_S, "jobs hold nodes", every_s=0.5)
        except BaseException:
            rig.stop()
            raise
        return rig

    def is_busy(self) -> bool:
        """Say whether the jobs that can begin have begun."""
        states = self.call("squeue", "-h", "-o", "%T").split()
        return states.count("CONFIGURING") >= 8 + 100 + 1


def _write(folder: Path) -> None:
    lines = [CONF.format(folder=folder, run=folder / "run", head=HEAD, port=free_ports(1)[0])]
    gres = []
    for name, (count, kind) in PARTITIONS.items():
        nodes = f"{name}[{1:04}-{count:04}]"
        lines.append(
            f"NodeName={nodes} CPUs=64 RealMemory=512000 Gres={kind}:{CARDS_PER_NODE} State=CLOUD\n"
        )
        lines.append(f"PartitionName={name} Nodes={nodes} MaxTime=2-00:00:00 DefaultTime=60\n")
        family, model = kind.split(":")
        gres.append(f"NodeName={nodes} Name={family} Type={model} Count={CARDS_PER_NODE}\n")
    (folder / "slurm.conf").write_text("".join(lines))
    (folder / "gres.conf").write_text("".join(gres))
    write_site(folder, 'scheduler = "slurm"\ninterface = "lo"\n')
    for place in ("state", "spool"):
        (folder / place).mkdir()
