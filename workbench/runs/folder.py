"""Where runs lie, how they are named, found, measured and deleted."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from datetime import UTC, datetime
from pathlib import Path

from workbench.errors import DamagedResult, NotFound, Refused
from workbench.home import workbench_home
from workbench.runs.files import read_json, read_record, replace_json

RUN_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\Z")
KEPT = ("manifest.json", "status.json", "result.json", "result.zarr", "figures", "audit.json")


def runs_home() -> Path:
    """Return the folder of this user's runs, made if need be, private."""
    folder = workbench_home() / "runs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def new_run_folder(recipe_id: str, parent: Path | None = None) -> Path:
    """Make the folder of a new run and, for one outside the home, the entry that finds it.

    The name begins with the date, so that a listing by name is one by time.

    Raises
    ------
    Refused
        Where there may be none.
    """
    short = re.sub(r"[^a-z0-9]+", "-", recipe_id.rpartition(".")[2].lower()).strip("-")[:24]
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    home = runs_home()
    while True:
        run_id = f"{stamp}-{short}-{secrets.token_hex(3)}"
        folder = (parent.resolve() if parent else home) / run_id
        try:
            folder.mkdir(mode=0o700, parents=parent is not None)
        except FileExistsError:
            continue
        except (PermissionError, NotADirectoryError) as error:
            raise Refused(
                f"No run can be made in {folder.parent}: {error.strerror}. Choose another place "
                "with --folder DIR, or WORKBENCH_HOME.",
                code="folder",
            ) from error
        if parent is not None:
            replace_json(home / f"{run_id}.link.json", {"folder": str(folder)})
        for name in ("control", "parts", "plans", "stages", "inputs", "figures"):
            (folder / name).mkdir(mode=0o700)
        return folder


def find_run(run_id: str) -> Path:
    """Return the folder of a run.

    Raises
    ------
    NotFound
        With the nearest id.
    DamagedResult
        When the entry of a run elsewhere cannot be read.
    """
    home = runs_home()
    if RUN_ID.match(run_id):
        mend = f"Forget the run with: workbench run delete {run_id}"
        link = read_record(home / f"{run_id}.link.json", {"folder": str}, mend)
        folder = Path(link["folder"]) if link else home / run_id
        if (folder / "manifest.json").exists():
            return folder
        if link:
            raise NotFound(
                f"Run {run_id} lies in {folder}, which cannot be read now: mount that folder, or "
                f"forget the run with: workbench run delete {run_id}"
            )
        if folder.is_dir():
            raise NotFound(
                f"{folder} holds no manifest.json: the run was moved away or damaged. Put it back, "
                "or remove what is left of that folder."
            )
    raise NotFound.named("run", run_id, run_ids()[:200], "See: workbench run list")


def run_ids() -> list[str]:
    """Return the ids of all runs, the newest first."""
    found = []
    with os.scandir(runs_home()) as entries:
        for entry in entries:
            name = entry.name.removesuffix(".link.json")
            if RUN_ID.match(name) and (name != entry.name or _is_folder(entry)):
                found.append(name)
    return sorted(found, reverse=True)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # A link to itself.
        return False


def folder_bytes(folder: Path) -> int:
    """Return the bytes that a folder takes, files that vanish meanwhile left out."""
    total = 0
    stack = [str(folder)]
    while stack:
        try:
            with os.scandir(stack.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        stack.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            continue
    return total


def has_link(run_id: str) -> bool:
    """Say whether a run outside of the home was entered under this id."""
    return RUN_ID.match(run_id) is not None and (runs_home() / f"{run_id}.link.json").exists()


def delete_run(run_id: str, *, keep_result: bool = False) -> int:
    """Delete a run, or all but its result and record; return the bytes freed."""
    home = runs_home()
    link = home / f"{run_id}.link.json"
    try:
        folder = find_run(run_id)
    except (NotFound, DamagedResult):
        if not link.exists():
            raise
        link.unlink()
        return 0
    before = folder_bytes(folder)
    if keep_result:
        for path in folder.iterdir():
            if path.name not in KEPT:
                _remove(path)
        left, status = folder_bytes(folder), None
        with contextlib.suppress(ValueError):
            status = read_json(folder / "status.json")
        if isinstance(status, dict):
            replace_json(folder / "status.json", {**status, "bytes": left})
        return before - left
    # The manifest goes first: what is left of an interrupted deletion is no run any more.
    (folder / "manifest.json").unlink()
    shutil.rmtree(folder)
    link.unlink(missing_ok=True)
    return before


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
