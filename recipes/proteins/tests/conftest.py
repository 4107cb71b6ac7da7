"""proteins.search in one process, without driver, workers or disk: for its own arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench import KernelContext, Piece, Plan, Task
from workbench_proteins.search import recipe
from workbench_proteins.search_parameters import SearchParameters

Combine = Callable[[Sequence[Piece], Any, Any], Piece]


class Context(KernelContext):
    device = "cpu"
    state = None
    seed = 0
    results: dict[str, Any] = {}  # noqa: RUF012 - an instance has its own
    scratch = Path()

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.results: dict[str, Any] = {}
        self.files: dict[tuple[str, int], Path] = {}
        self._kept: dict[str, Any] = {}

    def file(self, output: str, index: int) -> Path:
        return self.files[output, index]

    def cache(self, key: str, build: Callable[[], Any], share: str = "process") -> Any:
        if key not in self._kept:
            self._kept[key] = build()
        return self._kept[key]


class Outcome:
    """What a run left, by name: the columns of the hits, and domZ; and its plan."""

    def __init__(self, p: SearchParameters, scratch: Path, fold: Callable[..., Piece]) -> None:
        self._p = p
        self.context = Context(scratch)
        self._ingest()
        self._search(fold)

    def __getitem__(self, name: str) -> Any:
        return self.context.results[name]

    def _ingest(self) -> None:
        stage = recipe.stage("ingest")
        plan = stage.plan(self._p, {})
        given = stage.kernel(_task(plan, 0), self._p, self.context)
        for output in stage.outputs:
            value = given[output.name]
            if output.kind == "file":
                self.context.files[output.name, 0] = value[0]
            elif output.kind == "rows":
                self.context.results.update(value)
            else:
                self.context.results[output.name] = value

    def _search(self, fold: Callable[..., Piece]) -> None:
        stage = recipe.stage("search")
        self.plan = plan = stage.plan(self._p, self.context.results)
        self.context.state = stage.setup(self._p, self.context)
        pieces: dict[int, list[Piece]] = {}
        for number in range(len(plan.tasks)):
            task = _task(plan, number)
            given = stage.kernel(task, self._p, self.context)
            piece = Piece(task.owners, {"domZ": given["domZ"]}, {"hits": given["hits"]})
            pieces.setdefault(task.group, []).append(piece)
        call = (self._p, self.context)
        whole = [stage.root(fold(stage.combine, group, *call), *call) for group in pieces.values()]
        tables = [piece.rows["hits"] for piece in whole]
        self.hits = {name: np.concatenate([t[name] for t in tables]) for name in tables[0]}
        self.context.results.update(self.hits)
        self.context.results["domZ"] = np.concatenate([piece.arrays["domZ"] for piece in whole])


def all_at_once(combine: Combine, pieces: Sequence[Piece], *call: Any) -> Piece:
    """Combine a group with one call."""
    return combine(pieces, *call)


def _task(plan: Plan, number: int) -> Task:
    tasks = plan.tasks
    group = int(tasks.group[number])
    return Task(
        number=number,
        start=int(tasks.start[number]),
        stop=int(tasks.stop[number]),
        group=group,
        owners=plan.group_owners[group],
        variables=plan.variables,
        dim=plan.dim,
    )


@pytest.fixture
def search_here(tmp_path: Path) -> Callable[..., Outcome]:
    """Search in this process; ``fold`` says how the pieces of a group are combined."""
    count = iter(range(1000))

    def run(*, fold: Callable[..., Piece] = all_at_once, **values: Any) -> Outcome:
        scratch = tmp_path / f"run{next(count)}"
        scratch.mkdir()
        return Outcome(SearchParameters(**values), scratch, fold)

    return run


def fasta(records: Mapping[str, str]) -> str:
    """Write sequences as FASTA."""
    return "".join(f">{name}\n{residues}\n" for name, residues in records.items())
