"""The scheduler: whether it answers, what it shows, and whether it takes jobs of this user."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from workbench.doctor.findings import Finding, bad, good, unknown, warning
from workbench.doctor.site_file import name_findings
from workbench.errors import ParameterError
from workbench.pool.estimate import Answer, test_only, usual_request
from workbench.pool.partition import LOCAL, Partition
from workbench.pool.plugins import schedulers, vendors
from workbench.pool.pool import Pool
from workbench.pool.seen import Refusal, StartEstimate
from workbench.pool.site import Site
from workbench.pool.snapshot import Snapshot, user_name
from workbench.pool.vendors import UNKNOWN

CHECK = "scheduler"
ACCOUNT, JOBS, PLUGINS, CARDS = "account", "jobs", "plugins", "cards"
SLOW_S = 5.0
# Questions about jobs take turns from the budget of submissions: ten at once.
MOST, AT_ONCE = 8, 4


def pool_findings(pool: Pool, site: Site) -> Iterator[Finding]:
    """Say what one look at the schedulers tells."""
    yield from plugin_findings([*schedulers().problems, *vendors().problems])
    snapshot = pool.snapshot
    shown = {n: p for n, p in pool.partitions.items() if n != LOCAL}
    for remark in pool.remarks:
        yield good(CHECK, remark)
    problems = snapshot.problems_of(site.named_schedulers)
    if not snapshot.names and not problems:
        yield good(CHECK, "none is seen from here: clusters run on this computer")
        return
    yield from answer_findings(snapshot, problems, len(shown))
    if not snapshot.names:
        return
    if site.file is None:
        yield good(CHECK, "a site file for it can be drafted: workbench doctor --write")
    yield from name_findings(site, pool.partitions)
    yield from stranger_findings(shown, site)
    if snapshot.stale:
        said = "whether it takes jobs of yours cannot be asked while it does not answer"
        yield unknown(JOBS, said, "Try again when it answers")
    else:
        yield from account_findings(site, shown)


def answer_findings(
    snapshot: Snapshot, problems: Sequence[str], partitions: int
) -> Iterator[Finding]:
    """Say whether the schedulers answer, which, and how long that took."""
    ago = f"asked {snapshot.asked_age_s:.0f} s ago"
    if problems:
        yield bad(
            CHECK,
            f"{'; '.join(problems)} ({ago})",
            "Try its commands by hand: they may need a module, a variable such as SLURM_CONF, or "
            "another host. It may be down for a while: what it showed before is used until then",
        )
        return
    nodes = len(snapshot.nodes)
    said = f"{'+'.join(snapshot.names)}: {nodes:,} node{'s' * (nodes != 1)}, "
    said += f"{partitions} partition{'s' * (partitions != 1)}"
    took = f"{said}; it answered within {max(snapshot.took_s, 0.01):.2f} s ({ago})"
    if snapshot.took_s > SLOW_S:
        yield warning(CHECK, took, "Ask it more rarely: WORKBENCH_POLL_S=120; and tell the site")
    else:
        yield good(CHECK, took)


def plugin_findings(problems: Sequence[str]) -> Iterator[Finding]:
    """Tell of schedulers and vendors that are installed and cannot be used."""
    for problem in problems:
        yield warning(PLUGINS, problem, "Reinstall or repair the distribution that it names")


def stranger_findings(partitions: dict[str, Partition], site: Site) -> Iterator[Finding]:
    """Tell of cards whose vendor nobody knows: no worker could find or pin them."""
    each = [a for partition in partitions.values() for a in partition.accelerators.values()]
    for kind in sorted({one.name for one in each if one.vendor == UNKNOWN}):
        yield warning(
            CARDS,
            f"nobody knows whose cards {kind!r} are",
            f'In {site.file or "a site file"} write [accelerators."{kind}"] and vendor = one of '
            f"{', '.join(sorted(vendors().usable))}, or none where it is no card",
        )


def account_findings(site: Site, partitions: dict[str, Partition]) -> Iterator[Finding]:
    """Ask of each partition whether it takes a job of this user; nothing is submitted."""
    open_ = [partition for partition in partitions.values() if partition.up]
    named = {site.account_for(each.name, schedulers().usable[each.scheduler]) for each in open_}
    accounts = ", ".join(sorted(filter(None, named))) or "the one that the scheduler chooses"
    yield good(ACCOUNT, f"you are {user_name()}; jobs count for {accounts}")
    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(lambda each: _asked(site, each), open_[:MOST]))
    told = list(zip(open_, answers, strict=False))
    refused = [(each, answer) for each, answer in told if isinstance(answer, Refusal)]
    takes = [each.name for each, answer in told if isinstance(answer, StartEstimate)]
    for partition, answer in refused:
        said = f"{partition.name} refuses a small job: {answer.words}"
        yield (warning if takes else bad)(JOBS, said, answer.plain)
    if takes:
        left = len(open_) - len(answers)
        more = f"; {left} more were not asked" if left else ""
        yield good(JOBS, f"a small job would be taken by {', '.join(takes)}{more}")
    elif not refused:
        yield unknown(
            JOBS,
            "this scheduler does not say beforehand whether it takes a job",
            "Start a small cluster: a refusal is shown at once",
        )


def _asked(site: Site, partition: Partition) -> Answer | None:
    scheduler = schedulers().usable[partition.scheduler]
    cards = (each for each in partition.accelerators.values() if each.cards.total)
    try:
        request, _ = usual_request(site, scheduler, partition, next(cards, None))
    except ParameterError as error:
        return Refusal(error.message, "Correct that word in the site file", permanent=True)
    return test_only(scheduler, request, wait=True)
