"""A list of runs that is searched fast: a rebuildable index beside the runs' own files.

The run folders are the truth.  What the index says of a run that it shows is held against the
folder's ``status.json`` first; runs that go on are read anew each time.  The index lies on the
node's own disk, since SQLite's locks are none on a network file system, and may be removed at any
time.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from workbench.home import node_local, place_hash
from workbench.runs.folder import find_run, run_ids, runs_home
from workbench.runs.manifest import read_manifest
from workbench.runs.status import FINAL, describe

LOG = logging.getLogger(__name__)

LISTED_S = 30.0
BEGINS_S = 60.0
STEP = 500
MOMENT_S = 0.1
SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
  id TEXT PRIMARY KEY, state TEXT NOT NULL, live INTEGER NOT NULL, words TEXT NOT NULL,
  document TEXT NOT NULL, stamp INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS searched ON runs (id, state, words);
CREATE INDEX IF NOT EXISTS by_life ON runs (live, id);
"""
FORMAT = 2
MEMORY = ":memory:"
T = TypeVar("T")


class RunIndex:
    """The runs below one home.

    Parameters
    ----------
    path
        The index file; on the node's own disk when left out.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or _place()
        self._lock = threading.Lock()
        self._begin()

    def _begin(self) -> None:
        """Open the index file, a new one if need be, and know nothing of the runs yet."""
        self._listed: tuple[int, float] = (0, -LISTED_S)
        self._names: list[str] = []
        self._matched = False
        self._unread: list[str] = []
        self._counted: tuple[Any, int] | None = None
        self._damaged: set[str] = set()
        self._begun: set[str] = set()
        self._base = _opened(self._path)
        self._inode = _inode(self._path)

    def _asked(self, question: Callable[[], T]) -> T:
        """Answer a question; once more with a new index file where this one is gone or broken."""
        with self._lock:
            if _inode(self._path) != self._inode:
                self._base.close()
                self._begin()
            try:
                return question()
            except sqlite3.ProgrammingError:
                raise
            except sqlite3.DatabaseError as error:
                if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                    raise
                self._base.close()
                with contextlib.suppress(OSError):
                    self._path.unlink()
                self._begin()
                return question()

    @property
    def complete(self) -> bool:
        """Whether every run that is there has been read once."""
        return self._matched and not self._unread

    def close(self) -> None:
        """Close the index file."""
        with self._lock:
            self._base.close()

    def fill(self, most: int = STEP) -> bool:
        """Read some runs that the index does not know yet; return whether all are known."""

        def filled() -> bool:
            self._list()
            self._read_some(most)
            return self.complete

        return self._asked(filled)

    def page(
        self,
        *,
        text: str = "",
        states: Sequence[str] = (),
        limit: int = 50,
        after: str | None = None,
    ) -> dict[str, Any]:
        """Return some runs, the newest first.

        Parameters
        ----------
        text
            Words that id, recipe, clusters or input file names must hold, each of them.
        states
            Only runs in these states.
        limit
            At most so many.
        after
            Only those that follow this run.

        Returns
        -------
        dict
            ``{runs, next, total, complete}``; `total` counts the runs that fit, as far as
            `complete`, all of them are known.
        """

        def paged() -> dict[str, Any]:
            self._list()
            if text or states:
                self._read_some()
                self._read(self._live())
                found, total = self._searched(text, states, limit + 1, after)
            else:
                found, total = self._newest(limit + 1, after), len(self._names)
            documents = list(self._fresh(found))
            more = documents[limit - 1]["run_id"] if len(documents) > limit else None
            return {
                "runs": documents[:limit],
                "next": more,
                "total": total,
                "complete": self.complete,
            }

        return self._asked(paged)

    def running(self) -> list[dict[str, Any]]:
        """Return the runs that go on, or wait for somebody to go on with them."""

        def live() -> list[dict[str, Any]]:
            self._list()
            self._read_some()
            self._read(self._live())
            return list(self._fresh(self._live()))

        return self._asked(live)

    def news(self) -> tuple[int, frozenset[tuple[str, str]]]:
        """Return what is another one whenever a run has begun, ended, or got another state."""

        def told() -> tuple[int, frozenset[tuple[str, str]]]:
            self._list()
            self._read_some()
            self._read(self._live(waiting=False))
            going = self._base.execute("SELECT id, state FROM runs WHERE live = 1")
            return self._listed[0], frozenset(going)

        return self._asked(told)

    def _list(self) -> None:
        """Look which runs are there, where the folder says that something has changed."""
        home = runs_home()
        changed, now = home.stat().st_mtime_ns, time.monotonic()
        if self._listed[0] == changed and now - self._listed[1] < LISTED_S:
            return
        before, self._names = self._names, run_ids()
        self._listed = (changed, now)
        if self._matched:
            there, seen = set(self._names), set(before)
            self._forget(seen - there)
            self._unread = [n for n in self._unread if n in there]
            self._unread[:0] = [n for n in self._names if n not in seen]

    def _match(self) -> None:
        """Hold the index against the list: what is gone, what is to be read."""
        if self._matched:
            return
        known = {row[0] for row in self._base.execute("SELECT id FROM runs")}
        self._forget(known - set(self._names))
        self._unread = [n for n in self._names if n not in known and n not in self._damaged]
        self._matched = True

    def _forget(self, names: Iterable[str]) -> None:
        gone = [(name,) for name in names]
        if gone:
            with self._base:
                self._base.executemany("DELETE FROM runs WHERE id = ?", gone)

    def _read_some(self, most: int = STEP) -> None:
        """Read some runs that are not known yet, the newest first, for a moment."""
        self._match()
        self._read(sorted(self._begun))
        until = time.monotonic() + MOMENT_S
        done = 0
        while done < min(most, len(self._unread)) and time.monotonic() < until:
            self._read(self._unread[done : done + 20])
            done += 20
        del self._unread[:done]

    def _live(self, *, waiting: bool = True) -> list[str]:
        """Return those that go on; also those that wait for somebody, which may be many."""
        which = "live = 1" if waiting else "live = 1 AND state != 'interrupted'"
        rows = self._base.execute(f"SELECT id FROM runs WHERE {which} ORDER BY id DESC")
        return [row[0] for row in rows]

    def _newest(self, limit: int, after: str | None) -> list[str]:
        start = 0 if after is None else _behind(self._names, after)
        return self._names[start : start + limit]

    def _searched(
        self, text: str, states: Sequence[str], limit: int, after: str | None
    ) -> tuple[list[str], int]:
        where: list[str] = ["1"]
        values: list[str] = []
        for word in text.casefold().split():
            where.append("instr(words, ?)")
            values.append(word)
        if states:
            where.append(f"state IN ({','.join('?' * len(states))})")
            values += states
        told = " AND ".join(where)
        total = self._total(told, tuple(values))
        if after is not None:
            told, values = f"{told} AND id < ?", [*values, after]
        query = f"SELECT id FROM runs WHERE {told} ORDER BY id DESC LIMIT ?"
        return [row[0] for row in self._base.execute(query, [*values, limit])], total

    def _total(self, told: str, values: tuple[str, ...]) -> int:
        """Count what fits; as long as nothing was written, as it was counted before."""
        key = (told, values, self._base.total_changes)
        if self._counted is None or self._counted[0] != key:
            count = self._base.execute(f"SELECT count(*) FROM runs WHERE {told}", values)
            self._counted = (key, int(count.fetchone()[0]))
        return self._counted[1]

    def _fresh(self, names: Iterable[str]) -> Iterator[dict[str, Any]]:
        """Yield the documents of runs, read anew where their status has been replaced."""
        for name in names:
            row = self._row(name)
            document = json.loads(row[0]) if row else {}
            # The driver of a live run may have died without a word: its lock says so.
            if not row or row[1] or row[2] != _stamp(document["folder"]):
                self._read([name])
                row = self._row(name)
                document = json.loads(row[0]) if row else {}
            if document:
                yield document

    def _row(self, name: str) -> tuple[str, int, int] | None:
        found = self._base.execute("SELECT document, live, stamp FROM runs WHERE id = ?", [name])
        row: tuple[str, int, int] | None = found.fetchone()
        return row

    def _read(self, names: Iterable[str]) -> None:
        rows = []
        for name in names:
            self._begun.discard(name)
            try:
                folder = find_run(name)
                stamp = _stamp(folder)
                document = _brief(folder)
            except Exception as error:
                # Not there, on a disk that is not mounted, damaged: `run show` says which.
                # Whatever it is, it hides no other run.
                if name not in self._damaged:
                    LOG.warning("%s is not listed: %s", name, error)
                self._damaged.add(name)
                self._forget([name])
                if _is_new(name):
                    self._begun.add(name)
                continue
            state = document["state"]
            words = _words(document)
            live = int(state not in FINAL)
            rows.append((name, state, live, words, json.dumps(document), stamp))
        if rows:
            with self._base:
                self._base.executemany(
                    "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?)", rows
                )


def _place() -> Path:
    return node_local() / f"runs-{place_hash(runs_home(), 12)}.sqlite"


def _inode(path: Path) -> int | None:
    with contextlib.suppress(OSError):
        return path.stat().st_ino
    return None


def _opened(path: Path) -> sqlite3.Connection:
    try:
        return _connected(path)
    except (OSError, sqlite3.DatabaseError):
        try:
            path.unlink(missing_ok=True)
            return _connected(path)
        except (OSError, sqlite3.DatabaseError):
            # The node's disk is full or broken: for this process alone, in memory.
            return _connected(MEMORY)


def _connected(path: str | Path) -> sqlite3.Connection:
    base = sqlite3.connect(path, timeout=10, check_same_thread=False)
    try:
        if path != MEMORY:
            os.chmod(path, 0o600)
        if base.execute("PRAGMA user_version").fetchone()[0] not in (0, FORMAT):
            base.execute("DROP TABLE IF EXISTS runs")
        base.execute("PRAGMA synchronous = OFF")
        base.executescript(SCHEMA)
        base.execute(f"PRAGMA user_version = {FORMAT}")
        base.commit()
    except BaseException:
        base.close()
        raise
    return base


def _behind(names: list[str], after: str) -> int:
    """Return how many of the names, the newest first, do not come behind `after`."""
    low, high = 0, len(names)
    while low < high:
        middle = (low + high) // 2
        if names[middle] >= after:
            low = middle + 1
        else:
            high = middle
    return low


def _brief(folder: Path) -> dict[str, Any]:
    """Return what a list shows of a run."""
    document = describe(folder)
    del document["stages"]
    manifest = read_manifest(folder)
    return {**document, "inputs": [Path(one.path).name for one in manifest.inputs.values()]}


def _words(document: dict[str, Any]) -> str:
    parts = [document["run_id"], document["recipe"], *document["clusters"], *document["inputs"]]
    return " ".join(parts).casefold()


def _is_new(name: str) -> bool:
    """Say whether a run's folder was made a moment ago: its manifest may still be to come."""
    for file in (name, f"{name}.link.json"):
        with contextlib.suppress(OSError):
            return time.time() - (runs_home() / file).stat().st_mtime < BEGINS_S
    return False


def _stamp(folder: str | Path) -> int:
    with contextlib.suppress(OSError):
        return os.stat(Path(folder) / "status.json").st_mtime_ns
    return 0
