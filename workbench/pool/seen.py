"""What a scheduler shows: nodes with their cards, jobs, partitions and their limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

NodeState = Literal["idle", "mixed", "allocated", "out_of_service"]
JobState = Literal["pending", "running", "finishing", "ended"]


@dataclass(frozen=True)
class CardCount:
    """Cards of one kind on one node."""

    total: int
    allocated: int = 0


@dataclass(frozen=True, kw_only=True)
class Node:
    """One node.

    Attributes
    ----------
    cards
        By the scheduler's own name of the kind of card (``dcu:k100``).
    cpus_free, memory_free_bytes
        What jobs have left of it; None where the scheduler does not tell.
    note
        The scheduler's own words: its state, and why a node is out of service.
    """

    name: str
    partitions: tuple[str, ...]
    state: NodeState
    cards: Mapping[str, CardCount] = field(default_factory=dict)
    cpus: int = 0
    memory_bytes: int = 0
    cpus_free: int | None = None
    memory_free_bytes: int | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class QueuedJob:
    """One job in the scheduler's list.

    Attributes
    ----------
    cards
        Cards that it asks for or holds, all its nodes together, by kind.  A job may name no model
        (``gpu``) where nodes do (``gpu:a100``).
    tasks
        Jobs that this entry stands for: more than one for an array that waits.
    nodes
        Names of the nodes that it runs on; empty while it waits.
    start, end
        RFC 3339, UTC: when it began, or is expected to; when its time limit is over.
    exit
        Exit status, or the negative number of the signal, of a job that ended.
    reason
        Why it waits, or how it ended, in the scheduler's own words.
    outside
        Of a job that ended: whether the scheduler or a person ended it (cancelled, preempted,
        time limit, node failed), not what ran in it; None where the scheduler does not tell.
    """

    job_id: str
    name: str
    user: str
    partition: str
    state: JobState
    reason: str = ""
    cards: Mapping[str, int] = field(default_factory=dict)
    tasks: int = 1
    nodes: tuple[str, ...] = ()
    start: str | None = None
    end: str | None = None
    exit: int | None = None
    outside: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a partition allows.

    Attributes
    ----------
    time_limit_s
        Longest job; None: no limit.
    default
        Whether jobs that name no partition come here.
    accounts
        The only accounts that may use it; empty: any.
    """

    name: str
    time_limit_s: int | None = None
    default_time_s: int | None = None
    up: bool = True
    default: bool = False
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True)
class StartEstimate:
    """When a job would start, by a scheduler's own word; it rests on everybody's time limits.

    Attributes
    ----------
    at
        RFC 3339; None where no start is in sight.
    words
        The scheduler's own.
    collected
        When it said so, RFC 3339.
    why_not
        Why no start is in sight though the job would be taken; with what to do.
    """

    at: str | None
    words: str
    collected: str
    why_not: str = ""


@dataclass(frozen=True)
class Refusal:
    """Why a scheduler did not take a job.

    Attributes
    ----------
    words
        The scheduler's own.
    plain
        The same for people, with what to do.
    permanent
        Whether trying the same again is of no use.
    """

    words: str
    plain: str
    permanent: bool
