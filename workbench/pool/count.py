"""From single nodes and jobs to the totals of each partition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from workbench.pool.partition import Accelerator, Partition
from workbench.pool.seen import CardCount, Limits, Node, QueuedJob
from workbench.pool.site import Site
from workbench.pool.snapshot import Shown
from workbench.pool.vendors import NO_CARD, model_of, vendor_of

HOLDING = ("running", "finishing")
Held = Mapping[tuple[str, str], int]


def partitions_of(scheduler: str, shown: Shown, site: Site, user: str) -> dict[str, Partition]:
    """Count nodes, cards and waiting jobs of each partition of a scheduler.

    Parameters
    ----------
    user
        Whose cards are counted as mine.
    """
    found = {each.name: _partition(scheduler, each, site) for each in shown.limits}
    mine = held_by(shown, user)
    for node in shown.nodes:
        for name in node.partitions:
            if name not in found:
                found[name] = _partition(scheduler, Limits(name=name), site)
            _add_node(found[name], node, mine, site)
    for name, partition in found.items():
        for kind in site.partition(name).accelerators or ():
            _accelerator(partition, kind, site)
    for job in shown.jobs:
        if job.state == "pending":
            # A job that names no queue waits for any that has what it wants.
            for name in job.partition.split(",") if job.partition else found:
                if name in found:
                    _add_waiting(found[name], job)
    return found


def held_by(shown: Shown, user: str) -> Held:
    """Return how many cards a user's jobs hold, by node and the node's kind of card.

    A job tells its cards all together: they are spread over its nodes, and those that name no
    model (``gpu``) over the models that a node has.
    """
    nodes = {node.name: node for node in shown.nodes}
    found: Counter[tuple[str, str]] = Counter()
    for job in shown.jobs:
        if job.user != user or job.state not in HOLDING or not job.cards:
            continue
        there = [nodes[name] for name in job.nodes if name in nodes]
        for kind, number in job.cards.items():
            for position, node in enumerate(there):
                share = number // len(there) + (position < number % len(there))
                found.update(_placed(kind, share, node, found))
    return found


def _placed(kind: str, share: int, node: Node, before: Held) -> dict[tuple[str, str], int]:
    """Put a job's share of cards onto a node's kinds, never beyond what is in use there."""
    placed: dict[tuple[str, str], int] = {}
    for own, count in matching(kind, node.cards):
        room = count.allocated - before.get((node.name, own), 0)
        taken = max(0, min(share, room))
        if taken:
            placed[node.name, own] = taken
            share -= taken
    return placed


def matching(kind: str, cards: Mapping[str, CardCount]) -> Iterator[tuple[str, CardCount]]:
    """Yield a node's kinds that a job's word for its cards can mean."""
    if kind in cards:
        yield kind, cards[kind]
        return
    for own, count in cards.items():
        if own.split(":")[0] == kind or kind.split(":")[0] == own:
            yield own, count


def _partition(scheduler: str, limits: Limits, site: Site) -> Partition:
    own = site.partition(limits.name)
    limit = [each for each in (limits.time_limit_s, own.time_limit_s) if each is not None]
    return Partition(
        name=limits.name,
        scheduler=scheduler,
        time_limit_s=min(limit, default=None),
        default_time_s=own.default_time_s or limits.default_time_s,
        up=limits.up,
        default=limits.default,
        accounts=limits.accounts,
    )


def _add_node(partition: Partition, node: Node, mine: Held, site: Site) -> None:
    totals = partition.nodes
    totals.total += 1
    setattr(totals, node.state, getattr(totals, node.state) + 1)
    partition.cpus = max(partition.cpus, node.cpus)
    partition.memory_bytes = max(partition.memory_bytes, node.memory_bytes)
    unusable = _unusable(node, site.partition(partition.name).whole_node)
    for kind, count in node.cards.items():
        if vendor_of(site, kind) == NO_CARD:
            continue
        accelerator = partition.accelerators.get(kind) or _accelerator(partition, kind, site)
        accelerator.per_node = max(accelerator.per_node, count.total)
        cards, idle = accelerator.cards, count.total - count.allocated
        cards.total += count.total
        cards.allocated += count.allocated
        cards.mine += mine.get((node.name, kind), 0)
        if node.state == "out_of_service":
            cards.out_of_service += idle
        else:
            cards.free += idle
            cards.stranded += idle if unusable else 0


def _unusable(node: Node, whole_node: bool) -> bool:
    """Say whether no further job of ours fits on a node, whatever cards it has left."""
    if node.state == "idle":
        return False
    return whole_node or node.cpus_free == 0 or (node.memory_bytes > 0 == node.memory_free_bytes)


def _accelerator(partition: Partition, kind: str, site: Site) -> Accelerator:
    told = site.accelerator(kind)
    found = Accelerator(
        name=kind,
        vendor=vendor_of(site, kind),
        model=model_of(site, kind),
        memory_bytes=told.memory_bytes,
        price_per_hour=told.price_per_hour,
        power_w=told.power_w,
    )
    return partition.accelerators.setdefault(kind, found)


def _add_waiting(partition: Partition, job: QueuedJob) -> None:
    """Count a job that waits: with each kind of card that could serve it."""
    partition.pending_jobs += job.tasks if job.partition else 0
    reason = job.reason.split(",")[0].strip() or "unknown"
    for name in _wanted(job.cards, partition.accelerators):
        accelerator = partition.accelerators[name]
        accelerator.pending_jobs += job.tasks
        reasons = accelerator.pending_reasons
        reasons[reason] = reasons.get(reason, 0) + job.tasks


def _wanted(cards: Iterable[str], there: Mapping[str, Accelerator]) -> set[str]:
    counts = {name: CardCount(0) for name in there}
    return {own for kind in cards for own, _ in matching(kind, counts)}
