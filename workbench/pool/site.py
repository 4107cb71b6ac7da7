"""The site file: what a site's own words, rules and prices are, where they differ from defaults.

Without any site file a live scheduler is used as it shows itself.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench import environ
from workbench.errors import NotFound, ParameterError, Problem
from workbench.home import expanded, workbench_home
from workbench.pool import allowed, keys
from workbench.pool.keys import key
from workbench.pool.scheduler import JobRequest, Scheduler

ETC = Path("/etc/workbench/site.toml")


@dataclass(frozen=True, kw_only=True)
class Batch:
    """The small jobs that keep a driver or a cluster's process alive."""

    partition: str | None = key(
        keys.text(allowed.name), "Partition of these jobs; the default partition if left out."
    )
    time_limit_s: int | None = key(
        keys.duration, "Their time limit, such as 2-00:00:00.", name="time_limit"
    )
    memory_bytes: int = key(keys.size, "Memory of each.", name="memory", default=2 * 2**30)


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How much of the site one user's clusters may take."""

    jobs: int | None = key(keys.count, "Most jobs of one cluster, waiting ones included.")
    workers: int | None = key(keys.count, "Most workers of one cluster.")


@dataclass(frozen=True, kw_only=True)
class SiteAccelerator:
    """One kind of card, under the name that the scheduler gives it."""

    vendor: str | None = key(keys.text(allowed.name), "Who made it: nvidia, amd, hygon, ...")
    model: str | None = key(keys.plain, "Its name for people; the scheduler's own if left out.")
    memory_bytes: int | None = key(keys.size, "Memory of one card.", name="memory")
    request: tuple[str, ...] = key(
        keys.words,
        "The words that ask for {n} cards on each node, such as --gres=dcu:k100:{n}.",
        default=(),
    )
    price_per_hour: float | None = key(keys.amount, "What one card costs for one hour.")
    power_w: float | None = key(keys.amount, "What one card draws when it is busy, in watts.")


@dataclass(frozen=True, kw_only=True)
class SitePartition:
    """One partition, under its own name."""

    scheduler: str | None = key(keys.text(allowed.name), "Whose it is, where a site has several.")
    account: str | None = key(keys.text(allowed.account), "Account for jobs in this partition.")
    modules: tuple[str, ...] | None = key(
        keys.texts(allowed.module), "Modules to load here, in place of the site's."
    )
    prologue: tuple[str, ...] | None = key(
        keys.texts(allowed.shell_line), "Lines of shell for jobs here, in place of the site's."
    )
    whole_node: bool = key(
        keys.yes_no, "Whether a job has to take all the cards of its nodes.", default=False
    )
    cpus_per_card: int | None = key(keys.count, "CPUs that come with each card.")
    memory_per_card_bytes: int | None = key(
        keys.size, "Memory that comes with each card.", name="memory_per_card"
    )
    directives: tuple[str, ...] = key(
        keys.words,
        "Further words for the scheduler; {cpus}, {n} and {memory_mb} are filled in.",
        default=(),
    )
    accelerators: tuple[str, ...] | None = key(
        keys.texts(allowed.name), "Kinds of card here, where the scheduler does not show them."
    )
    time_limit_s: int | None = key(
        keys.duration, "Longest job, where that is less than the scheduler says.", name="time_limit"
    )
    default_time_s: int | None = key(
        keys.duration, "Time limit of jobs that name none.", name="default_time"
    )


