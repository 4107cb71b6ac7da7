"""A product of queries and shards with every kind of output, as its worker would store it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.needs import require_root
from workbench.parameters import Parameters
from workbench.recipe import Output, Piece, Plan, Recipe, Stage, tasks
from workbench.runs.combine import combine_jobs, run_combine
from workbench.runs.parts import BlockBuilder, PartRef, write_part
from workbench.runs.plans import check_plan, save_plan
from workbench.runs.ranges import ranges_of
from workbench.runs.records import StageRecord, write_record
from workbench.runs.result import add_summary, prepare_result, seal, write_result

STRING = np.dtypes.StringDType()
OUTPUTS = (
    Output(name="score", dims=("search", "axis"), unit="eV", long_name="Score", source="eq. (1)"),
    Output(name="label", dims=("search",), dtype="str"),
    Output(name="total", dims=("query",), dtype="float32"),
    Output(name="name", dims=("query",), dtype="str"),
    Output(
        name="hits",
        dims=("query", "hit"),
        kind="rows",
        key=("query_index", "target"),
        columns=(
            Output(name="query_index", dtype="int32"),
            Output(name="target", dtype="str"),
            Output(name="evalue", unit="1"),
        ),
    ),
)


def no_kernel(*_: Any) -> Any:
    raise AssertionError("storage calls no kernel")


def combine(pieces: list[Piece], *_: Any) -> Piece:
    """Add in 32 bits: any other order of adding gives other last digits."""
    total = pieces[0].arrays["total"]
    for piece in pieces[1:]:
        total = total + piece.arrays["total"]
    columns = pieces[0].rows["hits"]
    hits = {c: np.concatenate([p.rows["hits"][c] for p in pieces]) for c in columns}
    return Piece(pieces[0].owners, {**pieces[0].arrays, "total": total}, {"hits": hits})


def root(piece: Piece, *_: Any) -> Piece:
    arrays = {**piece.arrays, "total": piece.arrays["total"] * np.float32(3)}
    return Piece(piece.owners, arrays, piece.rows)


SEARCH = Recipe(
    id="tests.search",
    version="1",
    title="Search",
    parameters=Parameters,
    stages=(
        Stage(
            name="search",
            outputs=OUTPUTS,
            plan=no_kernel,
            kernel=no_kernel,
            combine=combine,
            root=root,
        ),
    ),
)


def product(queries: int, shards: int, block: int) -> Plan:
    """One task for each block of queries and shard; an item is a query against a shard."""
    query, start, stop, group = [], [], [], []
    for number, low in enumerate(range(0, queries, block)):
        mine = np.arange(low, min(low + block, queries))
        for _ in range(shards):
            start.append(len(query))
            query += mine.tolist()
            stop.append(len(query))
            group.append(number * 3)
    return Plan(
        dim="search",
        owner="query",
        coords={
            "search": np.arange(len(query), dtype=np.int32),
            "search_query": ("search", np.array(query, np.int32)),
            "query": [f"q{i}é" for i in range(queries)],
            "axis": ["x", "y"],
        },
        tasks=tasks(start, stop, group=group),
        attrs={"Z": 20},
    )


@dataclass(eq=False)
class Run:
    """A run's folder, filled as a driver and its workers would fill it."""

    folder: Path
    plan: Plan
    recipe: Recipe[Any] = SEARCH
    seed: int = 0
    failed_items: frozenset[int] = frozenset()
    lost_tasks: frozenset[int] = frozenset()
    parts: list[PartRef] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.stage = self.recipe.stages[0]
        check_plan(self.stage, self.plan)
        self.plan_ref = save_plan(self.folder, self.stage.name, self.plan)

    def task(self, number: int) -> tuple[int, int, np.ndarray, dict[str, Any], dict[str, Any]]:
        """Random results of one task, the same whenever it is asked for."""
        random = np.random.default_rng([self.seed, number])
        a, b = int(self.plan.tasks.start[number]), int(self.plan.tasks.stop[number])
        low, high = self.plan.group_owners[int(self.plan.tasks.group[number])]
        status = np.array([2 if i in self.failed_items else 1 for i in range(a, b)], np.int8)
        n = int(random.integers(0, 9))
        arrays = {
            "score": random.normal(size=(b - a, 2)),
            "label": np.array([f"ü{random.integers(1000)}" for _ in range(a, b)], STRING),
            "total": random.normal(size=high - low).astype(np.float32),
            "name": np.array([f"owner {i}" for i in range(low, high)], STRING),
        }
        hits = {
            "query_index": random.integers(low, high, n).astype(np.int32),
            "target": np.array([f"t{random.integers(50)}" for _ in range(n)], STRING),
            "evalue": random.random(n),
        }
        return number, b - a, status, arrays, {"hits": hits}

    def batches(self, *batches: list[int]) -> None:
        """Write one part file for each batch of tasks."""
        for batch in batches:
            builder = BlockBuilder(self.stage.outputs)
            for number in batch:
                if number not in self.lost_tasks:
                    builder.add(*self.task(number))
            if len(builder):
                file = f"parts/{self.stage.name}.{len(self.parts)}.npz"
                block = builder.build()
                ref = write_part(self.folder, file, block)
                self.parts.append(ref.of(ranges_of(block.tasks)))

    def combined(self, name: str = "combined") -> list[PartRef]:
        """Run every combine job."""
        done: list[PartRef] = []
        chunks: list[PartRef] = []
        for i, job in enumerate(combine_jobs(self.stage, self.plan)):
            refs = run_combine(
                self.folder, self.recipe, self.plan, self.parts, job, Parameters(), None,
                file=f"parts/{name}.{i}", chunks=chunks,
            )  # fmt: skip
            if job.kind == "chunk":
                chunks += refs
            else:
                done += refs
                chunks = []
        return done

    def finish(self, **summary: Any) -> Path:
        """Write and seal the result; return the run's folder."""
        records = [self.record()]
        prepared = prepare_result(self.folder, self.recipe, records, {"run_id": self.folder.name})
        files = list(prepared.files)
        for job in prepared.jobs:
            files += write_result(self.folder, self.recipe, records, job)
        if summary:
            files += add_summary(self.folder, self.recipe, records, summary)
        items = {"total": 1, "done": 1, "failed": 0, "not_run": 0}
        seal(self.folder, self.recipe, records, files, run_id=self.folder.name, items=items)
        return self.folder

    def record(self, *, combined: bool = True) -> StageRecord:
        """Write and return the record of the stage."""
        lost = np.array(sorted(self.lost_tasks), np.int64)
        record = StageRecord(
            stage=self.stage.name,
            tasks=len(self.plan.tasks),
            plan=self.plan_ref,
            parts=tuple(self.parts),
            combined=tuple(self.combined()) if combined else (),
            failed_tasks=ranges_of(lost),
        )
        write_record(self.folder, record)
        return record


