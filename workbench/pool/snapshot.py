"""What the schedulers of a site said, when, and what went wrong: one file for all processes."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import time
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from workbench.pool.plugins import schedulers
from workbench.pool.scheduler import Scheduler
from workbench.pool.seen import Limits, Node, QueuedJob
from workbench.pool.units import rfc3339
from workbench.runs.files import replace_bytes

QUERIES = ("nodes", "jobs", "limits")


@dataclass(frozen=True)
class Told:
    """A scheduler's last answer to one question.

    Attributes
    ----------
    began
        When it was asked, in seconds since 1970; what is older than that cannot be missing.
    text
        What it said; of an earlier time if `error` is not empty.
    error
        Why it has not answered since.
    """

    began: float
    text: str = ""
    error: str = ""


@dataclass(frozen=True)
class Shown:
    """What one scheduler shows."""

    nodes: list[Node] = field(default_factory=list)
    jobs: list[QueuedJob] = field(default_factory=list)
    limits: list[Limits] = field(default_factory=list)


@dataclass(frozen=True)
class Snapshot:
    """The schedulers' answers of one moment.

    Attributes
    ----------
    number
        Rises by one with each collection.
    told
        Answers by scheduler and question.
    asked
        When the schedulers were last asked, whether or not they answered; seconds since 1970.
    took_s
        How long that took.
    read_at, age_then_s
        When this process read the file, on its monotonic clock, and how old the file was then, by
        the clock of its file system: the clocks of two hosts are never compared.
    """

    number: int
    told: Mapping[str, Mapping[str, Told]]
    asked: float
    took_s: float = 0.0
    read_at: float = 0.0
    age_then_s: float = 0.0

    @property
    def collected(self) -> float:
        """Return when the oldest answer that is shown was asked for; seconds since 1970."""
        began = [told.began for told in self._live()]
        return min(began, default=self.asked)

    @property
    def age_s(self) -> float:
        """Return how old that is."""
        return self.asked_age_s + self.asked - self.collected

    @property
    def asked_age_s(self) -> float:
        """Return how long ago the schedulers were last asked."""
        return max(0.0, self.age_then_s + time.monotonic() - self.read_at) + self.took_s

    @property
    def stale(self) -> bool:
        """Say whether a scheduler did not answer when it was last asked."""
        return any(told.error for told in self._live())

    @property
    def collected_text(self) -> str:
        """Return :attr:`collected` as RFC 3339."""
        return rfc3339(self.collected)

    def _live(self) -> Iterator[Told]:
        for name in self.names:
            for query in ("nodes", "jobs"):
                if query in self.told[name]:
                    yield self.told[name][query]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return the schedulers, less those whose programs were never set up on this computer."""
        return tuple(name for name in self.told if not self._absent(name))

    def _absent(self, name: str) -> bool:
        answers, scheduler = self.told[name].values(), schedulers().usable[name]
        return bool(answers) and all(
            not told.text and scheduler.absent(told.error) for told in answers
        )

    def unset(self, *, asked: Collection[str] = ()) -> list[str]:
        """Say of schedulers whose programs were never set up here that they are not used.

        Parameters
        ----------
        asked
            Those that somebody asks for: of them, that is a problem and no remark.
        """
        found = [schedulers().usable[name] for name in self.told if name not in asked]
        return [
            f"{scheduler.title}'s programs are here, but no {scheduler.set_up_by}: not used"
            for scheduler in found
            if scheduler.name not in self.names
        ]

    def problems_of(self, asked: Collection[str]) -> list[str]:
        """Return what went wrong with the schedulers that are used, or asked for."""
        unset = [self._unset(name) for name in asked if name in set(self.told) - set(self.names)]
        return [*unset, *self._read[1]]

    def _unset(self, name: str) -> str:
        error = next(iter(self.told[name].values())).error
        return f"{name} is installed here, but was not set up: {error}"

    @cached_property
    def _read(self) -> tuple[dict[str, Shown], list[str]]:
        shown: dict[str, Shown] = {}
        problems: list[str] = []
        for name in self.names:
            scheduler, answers = schedulers().usable[name], self.told[name]
            found: dict[str, list[Any]] = {}
            for query, told in answers.items():
                if told.error:
                    problems.append(f"{name}: {told.error}")
                if told.error and not told.text:
                    continue
                try:
                    found[query] = getattr(scheduler, f"parse_{query}")(told.text)
                except (ValueError, LookupError, TypeError) as error:
                    problems.append(f"{name}: its list of {query} cannot be read: {error}")
            shown[name] = Shown(**found)
        return shown, list(dict.fromkeys(problems))

    @property
    def by_scheduler(self) -> Mapping[str, Shown]:
        """Return what each scheduler shows."""
        return self._read[0]

    @property
    def problems(self) -> list[str]:
        """Return what went wrong, one sentence each: where no scheduler is used, why."""
        return self.problems_of(() if self.names else self.told)

    @cached_property
    def nodes(self) -> list[Node]:
        """Return the nodes of all schedulers."""
        return [node for shown in self.by_scheduler.values() for node in shown.nodes]

    @cached_property
    def jobs(self) -> list[QueuedJob]:
        """Return everybody's jobs, of all schedulers."""
        return [job for shown in self.by_scheduler.values() for job in shown.jobs]

    @cached_property
    def limits(self) -> list[Limits]:
        """Return the partitions and their limits, of all schedulers."""
        return [limits for shown in self.by_scheduler.values() for limits in shown.limits]


def user_name() -> str:
    """Return whose jobs are mine: by number, since a variable could say anything."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def mine(snapshot: Snapshot) -> list[QueuedJob]:
    """Return the jobs of the user who asks, those that ended just now included."""
    me = user_name()
    return [job for job in snapshot.jobs if job.user == me]


def write(path: Path, snapshot: Snapshot) -> None:
    """Replace the file; the schedulers' own texts are kept, 2 MB of them as 100 kB."""
    told = {
        name: {query: [told.began, told.text, told.error] for query, told in answers.items()}
        for name, answers in snapshot.told.items()
    }
    document = {
        "v": 1,
        "number": snapshot.number,
        "asked": snapshot.asked,
        "took_s": snapshot.took_s,
        "told": told,
    }
    replace_bytes(path, zlib.compress(json.dumps(document).encode(), 1))


def read(path: Path, age_s: float, known: Iterable[str]) -> Snapshot | None:
    """Read the file; None where there is none, or none that this version can read.

    Parameters
    ----------
    age_s
        How old it is.
    known
        Names of the schedulers that can be read here.
    """
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, zlib.error):
        document = json.loads(zlib.decompress(path.read_bytes()))
        if document["v"] == 1:
            told = {
                name: {query: Told(*values) for query, values in answers.items()}
                for name, answers in document["told"].items()
                if name in set(known)
            }
            return Snapshot(
                document["number"],
                told,
                document["asked"],
                document["took_s"],
                read_at=time.monotonic(),
                age_then_s=age_s,
            )
    return None


def commands_of(scheduler: Scheduler, query: str) -> tuple[str, ...]:
    """Return the command that asks one question."""
    command: tuple[str, ...] = getattr(scheduler, f"{query}_command")()
    return command