@dataclass(frozen=True, kw_only=True)
class Site:
    """A whole site file; everything may be left out."""

    scheduler: str | None = key(
        keys.text(allowed.name), "slurm, sge, pbs, lsf, or of a pack; found by looking if left out."
    )
    interface: str | None = key(
        keys.text(allowed.interface), "Network interface that workers and clusters meet on."
    )
    account: str | None = key(keys.text(allowed.account), "Account for all jobs.")
    login_node: bool | None = key(
        keys.yes_no, "Whether commands are typed on a shared login node; found out if left out."
    )
    modules: tuple[str, ...] = key(
        keys.texts(allowed.module), "Modules that every job loads.", default=()
    )
    prologue: tuple[str, ...] = key(
        keys.texts(allowed.shell_line), "Lines of shell that every job runs first.", default=()
    )
    python: str | None = key(
        keys.path, "Python on the nodes, where it is another than the one that is running."
    )
    scratch: str | None = key(keys.path, "Folder on each node for files of one job.")
    runs: str | None = key(keys.path, "Folder that holds the runs, seen from everywhere.")
    kills_at_logout: bool = key(
        keys.yes_no, "Whether the site ends what users leave behind at logout.", default=False
    )
    batch: Batch = key(keys.table(Batch), "", factory=Batch)  # noqa: RUF009 - a field
    limits: Bounds = key(keys.table(Bounds), "", factory=Bounds)  # noqa: RUF009 - a field
    accelerators: Mapping[str, SiteAccelerator] = key(
        keys.tables(SiteAccelerator, allowed.name), "", factory=dict
    )
    partitions: Mapping[str, SitePartition] = key(
        keys.tables(SitePartition, allowed.name), "", factory=dict
    )
    file: Path | None = field(default=None)

    def request(
        self,
        scheduler: Scheduler,
        partition: str,
        *,
        cpus: int,
        memory_bytes: int,
        kind: str | None = None,
        cards: int = 0,
        **job: Any,
    ) -> JobRequest:
        """Return a request for one job, with all that the file says of jobs in its partition.

        Parameters
        ----------
        cpus, memory_bytes, cards
            Of the whole job.
        kind
            Kind of the cards; None: no cards.
        **job
            The other fields of :class:`~workbench.pool.scheduler.JobRequest`.

        Raises
        ------
        ParameterError
            When a word may not stand in a job script.
        """
        return JobRequest(
            partition=partition,
            cpus=cpus,
            memory_bytes=memory_bytes,
            account=self.account_for(partition, scheduler),
            card_words=self.card_words(scheduler, kind, cards) if kind else (),
            directives=self.directives(
                partition, cpus=cpus, cards=cards, memory_bytes=memory_bytes
            ),
            prologue=self.prologue_for(partition),
            **job,
        )

    def partition(self, name: str) -> SitePartition:
        """Return what the file says of a partition; the defaults where it says nothing."""
        return self.partitions.get(name, SitePartition())

    def accelerator(self, kind: str) -> SiteAccelerator:
        """Return what the file says of a kind of card; the defaults where it says nothing."""
        return self.accelerators.get(kind, SiteAccelerator())

    def card_words(self, scheduler: Scheduler, kind: str, cards: int) -> tuple[str, ...]:
        """Return the words that ask for so many cards of a kind on each node."""
        words = self.accelerator(kind).request or (scheduler.card_words(kind),)
        return tuple(word.replace("{n}", str(cards)) for word in words)

    def directives(
        self, partition: str, *, cpus: int, cards: int = 0, memory_bytes: int = 0
    ) -> tuple[str, ...]:
        """Return the further words of a partition, filled in."""
        filled = {"{cpus}": cpus, "{n}": cards, "{memory_mb}": -(-memory_bytes // 2**20)}
        found = []
        for word in self.partition(partition).directives:
            for name, number in filled.items():
                word = word.replace(name, str(number))
            found.append(word)
        return tuple(found)

    def prologue_for(self, partition: str) -> tuple[str, ...]:
        """Return the lines of shell of a job: its modules, then the site's own lines."""
        own = self.partition(partition)
        modules = self.modules if own.modules is None else own.modules
        lines = self.prologue if own.prologue is None else own.prologue
        return (*([f"module load {' '.join(modules)}"] if modules else []), *lines)

    @property
    def named_schedulers(self) -> tuple[str, ...]:
        """Return the schedulers that the file asks for, in order."""
        named = {self.scheduler, *(each.scheduler for each in self.partitions.values())}
        return tuple(sorted(filter(None, named)))

    def account_for(self, partition: str, scheduler: Scheduler) -> str | None:
        """Return the account of a job: the file's, else that of the scheduler's own variable."""
        named = self.partition(partition).account or self.account
        found = named or os.environ.get(scheduler.account_variable or "", "")
        return found or None


def site_file() -> Path | None:
    """Return the site file that counts here, None where there is none.

    Raises
    ------
    NotFound
        When ``WORKBENCH_SITE`` names a file that is not there.
    """
    given = os.environ.get(environ.SITE)
    if given:
        path = expanded(given)
        if path is None or not path.is_file():
            raise NotFound(
                f"WORKBENCH_SITE names {given}, and there is no such file. Correct it, or unset "
                "it to use $WORKBENCH_HOME/site.toml or /etc/workbench/site.toml."
            )
        return path
    return next((path for path in (workbench_home() / "site.toml", ETC) if path.is_file()), None)


def load_site() -> Site:
    """Read the site file that counts here; see :func:`read_site`."""
    path = site_file()
    return Site() if path is None else read_site(path)


def read_site(path: Path) -> Site:
    """Read one site file.

    Raises
    ------
    ParameterError
        With every problem at once, each with its line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(f"The site file {path} cannot be read: {error}.") from error
    found, problems = keys.read(Site, text)
    if problems:
        raise ParameterError.of(
            [Problem(f"{path}:{line}" if line else f"{path}", said) for line, said in problems]
        )
    values: dict[str, Any] = {**found, "file": path}
    return Site(**values)
