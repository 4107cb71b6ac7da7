"""The text of a drafted site file: pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.doctor.network import listed
from workbench.pool import allowed, keys, units
from workbench.pool.partition import Accelerator, Partition
from workbench.pool.plugins import scheduler
from workbench.pool.site import Batch, Bounds, Site, SiteAccelerator, SitePartition
from workbench.pool.vendors import UNKNOWN

HEAD = """\
# Site file of the workbench, drafted on {host}, {date}, from what {schedulers} shows.
# A line that begins with # and a name is a key that is not used: take the # away and fill it in.
# Whatever is left out has its default.  After a change: workbench doctor, and for a started
# cluster: workbench doctor CLUSTER
"""
# What a key of a kind looks like, by what may stand there.
SAMPLES = {
    keys.count.says: "8",
    keys.amount.says: "1.0",
    keys.yes_no.says: "false",
    keys.duration.says: '"12:00:00"',
    keys.size.says: '"64 GB"',
    keys.path.says: '"/shared/$USER"',
    "list of texts": "[]",
}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a draft says of the host that it is made on.

    Attributes
    ----------
    interfaces, leads_out
        Addresses by interface, and which of them leads out.
    login
        Whether it is taken for a login node.
    kills
        Whether logind ends what the user leaves behind.
    """

    host: str
    date: str
    user: str
    interfaces: Mapping[str, str]
    leads_out: str | None
    login: bool
    kills: bool


def drafted(partitions: Sequence[Partition], names: Sequence[str], facts: Facts) -> str:
    """Return the text of a site file.

    Parameters
    ----------
    names
        Of the schedulers that answer.
    """
    titles = " and ".join(scheduler(name).title for name in names)
    parts = [
        HEAD.format(host=facts.host, date=facts.date, schedulers=titles),
        *_whole(names, facts),
        *_batch(partitions),
        *_table("limits", Bounds, "", {}),
        *_cards(partitions),
        *_partitions(partitions),
    ]
    return "\n".join(parts) + "\n"


def _whole(names: Sequence[str], facts: Facts) -> Iterator[str]:
    """Yield the keys that stand before all tables."""
    login = "a login node" if facts.login else "no login node"
    values: dict[str, Any] = {}
    notes = {
        "interface": f"This host has: {listed(facts.interfaces)}. Compute nodes need it, too.",
        "login_node": f"This host is taken for {login}; what is said here holds for every host "
        "that reads this file.",
        "account": f"You are {facts.user} to the scheduler.",
    }
    if len(names) == 1:
        values["scheduler"] = names[0]
    else:
        notes["scheduler"] = f"Here answer: {', '.join(names)}; all are used."
    if facts.leads_out is not None:
        values["interface"] = facts.leads_out
    if facts.kills:
        values["kills_at_logout"] = True
        notes["kills_at_logout"] = "logind says so here (KillUserProcesses)."
    yield from _keys(Site, values, {}, notes)


def _batch(partitions: Sequence[Partition]) -> Iterator[str]:
    """Yield the table of small jobs."""
    default = next((each for each in partitions if each.default), None)
    samples: dict[str, Any] = {"memory": "2 GiB"}
    if default is not None:
        samples["partition"] = default.name
        if default.time_limit_s:
            samples["time_limit"] = units.hms(default.time_limit_s)
    note = "Drivers and clusters' processes become such jobs where they could not live otherwise."
    yield from _table("batch", Batch, note, samples)


def _cards(partitions: Sequence[Partition]) -> Iterator[str]:
    """Yield a table for each kind of card."""
    kinds: dict[str, tuple[Accelerator, list[Partition]]] = {}
    for partition in partitions:
        for name, each in partition.accelerators.items():
            kinds.setdefault(name, (each, []))[1].append(partition)
    tables = Tables("accelerators", SiteAccelerator)
    for name, (each, where) in kinds.items():
        total = ", ".join(f"{p.accelerators[name].cards.total} in {_shown(p.name)}" for p in where)
        note = f"{total}; up to {each.per_node} a node."
        values = {} if each.vendor == UNKNOWN else {"vendor": each.vendor}
        if not values:
            note += " Whose they are is not known: say it, or vendor = none where it is no card."
        values |= {
            "model": each.model,
            "request": scheduler(where[0].scheduler).card_words(name),
        }
        yield from tables.table(name, note, values, {})


