"""Processes that outlive whoever starts them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from workbench.errors import Refused

# The small process in between makes the real one a child of init: nobody has to wait for it, it
# leaves no zombie, and it has a session of its own, so that closing a terminal or ending a
# notebook's process group does not reach it.  Its number stays the same through exec.
_BETWEEN = """
import os, sys
pid = os.fork()
if pid:
    print(pid)
else:
    os.setsid()
    os.dup2(2, 1)
    os.execv(sys.argv[1], sys.argv[1:])
"""


def run_detached(
    module: str,
    arguments: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Start ``python -m module arguments`` in a session of its own; return its process number.

    Standard input is empty, both outputs are appended to `log` (made with mode 0600).  The
    working folder is that of the log, and never comes onto ``sys.path``.

    Raises
    ------
    Refused
        When the system cannot start another process.
    """
    command = [sys.executable, "-P", "-m", module, *arguments]
    flags = os.O_CREAT | os.O_APPEND | os.O_WRONLY
    with open(os.open(log, flags, 0o600), "ab") as output:
        try:
            between = subprocess.run(
                [sys.executable, "-I", "-S", "-c", _BETWEEN, *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=output,
                cwd=log.parent,
                env={**os.environ, **(environment or {})},
                check=True,
            )
        except (OSError, subprocess.CalledProcessError) as error:
            message = f"No process could be started for {module}: {error}. See {log}."
            raise Refused(message) from error
    return int(between.stdout)
