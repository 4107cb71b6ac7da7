"""Ways to hurt what runs on a rig that need no rig."""

from __future__ import annotations

import signal
import time

from tools.rig.processes import end, processes_with


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
