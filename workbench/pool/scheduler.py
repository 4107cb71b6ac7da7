"""Scheduler: what one file in ``schedulers/`` answers; commands and parsers, no process is run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from workbench.errors import ParameterError, Problem
from workbench.pool import allowed
from workbench.pool.seen import Limits, Node, QueuedJob, Refusal, StartEstimate

Command = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class JobRequest:
    """One job, before a scheduler's file puts it into directives; every text was checked.

    Attributes
    ----------
    name
        Unlike every other job of the user: by it a job is found again after an unclear answer.
    command
        What the job runs, on its one node.
    memory_bytes
        Memory of the whole job.
    card_words
        The site's words that ask for the cards, filled in: ``("--gres=dcu:k100:1",)``.
    directives
        Further words of the site.
    prologue
        Lines of shell from the site file, run before the command.
    log
        Where the job's output goes.
    """

    name: str
    partition: str
    command: Command
    cpus: int
    memory_bytes: int | None
    time_limit_s: int
    log: Path
    account: str | None = None
    card_words: tuple[str, ...] = ()
    directives: tuple[str, ...] = ()
    prologue: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        accounts = () if self.account is None else (self.account,)
        _refuse(
            [
                *_wrong("name", allowed.job_name, self.name),
                *_wrong("partition", allowed.name, self.partition),
                *_wrong("account", allowed.account, *accounts),
                *_wrong("card words", allowed.word, *self.card_words),
                *_wrong("directives", allowed.word, *self.directives),
                *_wrong("prologue", allowed.shell_line, *self.prologue),
                *_wrong("log", allowed.path, str(self.log)),
                *_at_least_1("cpus", self.cpus),
                *_at_least_1("time_limit_s", self.time_limit_s),
                *_at_least_1("memory_bytes", 1 if self.memory_bytes is None else self.memory_bytes),
            ]
        )


def _wrong(what: str, check: Callable[[str], str], *texts: str) -> Iterator[Problem]:
    for text in texts:
        try:
            check(text)
        except ValueError as error:
            yield Problem(what, f"{error}.")


def _at_least_1(what: str, number: int) -> Iterator[Problem]:
    if number < 1:
        yield Problem(what, f"{number} was given; it is a whole number, 1 or more.")


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise ParameterError.of(problems)


class Scheduler(ABC):
    """One kind of scheduler.

    Attributes
    ----------
    name
        As in site files and JSON.
    programs
        Programs that must be on PATH for it to be asked.
    set_up_by
        The file that computers have where it was set up, see :meth:`absent`.
    job_class
        ``module:class`` of dask-jobqueue's job, which writes the directives and knows the words
        to submit and cancel; imported by the cluster's process alone.  Empty: none.
    job_id_variable
        Set inside its jobs; our job scripts hand its value to our processes.
    own_variables, kept_variables
        Beginnings of the environment variables by which it, or the job around us, would change
        what a command means; and those of them that commands need.  See
        :func:`workbench.pool.commands.submitting`.
    credential_variables
        Those that say who we are; needed as well, but they choose no other scheduler.
    node_word
        What its answer about nodes holds, as no scheduler is without any; empty: not looked for.
    account_variable
        Where its users keep their account, for those without one in the site file; may be empty.
    """

    name: ClassVar[str]
    programs: ClassVar[tuple[str, ...]]
    set_up_by: ClassVar[str] = "configuration"
    job_class: ClassVar[str]
    job_id_variable: ClassVar[str]
    own_variables: ClassVar[tuple[str, ...]] = ()
    kept_variables: ClassVar[tuple[str, ...]] = ()
    credential_variables: ClassVar[tuple[str, ...]] = ()
    node_word: ClassVar[str] = ""
    account_variable: ClassVar[str] = ""

    @property
    def title(self) -> str:
        """Return its name for people."""
        return self.name.upper()

    @abstractmethod
    def nodes_command(self) -> Command:
        """Return the one command that lists all nodes with their cards."""

    @abstractmethod
    def parse_nodes(self, text: str) -> list[Node]:
        """Read its output."""

    @abstractmethod
    def jobs_command(self) -> Command:
        """Return the one command that lists everybody's jobs, and mine that ended just now."""

    @abstractmethod
    def parse_jobs(self, text: str) -> list[QueuedJob]:
        """Read its output."""

    @abstractmethod
    def limits_command(self) -> Command:
        """Return the command that lists partitions and their limits; asked for rarely."""

    @abstractmethod
    def parse_limits(self, text: str) -> list[Limits]:
        """Read its output."""

    @abstractmethod
    def card_words(self, kind: str) -> str:
        """Return how cards of a kind are asked for where no site file says it; ``{n}`` cards."""

    @abstractmethod
    def job_options(self, request: JobRequest) -> Mapping[str, Any]:
        """Return the keywords of :attr:`job_class` that say what a request says."""

    def estimate_command(self, request: JobRequest) -> Command | None:
        """Return the command that says when such a job would start; nothing is submitted.

        None, as here, where there is no such command.
        """
        return None

    def parse_test(self, out: str, err: str, collected: str) -> StartEstimate | Refusal:
        """Read the answer of :meth:`estimate_command`.

        Parameters
        ----------
        collected
            When it was asked, as RFC 3339.
        """
        return self.refusal(err or out)

    @abstractmethod
    def find_command(self, names: Sequence[str]) -> Command:
        """Return the command that lists my jobs of these names, those that ended lately too.

        It may list others of mine; :meth:`parse_jobs` reads it.
        """

    @abstractmethod
    def refusal(self, err: str) -> Refusal:
        """Translate why a script was not taken.  Unknown words are no permanent refusal."""

    def accounts_command(self, words: str, user: str) -> Command | None:
        """Return the command that lists a user's accounts, where a refusal is about those.

        None, as here, where it is about something else, or there is no such command.
        """
        return None

    def parse_accounts(self, text: str, partition: str) -> list[str]:
        """Read its output: the accounts that may be used in a partition."""
        return []

    @abstractmethod
    def plain_reason(self, reason: str) -> str:
        """Say in plain words why a job waits or how it ended; the words themselves if unknown."""

    def absent(self, error: str) -> bool:
        """Say whether a command failed because this computer belongs to no such scheduler.

        Programs may be installed where nothing was ever set up.
        """
        return False

    def gone(self, err: str) -> bool:
        """Say whether a refused cancel means that the job has ended already."""
        return False


def directive_path(path: Path) -> str:
    """Write a path as a word of a directive: in double quotes where it holds a space."""
    return f'"{path}"' if " " in str(path) else str(path)
