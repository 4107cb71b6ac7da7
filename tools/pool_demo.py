"""``make pool-demo``: a Slurm with mixed cards on this computer, two clusters and a run over both.

Everything lies in one folder that is gone afterwards, also after Ctrl-C.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from tools.rig.processes import RigError, end, processes_with
from tools.rig.slurm import Slurm

WORKBENCH = str(Path(sys.executable).with_name("workbench"))
PROGRAMS = ("slurmctld", "slurmd", "sbatch", "munged")
DETACHED = 130

COMMANDS = (
    ("The pool: two kinds of accelerator cards and more.", "pool show"),
    (
        "A cluster of two DCUs ...",
        "cluster start dcu --partition dcu --accelerator dcu:k100 --workers 2",
    ),
    (
        "... and one of a GPU.",
        "cluster start gpu --partition gpu --accelerator gpu:a100 --workers 1",
    ),
    (
        "One run draws on both.",
        "run start proteins.search --example globins --on dcu --on gpu --wait",
    ),
    ("Which cards the clusters hold:", "cluster show dcu"),
    ("", "cluster show gpu"),
    ("They count as yours in the pool:", "pool show"),
)


def missing() -> str:
    """Say why this computer cannot play a pool; empty where it can."""
    absent = [program for program in PROGRAMS if shutil.which(program) is None]
    if os.geteuid() == 0 and not absent:
        return ""
    return (
        "This starts a Slurm of its own on this computer, which takes root, and Debian's packages "
        "slurm-wlm and munge, which apt-get installs for root. "
        + ("You are not root. " if os.geteuid() else "")
        + (f"Not installed: {', '.join(absent)}. " if absent else "")
        + "Without both: make demo runs the same recipe on this computer, and on a real cluster "
        "the same commands show its pool."
    )


@contextlib.contextmanager
def pool() -> Iterator[Mapping[str, str]]:
    """Have a Slurm; yield the environment in which commands meet it, and leave nothing."""
    with Slurm.start() as rig:
        # The last command is to see what the ones before it did.
        env = {**os.environ, **rig.env, "WORKBENCH_POLL_S": "2"}
        try:
            yield env
        finally:
            while left := processes_with(WORKBENCH_HOME=env["WORKBENCH_HOME"]):
                end(left)


def show(env: Mapping[str, str]) -> int:
    """Run the commands one after the other; stop at the first that fails."""
    for title, command in COMMANDS:
        click.echo(f"\n{title}\n$ workbench {command}".replace("\n\n", "\n"))
        code = subprocess.run([WORKBENCH, *shlex.split(command)], env=env, check=False).returncode
        if code:
            return code
    return 0


def main() -> int:
    """Show it."""
    said = missing()
    if said:
        click.echo(said, err=True)
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    click.echo("Starting a Slurm of five nodes with cards of three vendors ...")
    try:
        with pool() as env:
            code = show(env)
            click.echo("\nEnding the clusters and the Slurm ...")
    except KeyboardInterrupt:
        click.echo("\nEverything was ended and removed.", err=True)
        return DETACHED
    except RigError as error:
        click.echo(f"The Slurm did not start: {error}", err=True)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
