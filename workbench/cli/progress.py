"""Progress of a run on a terminal, or as lines where there is none."""

from __future__ import annotations

import sys
import time
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from workbench.cli.show import cluster_words
from workbench.runs.handle import Run

LINE_S = 5.0


def follow(run: Run, *, quiet: bool) -> dict[str, Any]:
    """Wait for the end of a run and show its progress on stderr."""
    if quiet:
        return run.wait()
    click.echo(f"Run {run.id}", err=True)
    if sys.stderr.isatty():
        with Bars() as bars:
            return run.wait(on_change=bars.show)
    return run.wait(on_change=Lines().show)


class Bars:
    """One bar a stage."""

    def __init__(self) -> None:
        self._tasks: dict[str, TaskID] = {}
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[unit]}"),
            TextColumn("{task.fields[said]}"),
            console=Console(stderr=True),
            transient=True,
        )

    def __enter__(self) -> Bars:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def show(self, document: dict[str, Any]) -> None:
        """Bring the bars up to date."""
        if not document["stages"]:
            self._bar("starting", 1, 0, document["message"], unit="")
        elif "starting" in self._tasks:
            self._bars.remove_task(self._tasks.pop("starting"))
        for stage in document["stages"]:
            done = stage["tasks_done"] + stage["tasks_failed"]
            self._bar(stage["name"], stage["tasks"], done, said(document, stage))
        total = sum(stage["tasks"] for stage in document["stages"])
        for cluster in several(document):
            text = cluster_words(cluster)
            self._bar(f"on {cluster['name']}", total, cluster["tasks_done"], text)

    def _bar(self, name: str, total: int, done: int, text: str, *, unit: str = "tasks") -> None:
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=total, said="", unit=unit)
        self._bars.update(self._tasks[name], total=total, completed=done, said=text)


class Lines:
    """A line when a stage or the state changes, and every five seconds."""

    def __init__(self) -> None:
        self._last: tuple[str, int] | None = None
        self._due = 0.0

    def show(self, document: dict[str, Any]) -> None:
        """Write a line if there is news."""
        stages = document["stages"]
        now = (document["state"], len(stages))
        if now == self._last and time.monotonic() < self._due:
            return
        self._last, self._due = now, time.monotonic() + LINE_S
        text = document["message"] or document["state"]
        if stages:
            stage = stages[-1]
            done = stage["tasks_done"] + stage["tasks_failed"]
            clusters = [f"{one['name']}: {cluster_words(one)}" for one in several(document)]
            detail = "; ".join(filter(None, [said(document, stage), *clusters]))
            text = f"{stage['name']}: {done:,} of {stage['tasks']:,} tasks"
            text += f"; {detail}" if detail else ""
        click.echo(f"  {document['state']:<10} {text}", err=True)


def several(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the clusters of a run that has more than one, none for others."""
    found: list[dict[str, Any]] = document["per_cluster"]
    return found if len(found) > 1 else []


def said(document: dict[str, Any], stage: dict[str, Any]) -> str:
    """Return what stands behind a bar: failures, time left, or what is being waited for."""
    parts = []
    if stage["tasks_failed"]:
        parts.append(f"{stage['tasks_failed']} failed")
    if stage is not document["stages"][-1]:
        return ", ".join(parts)
    if document["state"] == "running":
        left = document["left_s"]
        if left:
            parts.append(f"{duration(left)} left")
    if document["message"]:
        parts.append(document["message"])
    return ", ".join(parts)


def duration(seconds: float) -> str:
    """Return seconds as people say them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
