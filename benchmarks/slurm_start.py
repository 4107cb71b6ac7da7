"""From the command to the first finished item on an idle Slurm, beside plain dask-jobqueue.

Both begin with nothing but the scheduler: no Dask process, no job.  The peer is the script that a
user of dask-jobqueue writes, without encryption, timed from its start to its first result;
the workbench is ``workbench run start --on``, timed from its start to the first finished item on
the disk: imports, certificates and detached processes included.  Needs root and Debian's Slurm.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from common import HERE, arguments, finished, home, leave, say, spread, told, wait_for, workbench

sys.path.insert(0, str(HERE.parent))
from tools.rig.slurm import Slurm

TARGETS = {"workbench_s": "at most 10 s", "workbench_over_jobqueue": "at most 1.3"}
PLAIN = """
from dask_jobqueue import SLURMCluster
from distributed import Client

cluster = SLURMCluster(
    queue="dcu", cores=1, memory="2GB", walltime="00:10:00", interface="lo",
    job_extra_directives=["--gres=dcu:k100:1"], log_directory="{logs}",
)
cluster.scale(1)
with Client(cluster) as client:
    assert client.submit(sum, [1, 2]).result() == 3
    print("first", flush=True)
"""


def plain(folder: Path) -> float:
    """Return the seconds of the peer."""
    begun = time.monotonic()
    script = PLAIN.format(logs=folder)
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        if process.stdout is None or process.stdout.readline() != b"first\n":
            raise SystemExit("plain dask-jobqueue gave no result")
        return time.monotonic() - begun


def ours() -> float:
    """Return the seconds of the workbench; its cluster is known, but stopped."""
    begun = time.monotonic()
    run = workbench("run", "start", "bench.items", "--set", "items=10", "--on", "dcu")
    folder = Path(run["folder"])
    journal = folder / "tasks.1.jsonl"
    wait_for(lambda: journal.exists() and b"\n" in journal.read_bytes(), "the first record")
    taken = time.monotonic() - begun
    finished(folder)
    workbench("cluster", "stop", "dcu")
    return taken


def measured(repeats: int) -> dict[str, object]:
    """Measure in turn, the first pair not counted."""
    with Slurm.start() as rig, home(workers=None) as folder:
        os.environ.update(rig.env)
        (folder / "site.toml").write_text('interface = "lo"\n', encoding="utf-8")
        workbench("cluster", "start", "dcu", *["--partition", "dcu", "--accelerator", "dcu:k100"])
        workbench("cluster", "stop", "dcu")
        pairs = []
        for _ in range(repeats + 1):
            pairs.append((plain(folder / "logs"), ours()))
            told("jobqueue, workbench", jobqueue_s=pairs[-1][0], workbench_s=pairs[-1][1])
    pairs = pairs[1:]
    return {
        "jobqueue_s": spread([peer for peer, _ in pairs]),
        "workbench_s": spread([mine for _, mine in pairs]),
        "workbench_over_jobqueue": spread([mine / peer for peer, mine in pairs]),
    }


if __name__ == "__main__":
    figures = measured(arguments(__doc__, repeats=5).repeats)
    for name, found in figures.items():
        say(name.replace("_", " "), found, target=TARGETS.get(name, ""))
    leave("slurm_start", figures, ["dask-jobqueue"])
