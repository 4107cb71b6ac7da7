"""Runs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from jupyterlab_workbench.documents.base import Answer, Document

State = Literal[
    "queued",
    "starting",
    "running",
    "waiting",
    "stopping",
    "stopped",
    "interrupted",
    "failed",
    "completed",
    "completed_with_failures",
]


class RunRequest(Document):
    """A run to start."""

    recipe: str
    values: dict[str, Any]
    on: list[str] = []
    like: str | None = None


class Items(Answer):
    """Items of a run by state."""

    total: int
    done: int
    failed: int
    not_run: int


class Driver(Answer):
    """The process that drives a run."""

    host: str
    pid: int
    epoch: int
    job_id: str | None


class RunFailure(Answer):
    """Why a run failed or waits."""

    code: str
    message: str


class ClusterShare(Answer):
    """What one of a run's clusters does for it; `rate` in tasks a second."""

    name: str
    workers: int
    tasks_done: int
    rate: float | None
    problem: str


class Stage(Answer):
    """Progress of a stage."""

    name: str
    round: int
    tasks: int
    tasks_done: int
    tasks_failed: int
    keys_sha256: str


class Run(Answer):
    """A run in the list; `inputs` are names of files."""

    run_id: str
    recipe: str
    version: str
    state: State
    folder: str
    result: str | None
    created: str
    ended: str | None
    items: Items
    clusters: list[str]
    per_cluster: list[ClusterShare]
    bytes: int
    driver: Driver | None
    error: RunFailure | None
    message: str
    notes: list[str]
    left_s: float | None
    workers: int
    inputs: list[str]


class Runs(Answer):
    """A page of the list; as long as not `complete`, some runs are still to be read."""

    runs: list[Run]
    next: str | None
    total: int
    complete: bool


class Input(Answer):
    """An input file as it was at submit."""

    name: str
    path: str
    bytes: int
    sha256: str | None
    copied: bool


class Provenance(Answer):
    """With what a run was computed."""

    pack: str
    code_hash: str
    packages: dict[str, str]
    python: str
    host: str
    seed: int
    like: str | None


class RunPage(Run):
    """Everything about one run."""

    stages: list[Stage]
    parameters: dict[str, Any]
    input_files: list[Input]
    provenance: Provenance
    audit: dict[str, Any] | None


class GoOn(Document):
    """How to resume."""

    accept_code: bool = False


class RetryRequest(GoOn):
    """How to compute failed items again; `items` says which, by stage, all when left out."""

    items: dict[str, list[int]] | None = None


class Code(Answer):
    """What starts a run with the same values."""

    shell: str
    python: str


class RunsQuery(Document):
    """Which runs to list."""

    text: Annotated[str, Field(max_length=200)] = ""
    state: Annotated[str, Field(pattern=r"^([a-z_]+(,[a-z_]+)*)?$")] = ""
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    after: str | None = None


class DeleteQuery(Document):
    """Whether to keep the result."""

    keep_result: bool = False
