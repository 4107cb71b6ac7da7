"""``workbench pool``: look at everything that a site lets the user compute on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from workbench import service
from workbench.cli.output import emit, translated
from workbench.pool.partition import LOCAL, Accelerator, Partition
from workbench.pool.plugins import schedulers
from workbench.pool.pool import Pool

TEXTS = ("partition", "card")
NUMBERS = ("free", "busy", "mine", "out of\nservice", "waiting", "time\nlimit", "would\nstart")
PIPE_WIDTH = 140


@click.group("pool")
def group() -> None:
    """Look at partitions, accelerator cards and the queue."""


@group.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@translated
def show(as_json: bool) -> None:
    """Show partitions with their cards: free, in use, waiting jobs and why, when one would start.

    The scheduler is asked at most twice a minute, however often and by whomever this is called.
    """
    pool = service.pool()
    emit(pool.to_json(), as_json, lambda: _print(pool))


def _print(pool: Pool) -> None:
    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)
    for problem in pool.problems:
        click.echo(f"Warning: {problem}", err=True)
    shown = [each for each in pool.partitions.values() if each.scheduler != LOCAL]
    if shown:
        style = "dim" if pool.stale else ""
        console.print(Text(_headline(pool), style="yellow" if pool.stale else ""))
        console.print(_table(shown, style))
        told = [each for each in pool.to_json()["partitions"] if each["scheduler"] != LOCAL]
        waiting = [line for partition in told for line in _waiting(partition)]
        for line in (*_kinds(shown), *waiting, *_notes(shown)):
            console.print(Text(line, style=style), soft_wrap=True)
    elif not pool.stale:
        console.print("No scheduler is seen from here: clusters run on this computer.")
        for remark in pool.remarks:
            console.print(Text(f"{remark}."), soft_wrap=True)
    local = pool.partitions[LOCAL]
    console.print(Text(_computer(local)), soft_wrap=True)


def _headline(pool: Pool) -> str:
    nodes = len(pool.snapshot.nodes)
    said = f"{pool.scheduler}: {nodes:,} node{'s' * (nodes != 1)}, {_ago(pool.age_s)} old"
    if pool.stale:
        said += " and STALE: the scheduler does not answer now. This is what it showed before."
    return said


def _table(partitions: list[Partition], style: str) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
        style=style,
        row_styles=[style],
    )
    for name in TEXTS:
        table.add_column(name, overflow="fold", min_width=9)
    for name in NUMBERS:
        table.add_column(name, justify="right", no_wrap=True)
    for partition in partitions:
        limit = "none" if partition.time_limit_s is None else _span(partition.time_limit_s)
        name = partition.name if partition.up else f"{partition.name} (closed)"
        if not partition.accelerators:
            nodes = partition.nodes
            out = f"{nodes.out_of_service:,} n" if nodes.out_of_service else "0"
            free, busy = f"{nodes.idle:,} n", f"{nodes.mixed + nodes.allocated:,} n"
            waiting = f"{partition.pending_jobs:,}"
            table.add_row(name, "no cards", free, busy, "", out, waiting, limit, "")
        for each in partition.accelerators.values():
            cards = each.cards
            free = f"{cards.free:,}" + "*" * bool(cards.stranded)
            numbers = (cards.allocated, cards.mine, cards.out_of_service, each.pending_jobs)
            table.add_row(name, each.name, free, *(f"{n:,}" for n in numbers), limit, _start(each))
            name = limit = ""
    return table


def _kinds(partitions: list[Partition]) -> Iterator[str]:
    """Say once what each kind of card is."""
    every = [each for partition in partitions for each in partition.accelerators.values()]
    for each in {each.name: each for each in every}.values():
        memory = "" if each.memory_bytes is None else f", {each.memory_bytes / 1e9:.0f} GB"
        price = "" if each.price_per_hour is None else f", {each.price_per_hour:g} an hour"
        nodes = f", {each.per_node} a node" if each.per_node else ""
        yield f"{each.name}: {each.model} ({each.vendor}){memory}{nodes}{price}"
    if any(not partition.accelerators for partition in partitions):
        yield "n: whole nodes, where there are no cards to count"


def _waiting(partition: dict[str, Any]) -> Iterator[str]:
    """Say why jobs wait."""
    for each in partition["accelerators"]:
        for waits in each["waits"]:
            reason, plain, count = waits["reason"], waits["plain"], waits["jobs"]
            jobs = "1 job waits" if count == 1 else f"{count:,} jobs wait"
            why = f": {reason}" if plain == reason else f" ({reason}). {plain}"
            yield f"{partition['name']} {each['name']}: {jobs}{why}"


def _notes(partitions: list[Partition]) -> Iterator[str]:
    """Explain what in the table wants explaining."""
    told = set()
    for partition in partitions:
        for each in partition.accelerators.values():
            what = f"{partition.name} {each.name}"
            if each.cards.stranded:
                yield (
                    f"* {what}: {each.cards.stranded:,} of the free cards cannot be had now: no "
                    "CPUs or no memory are left on their nodes, or whole nodes are given only."
                )
            if each.start is not None and each.start.refused:
                yield f"{what}: no start in sight. {each.start.refused}"
            elif each.start is not None and each.start.at:
                told.add(schedulers().usable[partition.scheduler].title)
    for scheduler in sorted(told):
        yield (
            f"Would start: {scheduler}'s estimate for the smallest job. It rests on users' time "
            "limits and is often wrong, in both directions."
        )


def _start(accelerator: Accelerator) -> str:
    start = accelerator.start
    if start is None:
        return ""
    if start.at is None:
        return "not in sight" if start.refused else "not told"
    wait_s = (datetime.fromisoformat(start.at) - datetime.now(UTC)).total_seconds()
    return "now" if wait_s < 60 else f"in {_span(wait_s)}"


def _computer(local: Partition) -> str:
    cpus = f"{local.cpus} CPU{'s' * (local.cpus != 1)}"
    cards = [
        f"{each.cards.total} {each.model} ({each.vendor}), {each.cards.free} free"
        for each in local.accelerators.values()
    ]
    there = "; ".join(cards) or "no cards"
    return f"This computer (local): {cpus}, {local.memory_bytes / 1e9:.0f} GB free, {there}"


def _ago(age_s: float) -> str:
    return f"{age_s:.0f} s" if age_s < 120 else _span(age_s)


def _span(duration_s: float) -> str:
    """Return ``3 d 4 h`` or ``1 h 30 min``."""
    minutes = round(duration_s / 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [(days, "d"), (hours, "h"), (0 if days else rest, "min")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 min"
