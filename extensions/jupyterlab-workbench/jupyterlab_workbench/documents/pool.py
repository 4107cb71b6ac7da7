"""What a site lets the user compute on."""

from __future__ import annotations

from jupyterlab_workbench.documents.base import Answer


class NodeTotals(Answer):
    """Nodes of a partition by state."""

    total: int
    idle: int
    mixed: int
    allocated: int
    out_of_service: int


class CardTotals(Answer):
    """Cards of one kind: free + allocated + out_of_service = total; `mine` are allocated ones."""

    total: int
    free: int
    allocated: int
    out_of_service: int
    mine: int
    stranded: int


class PoolStart(Answer):
    """When a job of so many cards would start, by the word of `source`; `at` null: not told."""

    at: str | None
    cards: int
    source: str
    collected: str
    refused: str | None


class PendingReason(Answer):
    """Why jobs wait: the scheduler's word, what it means, and for how many it stands."""

    reason: str
    plain: str
    jobs: int


class Accelerator(Answer):
    """A kind of card in a partition; `waits` says of `pending_reasons` what they mean."""

    name: str
    vendor: str
    model: str
    memory_bytes: int | None
    per_node: int
    cards: CardTotals
    pending_jobs: int
    pending_reasons: dict[str, int]
    waits: list[PendingReason]
    start: PoolStart | None
    price_per_hour: float | None
    power_w: float | None


class Partition(Answer):
    """A partition; that of the scheduler ``local`` is this computer."""

    name: str
    title: str
    scheduler: str
    time_limit_s: int | None
    default_time_s: int | None
    up: bool
    default: bool
    accounts: list[str]
    cpus: int
    memory_bytes: int
    nodes: NodeTotals
    accelerators: list[Accelerator]
    pending_jobs: int


class Pool(Answer):
    """Everything that can be computed on; `stale`: a scheduler did not answer lately."""

    scheduler: str
    collected: str
    age_s: float
    stale: bool
    problems: list[str]
    partitions: list[Partition]
