"""A rig's folder: marked with its owner, so that the next rig clears a dead one's away."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

import psutil

from tools.rig.processes import Daemons, RigError, end, is_alive, listening_below, processes_with

PREFIX = "workbench-rig-"
MARK = "rig.json"


def make_folder(kind: str, folder: Path | None = None) -> Path:
    """Make a rig's folder, after clearing away what dead owners left behind.

    Parameters
    ----------
    kind
        Which rig; part of the name.
    folder
        A new folder that belongs to nobody: its rig lasts until it is stopped.  Without it the rig
        is the calling process's own, below the folder for temporary files.
    """
    clear_dead()
    if folder is None:
        found = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{kind}-"))
        me = psutil.Process()
        owner = {"pid": me.pid, "created": me.create_time()}
    else:
        found, owner = folder.resolve(), None
        found.mkdir(parents=True)
        _check_passable(found)
    found.chmod(0o755)  # users other than root read configuration and homes below it
    (found / "run").mkdir()
    write_mark(found, {"kind": kind, "owner": owner})
    return found


def _check_passable(folder: Path) -> None:
    """Refuse a place that users other than root cannot reach.

    Raises
    ------
    RigError
        With the folder that is closed to them.
    """
    for parent in folder.parents:
        if not parent.stat().st_mode & 0o001:
            shutil.rmtree(folder)
            raise RigError(
                f"Users of the rig cannot pass {parent}. Name a folder that everybody can reach, "
                f"such as {tempfile.gettempdir()}/rig."
            )


def write_mark(folder: Path, mark: dict[str, object]) -> None:
    """Write what another process must know to find the rig again."""
    temporary = folder / f"{MARK}.new"
    temporary.write_text(json.dumps(mark, indent=1) + "\n")
    os.replace(temporary, folder / MARK)


def write_site(folder: Path, text: str) -> None:
    """Write the site file of a rig, as its site would."""
    (folder / "site.toml").write_text(text)


def read_mark(folder: Path) -> dict[str, object]:
    """Read it."""
    mark: dict[str, object] = json.loads((folder / MARK).read_text())
    return mark


def remove(folder: Path, daemons: Daemons | None = None) -> None:
    """End every process of a rig, jobs included, and remove its folder with all devices in it."""
    (daemons or Daemons(folder / "run")).end_all()
    jobs = processes_with(SLURM_CONF=str(folder / "slurm.conf"), SLURM_JOB_ID="")
    end([*listening_below(folder), *jobs, *processes_with(SGE_ROOT=str(folder), JOB_ID="")])
    shutil.rmtree(folder, ignore_errors=True)


def clear_dead() -> None:
    """Remove the rigs of processes that are gone, and no others."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            owner = read_mark(folder)["owner"]
        except (OSError, ValueError, KeyError):
            continue  # being made, or being removed
        if isinstance(owner, dict) and not _lives(owner):
            remove(folder)


def _lives(owner: dict[str, object]) -> bool:
    try:
        process = psutil.Process(int(str(owner["pid"])))
        return process.create_time() == owner["created"] and is_alive(process)
    except psutil.Error:
        return False
