"""Two ordinary users: limits do not bind root."""

from __future__ import annotations

import os
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
    return {"HOME": home, "USER": user, "LOGNAME": user}


def become(folder: Path, user: str) -> dict[str, str]:
    """Turn this process into one of the user's, and return what a log-in would set."""
    entry = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    return user_env(folder, user)
