"""What every rig can do: be entered, found again, called, and be gone."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tools.rig.folder import remove
from tools.rig.processes import Daemons, RigError
from tools.rig.users import user_env


class Rig:
    """A running scheduler in a folder of its own.

    Parameters
    ----------
    folder
        Where all of it lies.
    env
        What to add to the environment of everything that is to meet it.
    """

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder = folder
        self.daemons = Daemons(folder / "run")
        self.env = env

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End it with everything that runs on it, and remove its folder."""
        remove(self.folder, self.daemons)

    def inside(self, *words: str) -> tuple[str, ...]:
        """Return a command that runs where this scheduler is to be met; else as it is."""
        return words

    def call(
        self, *words: str, user: str | None = None, given: str = "", check: bool = True
    ) -> str:
        """Run a command against this scheduler and return what it prints.

        Parameters
        ----------
        user
            Who runs it; root if left out.
        given
            Its standard input.
        check
            Whether it must succeed; else what it says of its failure is returned, too.

        Raises
        ------
        RigError
            With what it said, when it fails and that is not expected.
        """
        done = subprocess.run(
            self.inside(*words),
            env={**os.environ, **self.env, **(user_env(self.folder, user) if user else {})},
            cwd=self.folder,
            input=given,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            raise RigError(f"{' '.join(words)}: exit {done.returncode}: {done.stderr.strip()}")
        return done.stdout if check else done.stdout + done.stderr
