"""The nodes of one cluster, looked at by its own workers."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workbench.clusters.handle import get
from workbench.clusters.spec import LOCAL
from workbench.doctor.compare import card_findings, node_findings, worker_node_findings
from workbench.doctor.findings import Finding, bad, unknown
from workbench.doctor.jobs import status_findings
from workbench.doctor.software import same_software, software
from workbench.runs.folder import runs_home

NODE = "node"
# A first look at a card loads a vendor's whole library.
ALL_S = 180.0
# What another host wrote may be seen late on a network file system.
SEEN_S = 10.0


def cluster_findings(name: str) -> list[Finding]:
    """Check a started cluster, its nodes, and that both sides fit together.

    Raises
    ------
    NotFound
        When there is none of that name.
    """
    cluster = get(name)
    status = cluster.status()
    findings = list(status_findings(status))
    if not status["workers"]["connected"]:
        return findings
    here = software()
    local = status["partition"] == LOCAL
    with _tokens([] if local else [cluster.folder, runs_home()]) as folders:
        lines = _asked(name, folders)
        for line in lines:
            findings += _judged(line, here, folders, local=local)
        findings += _cards(lines)
        findings += _missing(status, lines)
    return sorted(findings, key=lambda finding: finding.node or "")


@contextmanager
def _tokens(places: Sequence[Path]) -> Iterator[list[dict[str, str]]]:
    """Write a token into a new folder in each place, removed at the end."""
    made: list[dict[str, str]] = []
    try:
        for place in places:
            folder = tempfile.mkdtemp(prefix=".doctor-", dir=place)
            made.append({"path": folder, "given": secrets.token_hex(16)})
            Path(folder, "here").write_text(made[-1]["given"], encoding="ascii")
        yield made
    finally:
        for each in made:
            shutil.rmtree(each["path"], ignore_errors=True)


def _asked(name: str, folders: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Return what the workers answer in a bounded time."""
    command = [sys.executable, "-P", "-m", "workbench.doctor.nodes", name]
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    given = json.dumps({"folders": folders})
    try:
        out, err = child.communicate(given, timeout=ALL_S)
    except subprocess.TimeoutExpired:
        child.kill()
        out, err = child.communicate()
    except BaseException:
        child.kill()
        child.communicate()
        raise
    lines: list[dict[str, Any]] = [json.loads(line) for line in out.splitlines()]
    return lines or [{"error": err.strip()[-500:] or f"no answer within {ALL_S:.0f} s"}]


def _judged(
    line: Mapping[str, Any],
    here: Mapping[str, Any],
    folders: Sequence[Mapping[str, str]],
    *,
    local: bool,
) -> list[Finding]:
    """Turn one worker's answer into findings."""
    if "report" not in line:
        return [_silent(line)] if "error" in line else []
    report = line["report"]
    node = report["host"]
    found: list[Finding] = []
    if "software" in report and local:
        found = [*same_software(here, report["software"]), *worker_node_findings(report)]
    elif "software" in report:
        seen = {each["path"]: _seen(each, told) for each, told in _both(folders, report)}
        early, late = line["sent"] - report["time"], report["time"] - line["received"]
        skew_s = max(early, late, 0.0)
        found = list(node_findings(here, report, seen=seen, skew_s=skew_s))
    return [finding.at(node) for finding in found]


def _cards(lines: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """Judge the cards of all workers, by node."""
    held: dict[str, list[Mapping[str, Any]]] = {}
    for report in (line["report"] for line in lines if "report" in line):
        if report["card"] is not None:
            held.setdefault(report["host"], []).append(report["card"])
    for node, cards in held.items():
        yield from (finding.at(node) for finding in card_findings(cards))


def _both(
    folders: Sequence[Mapping[str, str]], report: Mapping[str, Any]
) -> Iterator[tuple[Mapping[str, str], Mapping[str, Any]]]:
    told = {each["path"]: each for each in report["folders"]}
    return ((folder, told[folder["path"]]) for folder in folders)


def _seen(folder: Mapping[str, str], told: Mapping[str, Any]) -> bool:
    """Say whether the file that a node wrote is here; it is opened by name, never listed."""
    file = Path(folder["path"], told["wrote"])
    deadline = time.monotonic() + (0.0 if told["error"] else SEEN_S)
    while True:
        try:
            return file.read_text(encoding="ascii") == folder["given"][::-1]
        except OSError:
            if time.monotonic() > deadline:
                return False
        time.sleep(0.2)


def _silent(line: Mapping[str, Any]) -> Finding:
    who = line.get("name")
    if who is None:
        fix = "See workbench cluster logs; on a network that is cut off, correct 'interface'"
        return bad(NODE, f"its workers cannot be asked: {line['error']}", fix)
    return bad(
        NODE,
        f"worker {who} could not look around: {line['error']}",
        "Its Python may have another version of the workbench: use one environment on both sides",
    )


def _missing(status: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """Tell of workers that have not answered: their kernels may hold them."""
    answered = {line["name"] for line in lines if "name" in line}
    asked = max((line["workers"] for line in lines if "workers" in line), default=0)
    if len(answered) < asked:
        left = [w["name"] for w in status["worker_processes"] if w["name"] not in answered]
        yield unknown(
            NODE,
            f"no answer within {ALL_S:.0f} s from: {', '.join(left)}",
            "They may be busy with a calculation that lets nothing else run: try again later",
        )
