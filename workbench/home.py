"""Where the workbench keeps what it has to keep: ``$WORKBENCH_HOME``, else ``~/workbench``."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from workbench.errors import Refused

HOME = "WORKBENCH_HOME"


def workbench_home() -> Path:
    """Return the folder that holds clusters and runs, made (0700) when it is not there.

    It is a visible folder, since JupyterLab refuses to open hidden ones.
    """
    given = os.environ.get(HOME) or "~/workbench"
    home = expanded(given)
    if home is None:
        raise Refused(
            f"Nobody knows where {given} is: set HOME, or WORKBENCH_HOME to a folder of your own."
        )
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(
            f"The folder {home} of runs and clusters cannot be made ({error.strerror}). Choose "
            "another place with WORKBENCH_HOME."
        ) from error
    return home


def place_hash(folder: Path, length: int = 8) -> str:
    """Return what stands for a folder in names that have to be unlike those of any other."""
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:length]


def expanded(path: str | os.PathLike[str]) -> Path | None:
    """Return an absolute path, ``~`` filled in; None where it names a home that nobody has."""
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError:
        return None


def node_local(scratch: str | None = None) -> Path:
    """Return this user's folder (0700) on the node's own disk, for what can be made again.

    Parameters
    ----------
    scratch
        Where the site keeps node-local files; environment variables in it are filled in.

    Raises
    ------
    Refused
        When the place in the shared temporary folder is taken by another user.
    """
    base = Path(os.path.expandvars(scratch) if scratch else tempfile.gettempdir())
    return private_folder(base / f"workbench-{os.getuid()}")


def private_folder(folder: Path) -> Path:
    """Make `folder`, or close it to everybody else (0700).

    Raises
    ------
    Refused
        When it is a link or belongs to another user: its files could be theirs.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise Refused(
            f"{folder} has to be a folder of your own, but it is a link or belongs to another "
            f"user (number {found.st_uid}). Remove it, or choose another place with "
            "WORKBENCH_HOME, or TMPDIR for node-local files."
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(0o700)
    return folder
