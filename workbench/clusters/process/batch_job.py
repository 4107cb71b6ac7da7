"""Batch jobs through dask-jobqueue: its classes write the directives and know the words.

What they leave open is done here: answers come within a bounded time, a refusal keeps the
scheduler's own words, the script is a private file, and nothing of a job that this process
runs in, nor of a Jupyter server, leaks into the jobs that it submits.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.pool.scheduler import JobRequest, Scheduler

ANSWER_S = 30.0

class CommandFailed(Exception):  # noqa: N818 - what it says is the scheduler's
    """A scheduler's program answered with an error.

    Parameters
    ----------
    err
        What it said.
    """

    def __init__(self, err: str) -> None:
        super().__init__(err)
        self.err = err


class Unanswered(Exception):  # noqa: N818
    """A scheduler's program gave no answer in time: what it did is not known."""


def job_class(scheduler: Scheduler) -> type[Any]:
    """Return dask-jobqueue's class for a scheduler, with calls that end."""
    module, _, name = scheduler.job_class.partition(":")
    base: type[Any] = getattr(importlib.import_module(module), name)
    return type(f"Workbench{name}", (base,), {"_call": staticmethod(run), "_submit_job": _submit})


async def _submit(job: Any, script: str) -> str:
    """Hand over a script; dask-jobqueue's own way throws away what LSF has to say."""
    if getattr(job, "use_stdin", False):
        return await run([f"{job.submit_command.strip()} < {shlex.quote(script)}"], shell=True)
    return await run([*shlex.split(job.submit_command), script])


def build(scheduler: Scheduler, request: JobRequest) -> Any:
    """Return dask-jobqueue's job for a request; its ``job_script()`` is what is submitted."""
    memory = request.memory_bytes or 2**30
    job = job_class(scheduler)(
        scheduler="",
        name=request.name,
        job_name=request.name,
        cores=request.cpus,
        memory=f"{memory} B",
        processes=1,
        python=sys.executable,
        shebang="#!/bin/bash",
        job_script_prologue=list(request.prologue),
        **scheduler.job_options(request),
    )
    job._command_template = shlex.join(request.command)
    return job


async def submit(job: Any, script: Path) -> str:
    """Write the script (0600), hand it to the scheduler, and return the job's id.

    Raises
    ------
    CommandFailed
        When the scheduler refused it.
    Unanswered
        When it is not known whether it took it.
    """
    text = str(job.job_script()).rstrip("\n") + "\n"
    script.unlink(missing_ok=True)
    with open(os.open(script, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)
    out = await job._submit_job(str(script))
    try:
        return str(job._job_id_from_submit_output(out))
    except ValueError as error:
        raise Unanswered(f"no job id in: {out.strip()}") from error


async def cancel(scheduler: Scheduler, job_ids: Sequence[str]) -> None:
    """Ask the scheduler to end jobs; raises as :func:`submit` does."""
    words = shlex.split(job_class(scheduler).cancel_command)
    await run([*words, *job_ids])


async def run(command: Sequence[str], *, shell: bool = False, **_: Any) -> str:
    """Run a scheduler's program for a bounded time; dask-jobqueue calls this as its own.

    Raises
    ------
    CommandFailed
        With what the program said.
    Unanswered
        When it did not end in time.
    """
    words = ["/bin/sh", "-c", " ".join(command)] if shell else list(command)
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), ANSWER_S)
    except TimeoutError as error:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        raise Unanswered(f"{words[0]} gave no answer within {ANSWER_S:.0f} seconds") from error
    if process.returncode:
        raise CommandFailed((err or out).decode(errors="replace").strip())
    return out.decode(errors="replace")
