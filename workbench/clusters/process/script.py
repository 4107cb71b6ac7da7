"""``python -P -m workbench.clusters.process.script FOLDER``: print the script of a cluster's job.

A process of its own, since dask-jobqueue, which writes the directives, takes over the signal
handlers of whoever imports it.  The request stands on standard input, as in ``spec.json``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from workbench.clusters.jobs import job_name
from workbench.clusters.place import JobPartition
from workbench.clusters.process.batch_job import build
from workbench.clusters.spec import ClusterSpec


def script(spec: ClusterSpec, folder: Path) -> str:
    """Return the script of a cluster's first job exactly as it would be sent."""
    partition = JobPartition.of(spec, folder)
    job = build(partition.scheduler, partition.request(job_name(folder, 1)))
    return str(job.job_script()).rstrip("\n") + "\n"


if __name__ == "__main__":
    sys.stdout.write(script(ClusterSpec.from_json(json.load(sys.stdin)), Path(sys.argv[1])))
