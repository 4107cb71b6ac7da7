"""Slurm's words for cards: generic resources (GRES) of nodes and jobs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from workbench.pool.seen import CardCount

# One kind in Gres, GresUsed or TRES: gpu:a100:4, gpu:2, gres:dcu:8, gres/dcu:k100=8, dcu.
_GRES = re.compile(r"(gres[/:])?([A-Za-z][\w.-]*(?::[\w.+-]+)??)(?:[:=](\d+))?", re.ASCII)
_ASIDE = re.compile(r"\([^)]*\)")  # sockets or indices
# gres.conf(5): parts of cards, and things that are none.
_NO_CARDS = {"mps", "shard", "nic", "craynetwork", "bandwidth", "tmpdisk", "license"}


@lru_cache(4096)
def _cards(text: str) -> Mapping[str, int]:
    """Count cards by kind in ``gpu:a100:4(S:0-1),dcu:k100:8`` or ``cpu=8,gres/gpu:a100=2``.

    A name without a number counts 1.  Nothing but GRES counts, and no part of a card.
    """
    found: dict[str, int] = {}
    for item in _ASIDE.sub("", text).split(","):
        match = _GRES.fullmatch(item)
        if match and match[2].split(":")[0] not in _NO_CARDS and (match[1] or "=" not in item):
            found[match[2]] = found.get(match[2], 0) + int(match[3] or 1)
    return found


def asked(
    allocated: str, per_job: str, per_node: str, per_task: str, nodes: int, tasks: int
) -> Mapping[str, int]:
    """Count the cards of a job, all nodes together.

    What is allocated stands in `allocated` only where the site accounts for cards
    (AccountingStorageTRES), and then perhaps without their model, which the request knows.
    """
    wanted: Mapping[str, int] = {}
    for text, times in ((per_job, 1), (per_node, nodes), (per_task, tasks)):
        if not wanted and "gres" in text:
            wanted = {kind: number * times for kind, number in _cards(text).items()}
    if "gres/" not in allocated:
        return wanted
    # gres/gpu=2,gres/gpu:a100=2 are the same two cards.
    whole = _cards(allocated)
    models = {kind: number for kind, number in whole.items() if ":" in kind}
    named = {kind.split(":")[0] for kind in models}
    found = models | {kind: n for kind, n in whole.items() if ":" not in kind and kind not in named}
    return wanted if sum(wanted.values()) == sum(found.values()) and not models else found


@lru_cache(4096)
def counted(gres: str, used: str, allocated: str) -> Mapping[str, CardCount]:
    """Count a node's cards and those in use.

    GresUsed is exact; before it, or without ``-d``, AllocTRES tells what the site accounts for,
    perhaps without the model: then the node's models are meant in their order.
    """
    totals = {kind: number for kind, number in _cards(gres).items() if number}
    in_use = dict(_cards(used) or _cards(allocated))
    for kind in totals:
        # gres/gpu=2,gres/gpu:a100=2 are the same two cards.
        family = kind.split(":")[0]
        if family != kind and family in in_use and kind in in_use:
            in_use[family] -= in_use[kind]
    found = {}
    for kind, total in totals.items():
        family, taken = kind.split(":")[0], in_use.get(kind, 0)
        more = 0 if family == kind else max(0, min(total - taken, in_use.get(family, 0)))
        if more:
            in_use[family] -= more
        found[kind] = CardCount(total, min(total, taken + more))
    return found
