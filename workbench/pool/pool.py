"""Pool: everything that a site lets the user compute on, as one look shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from workbench.pool.cards import CardStates, card_states
from workbench.pool.collect import latest
from workbench.pool.count import partitions_of
from workbench.pool.estimate import estimate
from workbench.pool.local import this_computer
from workbench.pool.partition import LOCAL, Accelerator, Partition
from workbench.pool.plugins import schedulers, vendors
from workbench.pool.site import Site, load_site
from workbench.pool.snapshot import Snapshot, user_name
from workbench.pool.vendors import UNKNOWN


@dataclass(frozen=True)
class Pool:
    """One look at all partitions.

    Attributes
    ----------
    scheduler
        The site's; ``local`` where there is none.
    collected, age_s
        When the data was asked for, and how old it is.
    stale
        Whether a scheduler did not answer when it was last asked; `problems` say why.
    remarks
        What is no problem, but may be asked: which schedulers are installed and not used.
    snapshot
        The single nodes and jobs behind the totals.
    """

    scheduler: str
    collected: str
    age_s: float
    stale: bool
    problems: list[str]
    remarks: list[str]
    partitions: dict[str, Partition]
    snapshot: Snapshot = field(repr=False)

    @classmethod
    def now(cls, site: Site | None = None, *, starts: bool = True) -> Pool:
        """Look at the pool; the schedulers are asked only if nobody has lately.

        Parameters
        ----------
        site
            Taken from the site file if left out.
        starts
            Whether to ask when a job would start, as far as the pace allows.
        """
        site = site or load_site()
        snapshot = latest(site)
        found: dict[str, Partition] = {}
        for name, shown in snapshot.by_scheduler.items():
            found |= partitions_of(name, shown, site, user_name())
        if starts and not snapshot.stale:
            estimate(found.values(), site)
        answers = snapshot.problems_of(site.named_schedulers)
        problems = [*answers, *schedulers().problems, *vendors().problems]
        problems += _strangers(found.values())
        local = this_computer()
        return cls(
            scheduler="+".join(snapshot.names) or LOCAL,
            collected=snapshot.collected_text,
            age_s=round(snapshot.age_s, 3),
            stale=snapshot.stale,
            problems=[*problems, *local.problems],
            remarks=snapshot.unset(asked=site.named_schedulers),
            partitions={**found, LOCAL: local.partition},
            snapshot=snapshot,
        )

    def cards(self) -> CardStates:
        """Return the state of every single card, one byte each."""
        kinds = {kind for partition in self.partitions.values() for kind in partition.accelerators}
        return card_states(self.snapshot, kinds)

    def to_json(self) -> dict[str, Any]:
        """Return the document of ``workbench pool show --json``."""
        return {
            "scheduler": self.scheduler,
            "collected": self.collected,
            "age_s": self.age_s,
            "stale": self.stale,
            "problems": self.problems,
            "partitions": [_json(partition) for partition in self.partitions.values()],
        }


def _json(partition: Partition) -> dict[str, Any]:
    return asdict(partition) | {
        "title": partition.title,
        "accelerators": [
            asdict(each) | {"waits": _waits(partition.scheduler, each)}
            for each in partition.accelerators.values()
        ],
    }


def _waits(scheduler: str, accelerator: Accelerator) -> list[dict[str, Any]]:
    """Say what the scheduler's words for waiting jobs mean, those of most jobs first."""
    reasons = sorted(accelerator.pending_reasons.items(), key=lambda pair: -pair[1])
    return [
        {"reason": word, "plain": schedulers().usable[scheduler].plain_reason(word), "jobs": jobs}
        for word, jobs in reasons
    ]


def _strangers(partitions: Iterable[Partition]) -> Iterator[str]:
    """Tell of cards whose vendor nobody knows: no worker could find or pin them."""
    shown = [each for partition in partitions for each in partition.accelerators.values()]
    kinds = {each.name for each in shown if each.vendor == UNKNOWN}
    for kind in sorted(kinds):
        yield (
            f"Nobody knows whose cards {kind!r} are. Say so in the site file: "
            f'[accelerators."{kind}"] and vendor = one of {", ".join(sorted(vendors().usable))}.'
        )
