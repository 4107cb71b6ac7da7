"""``python -P -m workbench.clusters.process.submit``: hand one small job to its scheduler.

A process of its own, since dask-jobqueue, which writes the directives, takes over the signal
handlers of whoever imports it.  ``{scheduler, request, script}`` stands on standard input; the
answer is ``{job_id}``, ``{refused: words}`` or ``{unanswered: why}``.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.clusters.process import batch_job
from workbench.clusters.process.batch_job import CommandFailed, Unanswered
from workbench.pool import pace, plugins
from workbench.pool.scheduler import JobRequest, Scheduler


async def submit(scheduler: Scheduler, request: JobRequest, script: Path) -> dict[str, str]:
    """Submit a job; after an unclear answer, look whether it is there."""
    await pace.async_slot()
    try:
        job = batch_job.build(scheduler, request)
        return {"job_id": await batch_job.submit(scheduler, job, script)}
    except CommandFailed as error:
        return {"refused": error.err}
    except Unanswered as error:
        found = await _found(scheduler, request.name)
        return {"job_id": found} if found else {"unanswered": str(error)}


async def _found(scheduler: Scheduler, name: str) -> str | None:
    try:
        text = await batch_job.ask(scheduler, scheduler.find_command([name]))
    except (CommandFailed, Unanswered):
        return None
    return next((job.job_id for job in scheduler.parse_jobs(text) if job.name == name), None)


def request_of(document: Mapping[str, Any]) -> JobRequest:
    """Read a request that was written as JSON."""
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in document.items()
    }
    return JobRequest(**{**values, "log": Path(values["log"])})


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    answer = asyncio.run(
        submit(
            plugins.scheduler(asked["scheduler"]),
            request_of(asked["request"]),
            Path(asked["script"]),
        )
    )
    sys.stdout.write(json.dumps(answer))
