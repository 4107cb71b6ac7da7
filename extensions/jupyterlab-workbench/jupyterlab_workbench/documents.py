"""What goes over the wire: from these models come the checks of requests and the browser's types.

``src/documents.ts`` is made of their JSON Schemas by ``tools/typescript_types.py``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

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
ItemState = Literal["done", "failed", "not_run"]


class Document(BaseModel):
    """Base of requests: unknown names are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Answer(BaseModel):
    """Base of answers: a later version may say more."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)


class Field_(Answer):  # noqa: N801 - Field is pydantic's
    """One wrong value."""

    parameter: str
    message: str


class Failure(Answer):
    """An error: what was asked, what is there, what to do."""

    code: str
    message: str
    fields: list[Field_]


class RecipeSummary(Answer):
    """A recipe in the catalogue."""

    id: str
    version: str
    title: str
    question: str
    field: str
    pack: str
    picture: str = ""  # what it shows, empty for none


class PackProblem(Answer):
    """A pack that cannot be used, and why."""

    pack: str
    message: str


class Catalogue(Answer):
    """Every recipe."""

    recipes: list[RecipeSummary]
    problems: list[PackProblem]


class Output(Answer):
    """A result variable."""

    name: str
    kind: Literal["dense", "rows", "file"]
    dtype: str
    unit: str
    long_name: str
    source: str
    dims: list[str]
    columns: list[Output] = []


class Example(Answer):
    """A working set of values."""

    name: str
    title: str
    values: dict[str, Any]


class RecipePage(RecipeSummary):
    """Everything about a recipe; `form` is the JSON Schema of its parameters for a form."""

    form: dict[str, Any]
    outputs: list[Output]
    references: list[str]
    examples: list[Example]


class CheckRequest(Document):
    """Values to look at."""

    values: dict[str, Any]


class CheckAnswer(Answer):
    """What is wrong with values, and what a run of them would mean."""

    problems: list[Field_]
    items: int
    bytes: int


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


class Figures(Answer):
    """Names of a run's figures; `stamp` changes when they have been drawn anew."""

    names: list[str]
    stamp: str


class TableColumn(Answer):
    """A column of the table."""

    name: str
    unit: str
    long_name: str
    kind: Literal["text", "integer", "number", "flag"]


class Rows(Answer):
    """A page of the table."""

    columns: list[TableColumn]
    rows: list[list[Any]]
    offset: int
    total: int
    unfiltered: int


class Item(Answer):
    """One item of a run."""

    stage: str
    index: int
    name: str
    state: ItemState
    code: str
    message: str
    attempts: int
    host: str


class ItemCounts(Answer):
    """Items of all stages by state."""

    not_run: int
    done: int
    failed: int


class ItemsPage(Answer):
    """A page of the items."""

    items: list[Item]
    offset: int
    total: int
    counts: ItemCounts


class LogPiece(Answer):
    """Bytes `start` to `stop` of a log of `size` bytes."""

    text: str
    start: int
    stop: int
    size: int


class Code(Answer):
    """What starts a run with the same values."""

    shell: str
    python: str


class NotebookRequest(Document):
    """Where to write a notebook: a folder of the file browser."""

    folder: str = ""


class ContentsPath(Document):
    """A path of the file browser."""

    path: str


class DiskFile(Answer):
    """A file on the server's disk."""

    path: str
    name: str
    bytes: int


class RunsQuery(Document):
    """Which runs to list."""

    text: Annotated[str, Field(max_length=200)] = ""
    state: Annotated[str, Field(pattern=r"^([a-z_]+(,[a-z_]+)*)?$")] = ""
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    after: str | None = None


class TableQuery(Document):
    """Which rows, in which order: ``sort=-score``, ``filter=evalue<1e-5`` (several)."""

    sort: str = ""
    filter: list[str] = []
    offset: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=1, le=5000)] = 100


class ItemsQuery(Document):
    """Which items."""

    state: ItemState | Literal[""] = ""
    offset: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=1, le=5000)] = 100


class LogQuery(Document):
    """Where to begin; negative: so many bytes before the end."""

    from_: Annotated[int, Field(alias="from")] = 0


class DeleteQuery(Document):
    """Whether to keep the result."""

    keep_result: bool = False


class UploadQuery(Document):
    """Name of an uploaded file."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