def _partitions(partitions: Sequence[Partition]) -> Iterator[str]:
    """Yield a table for each partition."""
    tables = Tables("partitions", SitePartition)
    for each in partitions:
        samples: dict[str, Any] = {}
        per_node = max((a.per_node for a in each.accelerators.values()), default=0)
        if per_node:
            samples["cpus_per_card"] = max(1, each.cpus // per_node)
            samples["memory_per_card"] = f"{each.memory_bytes // per_node // 10**9} GB"
        if each.time_limit_s:
            samples["time_limit"] = units.hms(each.time_limit_s)
        yield from tables.table(each.name, _partition_note(each), {}, samples)


def _partition_note(partition: Partition) -> str:
    limit, usual, nodes = partition.time_limit_s, partition.default_time_s, partition.nodes.total
    said = [
        f"{nodes:,} node{'s' * (nodes != 1)} of up to {partition.cpus} CPUs and "
        f"{partition.memory_bytes / 1e9:,.0f} GB",
        f"time limit {units.hms(limit)}" if limit else "no time limit",
        f"{units.hms(usual)} where a job names none" if usual else "",
        f"accounts {', '.join(map(_shown, partition.accounts))}" if partition.accounts else "",
        "" if partition.up else "closed now",
        *(f"{a.per_node} {_shown(a.name)} a node" for a in partition.accelerators.values()),
    ]
    return f"{'; '.join(filter(None, said))}."


@dataclass
class Tables:
    """Tables of one kind, each below a name; the first one shows all keys.

    Parameters
    ----------
    header
        ``partitions``.
    of
        The dataclass that declares the keys.
    """

    header: str
    of: type[Any]
    first: str = ""

    def table(
        self, name: str, note: str, values: Mapping[str, Any], samples: Mapping[str, Any]
    ) -> Iterator[str]:
        """Yield the lines of one table.

        Parameters
        ----------
        values
            What the table says, by key.
        samples
            What would fit where it says nothing.
        """
        try:
            allowed.name(name)
        except ValueError as error:
            yield f"# [{self.header}] {error}: left out.\n"
            return
        header = f"[{self.header}.{json.dumps(name)}]"
        yield from (header, f"# {note}")
        if not self.first:
            self.first = header
            yield from _keys(self.of, values, samples)
            return
        yield from (f"{key} = {_toml(value)}" for key, value in values.items())
        yield from (f"#{key} = {_toml(value)}" for key, value in samples.items())
        yield f"# Further keys as in {self.first} above.\n"


def _table(header: str, of: type[Any], note: str, samples: Mapping[str, Any]) -> Iterator[str]:
    """Yield a table of which there is one, all its keys unused."""
    yield f"[{header}]"
    if note:
        yield f"# {note}"
    yield from _keys(of, {}, samples)


def _keys(
    of: type[Any],
    values: Mapping[str, Any],
    samples: Mapping[str, Any],
    notes: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Yield every key: with its value, or as a comment that shows its kind."""
    for each in keys.declared(of):
        reader, name, help_ = each.metadata["reader"], keys.name_of(each), each.metadata["help"]
        if reader.inner is not None:
            continue
        if notes and name in notes:
            yield f"# {notes[name]}"
        if name in values:
            yield f"{name} = {_toml(values[name])}  # {help_}"
        else:
            sample = _toml(samples[name]) if name in samples else SAMPLES.get(reader.says, '""')
            yield f"#{name} = {sample}  # {help_}"
    yield ""


def _toml(value: Any) -> str:
    """Write a text, a number or a truth: JSON's way is TOML's, too."""
    return json.dumps(value)


def _shown(text: str) -> str:
    """Return a scheduler's name as it may stand in a comment: on one line."""
    return text if text.isprintable() else ascii(text)
