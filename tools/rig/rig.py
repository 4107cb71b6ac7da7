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
from tools.rig.users import as_user, user_env


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
        # Nothing of the rig ends up in the home of whoever started it.
        self.env = {"WORKBENCH_HOME": f"{folder}/homes/root/workbench", **env}

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

    def inside(self, *words: str, user: str | None = None) -> tuple[str, ...]:
        """Return a command that runs where this scheduler is to be met, as one of its users."""
        return as_user(self.folder, user, *words) if user else words

    def environment(self, user: str | None = None) -> dict[str, str]:
        """Return the environment of such a command."""
        own = user_env(self.folder, user) if user else {}
        return {**os.environ, **self.env, **own}

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
            self.inside(*words, user=user),
            env=self.environment(user),
            cwd=self.folder,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            raise RigError(f"{' '.join(words)}: exit {done.returncode}: {done.stderr.strip()}")
        return done.stdout if check else done.stdout + done.stderr
