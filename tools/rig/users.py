"""Two ordinary users: limits do not bind root."""

from __future__ import annotations

import pwd
import shutil
import subprocess
from pathlib import Path

USERS = ("wbada", "wbeve")


def make_users(folder: Path) -> None:
    """Make the users where they are missing, and a home for each in the rig's folder.

    The names stay on the computer: another rig may be using them.
    """
    for user in USERS:
        try:
            pwd.getpwnam(user)
        except KeyError:
            words = ("useradd", "--system", "--user-group", "--no-create-home", user)
            subprocess.run(words, check=True, capture_output=True)
        home = folder / "homes" / user
        home.mkdir(parents=True, mode=0o700)
        shutil.chown(home, user, user)


def user_env(folder: Path, user: str) -> dict[str, str]:
    """Return what a log-in would set."""
    home = str(folder / "homes" / user)
    place = {"WORKBENCH_HOME": f"{home}/workbench"}
    return {"HOME": home, "USER": user, "LOGNAME": user, **place}


def as_user(folder: Path, user: str, *words: str) -> tuple[str, ...]:
    """Return a command that root runs as one of the users, with the way open to Python."""
    script = '. "$1" && shift && exec "$@"'
    namespace = ("unshare", "--mount", "--propagation=slave", "sh", "-c", script, "sh")
    setpriv = ("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--", *words)
    return (*namespace, str(folder / "run" / "passage"), *setpriv)
