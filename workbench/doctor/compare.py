"""Findings from what a worker told of its node, beside what is known on this side: pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.doctor.findings import Finding, bad, good, unknown, warning
from workbench.doctor.home import clock_finding
from workbench.doctor.mounts import LITTLE_BYTES, MEMORY
from workbench.doctor.software import same_software
from workbench.resources import LEAST_BYTES

SHARED, CARD, SCRATCH, LIMITS, REACH = "shared folder", "card", "scratch", "limits", "network"
FEW_FILES = 1024
MOVE = "Set WORKBENCH_HOME (and 'runs' in the site file) to a folder that this host and nodes see"


def node_findings(
    here: Mapping[str, Any], report: Mapping[str, Any], *, seen: Mapping[str, bool], skew_s: float
) -> Iterator[Finding]:
    """Judge what one node told.

    Parameters
    ----------
    here
        :func:`workbench.doctor.software.software` of this side.
    report
        Its worker's answer, see :mod:`workbench.doctor.node`.
    seen
        Whether this side saw the answer of the node, by folder.
    skew_s
        How far its clock is from ours at least.
    """
    yield from _network(report)
    yield from same_software(here, report["software"])
    for folder in report["folders"]:
        yield _shared(folder, seen[folder["path"]])
    yield clock_finding(f"that of {report['host']}", skew_s)
    yield from worker_node_findings(report)


def worker_node_findings(report: Mapping[str, Any]) -> Iterator[Finding]:
    """Judge what a node gives to its workers."""
    yield _scratch(report["scratch"])
    yield _limits(report["limits"])


def _network(report: Mapping[str, Any]) -> Iterator[Finding]:
    name = report["interface"] or "an address that no interface shows"
    yield good(REACH, f"meets {report['scheduler']} from {report['address']}, interface {name}")
    if report["unreached"]:
        yield bad(
            REACH,
            f"does not reach workers of other nodes: {', '.join(report['unreached'])}",
            "Set 'interface' in the site file to one on which nodes reach each other, or have the "
            "site open high ports between them",
        )


def _shared(folder: Mapping[str, Any], seen: bool) -> Finding:
    path = Path(folder["path"]).parent
    if folder["error"]:
        return bad(SHARED, f"{path}: {folder['error']}", MOVE)
    if not folder["read"]:
        return bad(SHARED, f"{path}: the node reads something else there than was written", MOVE)
    if not seen:
        said = f"{path}: what the node wrote there has not been seen on this side"
        return bad(SHARED, said, MOVE)
    return good(SHARED, f"{path}: each side reads what the other wrote")


def _scratch(told: Mapping[str, Any]) -> Finding:
    free, path = told["free_bytes"], told["path"]
    said = f"{free / 1e9:,.1f} GB free in {path} ({told['type']})"
    fix = "Set 'scratch' in the site file to a folder on a disk of the nodes"
    if told["type"] in MEMORY:
        return warning(SCRATCH, f"{said}: what lies there takes the job's memory", fix)
    if free < LITTLE_BYTES:
        return warning(SCRATCH, said, fix)
    return good(SCRATCH, said)


def _limits(told: Mapping[str, Any]) -> Finding:
    memory, free = told["memory_limit_bytes"], told["memory_free_bytes"]
    said = (
        f"{told['open_files']:,} open files, {memory / 1e9:,.1f} GB of memory a worker, "
        f"{free / 1e9:,.1f} GB free for its job, {told['cpus']} CPUs"
    )
    if told["open_files"] < FEW_FILES:
        return warning(LIMITS, said, "Add 'ulimit -n 4096' to 'prologue' in the site file")
    if memory < LEAST_BYTES:
        return warning(LIMITS, said, "Fewer workers have more each: workbench cluster scale NAME N")
    return good(LIMITS, said)


def card_findings(cards: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """Judge the cards that the workers of one node hold; those that are alike are told together."""
    alike: dict[str, list[Mapping[str, Any]]] = {}
    for card in cards:
        same = {name: value for name, value in card.items() if name not in ("index", "uuid")}
        alike.setdefault(json.dumps(same, sort_keys=True), []).append(card)
    for some in alike.values():
        yield _cards_finding(some)


def _cards_finding(cards: Sequence[Mapping[str, Any]]) -> Finding:
    card = cards[0]
    which = ", ".join(sorted(str(c["uuid"] or c["index"]) for c in cards))
    said = f"held: {card['vendor']} {card['model']} {which} ({card['tool']})"
    if card["listed"] is False:
        return bad(
            CARD,
            f"{said}, which the vendor's tool does not list",
            "The job was given another card than its environment says: show this to the site",
        )
    computed = card["computed"] or {"error": "nothing was computed"}
    if "slow_s" in computed:
        return unknown(
            CARD,
            f"{said}; a small sum on it was not done within {computed['slow_s']:.0f} s",
            "Loading the array library takes that long: try again when the node is less busy, or "
            "keep the environment on a faster file system",
        )
    if "error" in computed:
        return bad(CARD, f"{said}; {computed['error']}", _install(card))
    if not computed["on_card"]:
        return warning(CARD, f"{said}; recipes compute with {computed['words']}", _install(card))
    if not computed["right"]:
        fix = "Have the site take that card out of service"
        return bad(CARD, f"{said}; {computed['words']} computes wrongly", fix)
    return good(CARD, f"{said}; {computed['words']} computes")


def _install(card: Mapping[str, Any]) -> str:
    return (
        f"Install the array library of {card['vendor']} in the Python of the nodes, and load its "
        "driver's module ('modules' in the site file)"
    )
