"""ClusterSpec: what was asked for; the cluster's process turns it into workers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from workbench.errors import ParameterError, Problem, quoted
from workbench.pool.partition import LOCAL as LOCAL
from workbench.resources import Resources

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
# Words that have another meaning where a cluster's name stands, in the REST interface.
TAKEN = ("estimate", "script")
MOST = 1000
LONGEST_S = 10 * 365.0 * 86400
IDLE_TIMEOUT_S = 1800.0
CARDS_IDLE_TIMEOUT_S = 300.0


@dataclass(frozen=True, kw_only=True)
class ClusterSpec:
    """The request for one cluster.

    Parameters
    ----------
    name
        Lower-case letters, digits and hyphens.
    partition
        ``local`` is this computer.
    accelerator
        Name of the card that each worker holds, None for CPUs.
    minimum, maximum
        The size lies between them, and is fixed where they are equal.  None: as many workers
        as this computer gives to the process when the cluster starts, one elsewhere.
    memory_bytes
        Memory limit of one worker; None: its share of what is there.
    idle_timeout_s
        The cluster ends itself after so many seconds without a run and without a task.  None:
        half an hour on this computer, five minutes where it holds what others wait for.
    time_limit_s
        Time limit (walltime) of each of its jobs; None: the site's usual one.  Jobs are
        replaced before it ends.
    life_s
        The cluster ends itself after so many seconds, whatever happens.
    """

    name: str
    partition: str = LOCAL
    accelerator: str | None = None
    minimum: int | None = None
    maximum: int | None = None
    memory_bytes: int | None = None
    idle_timeout_s: float | None = None
    time_limit_s: float | None = None
    life_s: float | None = None

    def __post_init__(self) -> None:
        problems = []
        if not NAME.fullmatch(self.name) or self.name in TAKEN:
            problems.append(_name_problem(self.name))
        if self.minimum is not None and self.maximum is not None:
            problems += _size_problems(self.minimum, self.maximum)
        for name, seconds in (("idle_timeout", self.idle_timeout_s), ("time", self.time_limit_s)):
            if seconds is not None and not 0 < seconds <= LONGEST_S:
                message = (
                    f"{seconds} was given; it takes seconds above 0, at most 10 years of them."
                )
                problems.append(Problem(name, message))
        if problems:
            raise ParameterError.of(problems)

    @property
    def local(self) -> bool:
        """Whether it is one of this computer."""
        return self.partition == LOCAL

    @property
    def idle_s(self) -> float:
        """Seconds without a run and without a task after which it ends itself."""
        usual = IDLE_TIMEOUT_S if self.local else CARDS_IDLE_TIMEOUT_S
        return usual if self.idle_timeout_s is None else self.idle_timeout_s

    def sized(self, minimum: int, maximum: int) -> ClusterSpec:
        """Return the same with another size.

        Raises
        ------
        ParameterError
            When there is no such size.
        """
        return replace(self, minimum=minimum, maximum=maximum)

    def resolved_to(self, **numbers: Any) -> ClusterSpec:
        """Return the same with numbers for what was left out: one worker if nothing is said."""
        minimum = 1 if self.minimum is None else self.minimum
        maximum = 1 if self.maximum is None else self.maximum
        return replace(self, minimum=minimum, maximum=maximum, **numbers)

    def resolved(self, resources: Resources) -> ClusterSpec:
        """Return the same with a number for everything that was left to this computer."""
        number = resources.workers
        minimum = number if self.minimum is None else self.minimum
        maximum = number if self.maximum is None else self.maximum
        memory = self.memory_bytes or resources.share_bytes(maximum)
        return replace(self, minimum=minimum, maximum=maximum, memory_bytes=memory)

    def asked(self) -> dict[str, Any]:
        """Return the keywords of :func:`workbench.clusters.handle.request` that ask for the same.

        The name is among them; a size that was left out stays out.
        """
        fixed = self.minimum == self.maximum
        return {
            "name": self.name,
            "partition": self.partition,
            "accelerator": self.accelerator,
            "workers": self.minimum if fixed else None,
            "between": None if fixed else [self.minimum, self.maximum],
            "time_limit_s": self.time_limit_s,
            "idle_timeout_s": self.idle_timeout_s,
        }

    def to_json(self) -> dict[str, Any]:
        """Return what ``spec.json`` holds."""
        return {"v": 1, **asdict(self)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ClusterSpec:
        """Read what :meth:`to_json` wrote."""
        names = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in document.items() if key in names})

    @classmethod
    def of_status(cls, status: Mapping[str, Any]) -> ClusterSpec | None:
        """Return the request that a cluster's status tells of; None where that was made up."""
        if status.get("damaged"):
            return None
        size = status["workers"]
        return cls(
            name=status["name"],
            partition=status["partition"],
            accelerator=status["accelerator"],
            minimum=size["min"],
            maximum=size["max"],
        )


def check_name(name: str) -> str:
    """Return the name of a cluster if it is one.

    Raises
    ------
    ParameterError
        Otherwise: names become folders.
    """
    if not NAME.fullmatch(name) or name in TAKEN:
        raise ParameterError.of([_name_problem(name)])
    return name


def _name_problem(name: str) -> Problem:
    if name in TAKEN:
        return Problem("name", f"{name!r} has another meaning here: choose another name.")
    return Problem(
        "name",
        f"{quoted(name)} cannot name a cluster: use up to 63 lower-case letters, digits and "
        "hyphens, the first a letter or a digit.",
    )


def _size_problems(minimum: int, maximum: int) -> list[Problem]:
    if minimum == maximum and not 1 <= maximum <= MOST:
        return [Problem("workers", f"{maximum} was given; a cluster has 1 to {MOST} workers.")]
    if not 0 <= minimum <= maximum <= MOST or maximum < 1:
        message = f"{minimum}:{maximum} was given; it takes 0 <= MIN <= MAX <= {MOST}, MAX >= 1."
        return [Problem("between", message)]
    return []