@pytest.fixture
def make_run(tmp_path: Path) -> Any:
    """Return a function that fills a run: ``make_run(plan, batches, ...)``."""
    made: list[Run] = []

    def make(plan: Plan, batches: list[list[int]] | None = None, **more: Any) -> Run:
        run = Run(tmp_path / f"run-{len(made)}", plan, **more)
        made.append(run)
        run.batches(*(batches or [list(range(len(plan.tasks)))]))
        return run

    return make


@pytest.fixture
def make_plan() -> Any:
    """Return :func:`product`."""
    return product


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB."""
    require_root("mounting a small file system")
    where = tmp_path / "small"
    where.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(where)], check=True)
    yield where
    subprocess.run(["umount", str(where)], check=True)


def flip(path: Path, at: float = 0.5) -> None:
    """Change one byte of a file."""
    data = bytearray(path.read_bytes())
    data[int(at * (len(data) - 1))] ^= 0x10
    path.write_bytes(data)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"x")


FAULTS = {
    "flipped": (flip, "bytes changed"),
    "cut": (truncate, "shorter than written"),
    "empty": (empty, "shorter than written: 0 bytes"),
    "longer": (lengthen, "longer than written"),
    "missing": (Path.unlink, "it is missing"),
}


@pytest.fixture(params=FAULTS)
def fault(request: pytest.FixtureRequest) -> Any:
    """A way to damage a file, and what is said of it."""
    return FAULTS[request.param]


@pytest.fixture
def flip_byte() -> Any:
    """Return a function that changes one byte of a file: ``flip_byte(path, at=0.5)``."""
    return flip
