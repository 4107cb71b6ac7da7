"""Which groups are combined together, and the tree in which their tasks are joined."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from workbench.recipe import Piece, Plan, Stage
from workbench.runs.groups import groups, needs_combine

FAN_IN = 16
CHUNK = FAN_IN**3
JOBS = 32

Join = Callable[[Sequence[Piece]], Piece]


@dataclass(frozen=True)
class CombineJob:
    """One call of :func:`workbench.runs.combine.run_combine`.

    Attributes
    ----------
    stage
        The stage.
    kind
        ``groups``: some whole groups.  ``chunk``: consecutive tasks of one huge group; leaves a
        piece for its ``join``, which is to be run after all chunks of the group.
    first_group, last_group
        The groups, half-open, counted from 0 in ascending order of their numbers.
    first_task, last_task
        Their tasks, half-open.
    """

    stage: str
    kind: Literal["groups", "chunk", "join"]
    first_group: int
    last_group: int
    first_task: int
    last_task: int

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Self:
        """Read the JSON form."""
        return cls(**{name: found[name] for name in cls.__dataclass_fields__})


def combine_jobs(stage: Stage[Any], plan: Plan) -> list[CombineJob]:
    """Return what is to be done to combine a stage; nothing where each task stands for itself.

    Depends on the plan alone: the same jobs whatever the workers, batches and part files.
    """
    if not needs_combine(stage, plan):
        return []
    edges = groups(plan)[1].tolist()
    jobs: list[CombineJob] = []
    for first, last in _together(edges):
        span = edges[first], edges[last]
        if span[1] - span[0] > CHUNK and last - first == 1:
            jobs += _huge(stage.name, first, *span)
        else:
            jobs.append(CombineJob(stage.name, "groups", first, last, *span))
    return jobs


def _together(edges: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield ranges of groups that make one job: some small ones, or one of any size."""
    most = edges[-1] // JOBS
    huge = [b - a > CHUNK for a, b in itertools.pairwise(edges)]
    first = 0
    for group in range(1, len(edges)):
        if (
            group == len(huge)
            or edges[group + 1] - edges[first] > most
            or huge[group - 1]
            or huge[group]
        ):
            yield first, group
            first = group


def _huge(stage: str, group: int, first: int, last: int) -> list[CombineJob]:
    chunks = [
        CombineJob(stage, "chunk", group, group + 1, at, min(at + CHUNK, last))
        for at in range(first, last, CHUNK)
    ]
    return [*chunks, CombineJob(stage, "join", group, group + 1, first, last)]


class Tree:
    """Joins pieces as they come in task order, sixteen at a time.

    The shape hangs on the places alone: a task that has nothing to say leaves its place empty
    and moves no other.  At most fifteen pieces a level are in memory.
    """

    def __init__(self, join: Join) -> None:
        self._join = join
        self._levels: list[list[Piece]] = [[]]
        self._places = 0

    def add(self, piece: Piece | None) -> None:
        """Take the piece of the next place, None where there is none."""
        if piece is not None:
            self._levels[0].append(piece)
        self._places += 1
        full, level = self._places, 0
        while full % FAN_IN == 0:
            self._raise(level)
            full, level = full // FAN_IN, level + 1

    def result(self) -> Piece | None:
        """Return all pieces as one, None when there was none."""
        for level in range(len(self._levels) - 1):
            self._raise(level)
        top = self._levels[-1]
        return self._one(top) if top else None

    def _raise(self, level: int) -> None:
        if level + 1 == len(self._levels):
            self._levels.append([])
        if self._levels[level]:
            self._levels[level + 1].append(self._one(self._levels[level]))
            self._levels[level] = []

    def _one(self, pieces: list[Piece]) -> Piece:
        return pieces[0] if len(pieces) == 1 else self._join(pieces)
