"""Partition, Accelerator: what a part of a pool holds, in numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

LOCAL = "local"


@dataclass
class CardTotals:
    """Cards of one kind in one partition: free + allocated + out_of_service = total.

    Attributes
    ----------
    mine
        A part of those allocated.
    stranded
        Free ones that no job can have: their nodes have no CPU or no memory left, or the site
        gives whole nodes only.
    """

    total: int = 0
    free: int = 0
    allocated: int = 0
    out_of_service: int = 0
    mine: int = 0
    stranded: int = 0


@dataclass
class Start:
    """When a job of so many cards would start, by the scheduler's own word.

    Attributes
    ----------
    at
        RFC 3339; None where the scheduler tells no time.
    source
        The command that said so.
    refused
        Why no start is in sight: the job would be refused, or the nodes for it are out of service.
    """

    at: str | None
    cards: int
    source: str
    collected: str
    refused: str | None = None


@dataclass
class Accelerator:
    """One kind of card in one partition, by the scheduler's own name.

    Attributes
    ----------
    price_per_hour, power_w
        Of one card, by the site file.
    """

    name: str
    vendor: str
    model: str
    memory_bytes: int | None
    per_node: int = 0
    cards: CardTotals = field(default_factory=CardTotals)
    pending_jobs: int = 0
    pending_reasons: dict[str, int] = field(default_factory=dict)
    start: Start | None = None
    price_per_hour: float | None = None
    power_w: float | None = None


@dataclass
class NodeTotals:
    """Nodes of one partition by state."""

    total: int = 0
    idle: int = 0
    mixed: int = 0
    allocated: int = 0
    out_of_service: int = 0


@dataclass
class Partition:
    """A named part of a pool: one scheduler, one set of limits.

    Attributes
    ----------
    time_limit_s, default_time_s
        The longest job, and that of jobs that name no time limit; None: none is set.
    cpus, memory_bytes
        Of its largest node.
    pending_jobs
        Jobs that wait for it, those without cards included.
    """

    name: str
    scheduler: str
    time_limit_s: int | None = None
    default_time_s: int | None = None
    up: bool = True
    default: bool = False
    accounts: tuple[str, ...] = ()
    cpus: int = 0
    memory_bytes: int = 0
    nodes: NodeTotals = field(default_factory=NodeTotals)
    accelerators: dict[str, Accelerator] = field(default_factory=dict)
    pending_jobs: int = 0

    @property
    def title(self) -> str:
        """Return its name for people."""
        return "This computer" if self.scheduler == LOCAL else self.name
