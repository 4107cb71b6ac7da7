"""Running the schedulers' commands: bounded, side by side, in a clean environment."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.pool.scheduler import Command, Scheduler

# Slurm's own commands give a controller that is down up after 9 s.
TIMEOUT_S = 12.0

# A job's environment is kept by the scheduler, and readable on its nodes.
_SECRET = re.compile(
    r"TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|ACCESS_KEY|PRIVATE_KEY", re.IGNORECASE
)


@dataclass(frozen=True)
class Answer:
    """How a command ended.

    Attributes
    ----------
    code
        Exit status; None where it was not there or took too long, as `err` says.
    """

    code: int | None
    out: str
    err: str

    @property
    def good(self) -> bool:
        """Say whether the command did what it should."""
        return self.code == 0

    @property
    def problem(self) -> str:
        """Return the last line that it said about why it did not."""
        said = self.err if self.err.strip() else self.out
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        return lines[-1] if lines else f"exit status {self.code}"


def submitting(scheduler: Scheduler) -> dict[str, str]:
    """Return the environment for submitting and cancelling, which jobs inherit.

    Left out: variables that change what its commands mean or show (``SBATCH_PARTITION`` wins over
    a script's own), those of the job that we are in (a job that inherits which cards its parent
    has would take those), and what looks like a secret.
    """
    needed = (*scheduler.kept_variables, *scheduler.credential_variables)
    return {
        name: value
        for name, value in os.environ.items()
        if name in needed
        or not (
            _SECRET.search(name)
            or name.endswith("_VISIBLE_DEVICES")
            or name.startswith(scheduler.own_variables)
        )
    }


def asking(scheduler: Scheduler) -> dict[str, str]:
    """Return the environment for questions: the same, with times in UTC and plain words."""
    return submitting(scheduler) | {"TZ": "UTC", "LC_ALL": "C"}


def run(
    command: Command,
    env: Mapping[str, str] | None = None,
    *,
    timeout_s: float = TIMEOUT_S,
    stdin: Path | None = None,
) -> Answer:
    """Run one command without a shell, and without input where no file is named."""
    try:
        with open(stdin or os.devnull, "rb") as given:
            done = subprocess.run(
                command, stdin=given, capture_output=True, env=env, timeout=timeout_s, check=False
            )
    except FileNotFoundError:
        return Answer(None, "", f"There is no command {command[0]} on PATH.")
    except OSError as error:
        return Answer(None, "", f"{command[0]} cannot be run: {error.strerror}.")
    except subprocess.TimeoutExpired:
        return Answer(None, "", f"{command[0]} did not answer within {timeout_s:.0f} s.")
    return Answer(
        done.returncode,
        done.stdout.decode(errors="replace"),
        done.stderr.decode(errors="replace"),
    )


def run_all(
    commands: Sequence[tuple[Command, Mapping[str, str] | None]], *, timeout_s: float = TIMEOUT_S
) -> list[Answer]:
    """Run commands at the same time; the whole takes as long as the slowest."""
    answers: dict[int, Answer] = {}

    def one(number: int, command: Command, env: Mapping[str, str] | None) -> None:
        answers[number] = run(command, env, timeout_s=timeout_s)

    threads = [
        threading.Thread(target=one, args=(number, command, env), daemon=True)
        for number, (command, env) in enumerate(commands)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[number] for number in range(len(commands))]
