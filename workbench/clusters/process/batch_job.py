"""Batch jobs through dask-jobqueue: its classes write the directives and know the words.

What they leave open is done here: answers come within a bounded time, a refusal keeps the
scheduler's own words, and the script is a private file.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.pool import commands
from workbench.pool.commands import asking, submitting
from workbench.pool.scheduler import JobRequest, Scheduler
from workbench.runs.lock import JOB_ID

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


def job_class(scheduler: Scheduler) -> Any:
    """Return dask-jobqueue's class for the jobs of a scheduler."""
    module, _, name = scheduler.job_class.partition(":")
    return getattr(importlib.import_module(module), name)


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
        job_script_prologue=[*request.prologue, _job_id(scheduler)],
        **scheduler.job_options(request),
    )
    job._command_template = shlex.join(request.command)
    return job


def _job_id(scheduler: Scheduler) -> str:
    """Return the line that tells our processes their job under any scheduler."""
    return f'export {JOB_ID}="${{{scheduler.job_id_variable}:-}}"'


async def submit(scheduler: Scheduler, job: Any, script: Path) -> str:
    """Write the script (0600), hand it to the scheduler, and return the job's id.

    Raises
    ------
    CommandFailed
        When the scheduler refused it.
    Unanswered
        When it is not known whether it took it.
    """
    await asyncio.to_thread(_write, script, str(job.job_script()).rstrip("\n") + "\n")
    words = shlex.split(job.submit_command)
    if getattr(job, "use_stdin", False):
        # LSF takes a script from its standard input.
        out = await run(words[:1], submitting(scheduler), script)
    else:
        out = await run([*words, str(script)], submitting(scheduler))
    try:
        return str(job._job_id_from_submit_output(out))
    except ValueError as error:
        raise Unanswered(f"no job id in: {out.strip()}") from error


def _write(script: Path, text: str) -> None:
    script.unlink(missing_ok=True)
    with open(os.open(script, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)


async def cancel(scheduler: Scheduler, job_ids: Sequence[str]) -> None:
    """Ask the scheduler to end jobs; raises as :func:`submit` does."""
    words = shlex.split(job_class(scheduler).cancel_command)
    await run([*words, *job_ids], submitting(scheduler))


async def ask(scheduler: Scheduler, command: Sequence[str]) -> str:
    """Return the answer to a question; raises as :func:`submit` does."""
    return await run(command, asking(scheduler))


async def run(command: Sequence[str], env: Mapping[str, str], stdin: Path | None = None) -> str:
    """Run a scheduler's program for a bounded time; return what it printed."""
    words = tuple(command)
    answer = await asyncio.to_thread(commands.run, words, env, timeout_s=ANSWER_S, stdin=stdin)
    if answer.code is None:
        raise Unanswered(answer.problem)
    if not answer.good:
        raise CommandFailed((answer.err or answer.out).strip())
    return answer.out
