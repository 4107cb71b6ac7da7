"""Job scripts as they are really built, for many requests at once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from workbench.pool.scheduler import JobRequest

# A process of its own: dask-jobqueue takes over the signal handlers of whoever imports it.  The
# user's own settings of dask-jobqueue are all there, and none of them may be seen in a script.
_BUILD = """
import json, sys
from pathlib import Path
import dask.config
from workbench.clusters.process.batch_job import build, job_class
from workbench.pool.plugins import scheduler
from workbench.pool.scheduler import JobRequest

told = json.load(sys.stdin)
ours = scheduler(told["scheduler"])
kind = job_class(ours)
leaked = {name: "LEAKED" for name in (
    "queue", "account", "project", "walltime", "python", "shebang", "resource-spec", "name",
    "death-timeout", "local-directory", "interface",
)}
lists = {name: ["LEAKED"] for name in (
    "job-extra-directives", "job-script-prologue", "worker-extra-args", "job-directives-skip",
)}
sections = dask.config.get("jobqueue")
dask.config.set({"jobqueue": {
    section: {**known, **leaked, **lists} for section, known in sections.items()}})
scripts = []
for request in told["requests"]:
    for name in ("command", "card_words", "directives", "prologue"):
        request[name] = tuple(request[name])
    request["log"] = Path(request["log"])
    job = build(ours, JobRequest(**request))
    scripts.append(str(job.job_script()))
print(json.dumps([scripts, kind.submit_command, kind.cancel_command]))
"""


def built(scheduler: str, requests: Sequence[JobRequest]) -> tuple[list[str], str, str]:
    """Return the scripts of requests, and the words that submit and cancel them."""
    told: dict[str, Any] = {
        "scheduler": scheduler,
        "requests": [asdict(request) | {"log": str(request.log)} for request in requests],
    }
    done = subprocess.run(
        [sys.executable, "-c", _BUILD],
        input=json.dumps(told),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    scripts, submit, cancel = json.loads(done.stdout)
    return scripts, submit, cancel
