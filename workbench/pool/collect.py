"""The collector: one look at the schedulers a user and half a minute, whoever needs it.

Panel, command line and every cluster's loop call :func:`latest`.  The first who finds the shared
snapshot too old claims the next one and asks; the others wait for it, on whatever host they are.
Nothing is asked when nobody calls.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from workbench.environ import seconds
from workbench.home import private_folder, workbench_home
from workbench.pool.commands import TIMEOUT_S, Answer, asking, run_all
from workbench.pool.plugins import scheduler as scheduler_named, schedulers
from workbench.pool.scheduler import Scheduler
from workbench.pool.site import Site
from workbench.pool.snapshot import (
    QUERIES,
    Snapshot,
    Told,
    commands_of,
    mine as mine,
    read,
    write,
)
from workbench.process import alive, identity
from workbench.runs.files import read_json
from workbench.runs.lock import silent_s

POLL_S = 30.0
LIMITS_S = 600.0
# Longer than a collection can take: the commands are given up before that.
CLAIM_S = 25.0
LOOK_S = (0.02, 0.5)


def poll_s() -> float:
    """Return how often the schedulers are asked at most."""
    return seconds("WORKBENCH_POLL_S", POLL_S)


def latest(site: Site, max_age_s: float | None = None, wait: bool = True) -> Snapshot:
    """Return what the schedulers show, asking them only when nobody has lately.

    Parameters
    ----------
    max_age_s
        Older than that is too old; never less than ``WORKBENCH_POLL_S``.
    wait
        False: return what there is at once if somebody else is just asking.

    Returns
    -------
    Snapshot
        When a scheduler does not answer, what it said before, with ``stale`` and the reason.
    """
    names = schedulers_of(site)
    if not names:
        return Snapshot(0, {}, asked=time.time(), read_at=time.monotonic())
    limit_s = max(poll_s(), max_age_s or 0.0)
    place = _Place.of(names)
    deadline = time.monotonic() + CLAIM_S
    look_s = LOOK_S[0]
    while True:
        found = place.snapshot()
        if found is not None and found.asked_age_s < limit_s:
            return found
        with place.claim(found) as ours:
            if ours:
                return _collect(place, place.snapshot() or found, limit_s)
        if time.monotonic() > deadline or (found is not None and not wait):
            # Whoever asks is slow, or gone on another host: what there is, is shown with its age.
            return found or Snapshot(0, {}, asked=time.time(), read_at=time.monotonic())
        time.sleep(look_s)
        look_s = min(LOOK_S[1], look_s * 2)


def schedulers_of(site: Site) -> tuple[str, ...]:
    """Return the schedulers of a site: those of its file, else all that are installed.

    Those whose programs were never set up here are left out later, see :meth:`Scheduler.absent`.
    """
    named = site.named_schedulers
    for name in named:
        scheduler_named(name)
    if site.scheduler is not None:
        return named
    there = [name for name, each in schedulers().usable.items() if _installed(each.programs)]
    return tuple(sorted({*there, *named}))


def _installed(programs: tuple[str, ...]) -> bool:
    return bool(programs) and all(shutil.which(program) for program in programs)


def _collect(place: _Place, before: Snapshot | None, limit_s: float) -> Snapshot:
    """Ask, and write what was said; unless somebody did so a moment ago."""
    if before is not None and before.asked_age_s < limit_s:
        return before
    old = before.told if before is not None else {}
    began, clock = time.time(), time.monotonic()
    absent = set(old) - set(before.names) if before is not None else set()
    asked = [
        (name, query)
        for name in place.names
        for query in QUERIES
        if _due(query, old.get(name, {}).get(query), began, name in absent)
    ]
    answers = run_all(
        [
            (commands_of(schedulers().usable[name], query), asking(schedulers().usable[name]))
            for name, query in asked
        ],
        timeout_s=TIMEOUT_S,
    )
    told = {name: dict(old.get(name, {})) for name in place.names}
    for (name, query), answer in zip(asked, answers, strict=True):
        problem = _problem(schedulers().usable[name], query, answer)
        if not problem:
            told[name][query] = Told(began, answer.out)
        else:
            last = told[name].get(query)
            kept = last if last is not None and last.text else Told(began)
            told[name][query] = replace(kept, error=problem)
    number = before.number + 1 if before is not None else 1
    took_s = time.monotonic() - clock
    snapshot = Snapshot(number, told, began, took_s, read_at=time.monotonic())
    try:
        write(place.file, snapshot)
    except OSError:
        # No room, or read-only: what was learnt is not shared, but not lost either.
        return snapshot
    return place.snapshot() or snapshot


def _problem(scheduler: Scheduler, query: str, answer: Answer) -> str:
    """Say why an answer is none; empty for a good one."""
    if not answer.good:
        return answer.problem
    if query == "nodes" and scheduler.node_word not in answer.out:
        return f"{' '.join(commands_of(scheduler, query))} named no node"
    return ""


def _due(query: str, told: Told | None, now: float, absent: bool) -> bool:
    """Say whether to ask: for limits rarely, and rarely where nothing was ever set up."""
    if told is None or (told.error and not absent):
        return True
    return (query != "limits" and not absent) or not 0 <= now - told.began < LIMITS_S


@dataclass(frozen=True)
class _Place:
    """Where the snapshot of these schedulers lies, and who may write the next one."""

    names: tuple[str, ...]
    file: Path

    @classmethod
    def of(cls, names: tuple[str, ...]) -> _Place:
        """Find the place: what chooses a controller (``SLURM_CONF``) chooses a file, too."""
        chosen = {
            variable: os.environ.get(variable)
            for name in names
            for variable in schedulers().usable[name].kept_variables
        }
        key = hashlib.sha256(json.dumps([names, chosen]).encode()).hexdigest()[:12]
        folder = private_folder(workbench_home() / "pool")
        return cls(names, folder / f"snapshot-{key}")

    def snapshot(self) -> Snapshot | None:
        """Read the snapshot, or return it as this process read it before."""
        try:
            status = self.file.stat()
        except FileNotFoundError:
            return None
        return _kept(self.file, self.names, status.st_mtime_ns, status.st_ino)

    @contextlib.contextmanager
    def claim(self, before: Snapshot | None) -> Iterator[bool]:
        """Claim the snapshot after `before`, and say whether that is ours.

        A claim is a file that exactly one process can make, on a network file system too.  That
        of a process that is gone is never taken away, which two could do, but followed by another
        one; all of them go when the snapshot is there.
        """
        number = before.number if before is not None else 0
        made: list[Path] = []
        for attempt in range(100):
            path = self.file.with_name(f"{self.file.name}.{number}.{attempt}")
            made.append(path)
            if _made(path):
                break
            if not _abandoned(path):
                yield False
                return
        try:
            yield True
        finally:
            for path in made:
                path.unlink(missing_ok=True)


@lru_cache(8)
def _kept(file: Path, names: tuple[str, ...], mtime_ns: int, inode: int) -> Snapshot | None:
    try:
        age_s = max(0.0, silent_s(file))
    except FileNotFoundError:
        return None
    return read(file, age_s, names)


def _made(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return False
    # On a full disk the claim says nothing, and counts until it has been silent for long.
    with contextlib.suppress(OSError), open(descriptor, "w", encoding="utf-8") as file:
        json.dump(identity(os.getpid()), file)
    return True


def _abandoned(path: Path) -> bool:
    """Say whether whoever made a claim is gone; of another host, that only time can tell."""
    try:
        who = read_json(path)
        silent = silent_s(path)
    except FileNotFoundError:
        return False
    except ValueError:
        who, silent = {}, silent_s(path)
    if not who:
        return silent > CLAIM_S
    here = alive(who)
    return silent > CLAIM_S if here is None else not here
