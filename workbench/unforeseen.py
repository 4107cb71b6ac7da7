"""Errors that no code of ours foresaw, as people are told of them."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

from workbench.errors import Refused, WorkbenchError
from workbench.home import workbench_home
from workbench.room import ADVICE, full_words, no_room

# A disk that is away or broken, and files that are none.
BROKEN = (errno.EIO, errno.ESTALE, errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.EMFILE)


def _refusal(error: Exception) -> Refused | None:
    """Return what is wrong with a disk or a file on it as such; None for any other error."""
    if not isinstance(error, OSError):
        return None
    if no_room(error):
        said = full_words(Path(error.filename or workbench_home()), str(error.strerror))
        return Refused(f"{said} {ADVICE}, then try again.", code="no_space")
    if error.errno in (errno.EROFS, errno.EACCES):
        return Refused(
            f"{error.filename or workbench_home()}: {error.strerror}. Choose a place where you may "
            "write: WORKBENCH_HOME for runs and clusters, --folder DIR for one run.",
            code="folder",
        )
    if error.errno in BROKEN:
        return Refused(
            f"{error.filename or workbench_home()} cannot be read or written: {error.strerror}. "
            "Look at that file, and at the disk that holds it.",
            code="disk",
        )
    return None


def explained(error: Exception, details: Callable[[], str]) -> WorkbenchError:
    """Return what people are told of any error.

    Parameters
    ----------
    details
        Asked for a defect alone: writes more of it down, and returns where that stands.
    """
    return _refusal(error) or WorkbenchError(
        f"Something unexpected happened: {type(error).__name__}: {error}. This is a defect of the "
        f"workbench, not of your input. Please report it with {details()}",
        code="unexpected",
    )


def server_log() -> str:
    """Say where those find more who use the workbench in JupyterLab."""
    return "the end of the Jupyter server's log."
