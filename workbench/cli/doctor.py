"""``workbench doctor``: check a site, this host and a cluster's nodes by running."""

from __future__ import annotations

import socket
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from workbench.cli.output import FAILED, emit, translated
from workbench.doctor.cluster import cluster_findings
from workbench.doctor.draft import draft, write_draft
from workbench.doctor.findings import Finding
from workbench.doctor.host import host_findings
from workbench.errors import ParameterError

STYLES = {"good": "green", "warning": "yellow", "bad": "bold red", "unknown": "cyan"}
PIPE_WIDTH = 140
# Of so many nodes everything is shown, also what is good.
FEW_NODES = 3


@click.command("doctor")
@click.argument("cluster", required=False)
@click.option(
    "--write",
    "file",
    is_flag=False,
    flag_value="",
    default=None,
    metavar="[FILE]",
    help="Draft a site file from the live scheduler, where it counts or in FILE; - prints it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@translated
def group(cluster: str | None, file: str | None, as_json: bool) -> int | None:
    """Check this host, or the nodes of CLUSTER, by running; every finding with its fix.

    Exit status 1 when something is bad, 0 otherwise; warnings do not count.
    """
    if file is not None:
        if cluster is not None:
            raise ParameterError("--write drafts from the scheduler: leave CLUSTER out.")
        _write(file, as_json)
        return None
    findings = host_findings() if cluster is None else cluster_findings(cluster)
    document = {
        "host": socket.gethostname(),
        "cluster": cluster,
        "findings": [finding.to_json() for finding in findings],
    }
    emit(document, as_json, lambda: _print(findings))
    return FAILED if any(finding.state == "bad" for finding in findings) else None


def _write(file: str, as_json: bool) -> None:
    """Write a draft, or print it."""
    text = draft()
    if file == "-":
        emit({"file": None, "text": text}, as_json, lambda: click.echo(text, nl=False))
        return
    path, notes = write_draft(text, Path(file) if file else None)
    for note in notes:
        click.echo(f"Warning: {note}", err=True)
    emit({"file": str(path), "text": text}, as_json, lambda: _written(path))


def _written(path: Path) -> None:
    click.echo(f"Drafted {path}. Read it through, then: workbench doctor")


def _well(findings: list[Finding]) -> list[str]:
    """Return the nodes of which nothing but good is known, where there are many nodes."""
    nodes = {finding.node for finding in findings if finding.node}
    ill = {finding.node for finding in findings if finding.state != "good"}
    return sorted(nodes - ill) if len(nodes) > FEW_NODES else []


def _print(findings: list[Finding]) -> None:
    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)
    width = max((len(finding.check) for finding in findings), default=0)
    node: Any = None
    well = _well(findings)
    if well:
        console.print(Text(f"\nall good: {', '.join(well)}", style="green"), soft_wrap=True)
    for finding in findings:
        if finding.node in well:
            continue
        if finding.node != node:
            node = finding.node
            console.print(Text(f"\n{node}", style="bold"))
        line = Text(f"{finding.state:8}", style=STYLES[finding.state])
        line.append(f"{finding.check:{width}}  {finding.said}", style="default")
        console.print(line, soft_wrap=True)
        if finding.fix:
            console.print(Text(f"{'':8}{'':{width}}  -> {finding.fix}"), soft_wrap=True)
    count = Counter[str](finding.state for finding in findings)
    console.print("\n" + ", ".join(f"{count[state]} {state}" for state in STYLES if count[state]))
