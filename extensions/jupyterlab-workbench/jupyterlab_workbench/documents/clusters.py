"""Clusters: requests for them, and what became of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from jupyterlab_workbench.documents.base import Answer, Document, Field_

ClusterState = Literal["starting", "running", "stopping", "stopped", "failed"]
JobState = Literal["submitted", "pending", "starting", "connected", "finishing", "failed", "gone"]
Between = Annotated[list[int], Field(min_length=2, max_length=2)]


class ClusterRequest(Document):
    """A cluster to start; `between` is the smallest and the largest size, instead of `workers`."""

    name: str
    partition: str = "local"
    accelerator: str | None = None
    workers: int | None = None
    between: Between | None = None
    time_limit_s: float | None = None
    idle_timeout_s: float | None = None


class ClusterSize(Document):
    """Another size: a number, or the smallest and the largest."""

    workers: int | None = None
    between: Between | None = None


class LocalShare(Answer):
    """The most workers on this computer, what each has, and where that is more than there is."""

    workers: int
    memory_bytes: int
    warnings: list[str]


class ScriptAnswer(Answer):
    """The script of each of a cluster's `jobs`; null where there are problems or no jobs.

    On this computer, where there are none, `local` says what its workers have.
    """

    problems: list[Field_]
    script: str | None
    jobs: int
    workers_per_job: int
    local: LocalShare | None


class StartEstimate(Answer):
    """When the first job would start, by the word of `source` of the scheduler `title`.

    `refused` says why no start is in sight, `words` are the scheduler's own.
    """

    at: str | None
    title: str
    source: str
    words: str
    refused: str | None
    collected: str | None
    age_s: float | None


class EstimateAnswer(Answer):
    """An estimate; null on this computer, and where the scheduler makes none."""

    problems: list[Field_]
    start: StartEstimate | None


class ClusterWorkers(Answer):
    """How many workers were asked for, between which bounds, and how many are there."""

    asked: int
    min: int
    max: int
    connected: int


class Card(Answer):
    """A card that a worker holds."""

    vendor: str
    model: str
    index: int | None
    uuid: str | None


class WorkerProcess(Answer):
    """A worker."""

    name: str
    host: str
    pid: int
    job_id: str | None
    card: Card | None


class ClusterJob(Answer):
    """A job: `reason` in the scheduler's words, `plain` the same for people."""

    name: str
    job_id: str | None
    state: JobState
    reason: str | None
    plain: str | None
    start: str | None
    exit: int | None
    log_tail: str | None


class OwnJob(Answer):
    """The batch job in which a cluster's process runs."""

    name: str
    job_id: str | None


class JobCounts(Answer):
    """Jobs of a cluster by state."""

    submitted: int
    pending: int
    starting: int
    connected: int
    finishing: int
    failed: int
    gone: int


class Cluster(Answer):
    """A cluster in the list; `reason` says how it ended, `problem` what keeps it from growing.

    `idle_ends` is when it ends itself, as long as it has nothing to do.
    """

    name: str
    state: ClusterState
    partition: str
    accelerator: str | None
    host: str
    pid: int
    folder: str
    generation: int
    workers: ClusterWorkers
    job_counts: JobCounts
    memory_bytes: int | None
    warnings: list[str]
    problem: str
    reason: str
    runs: list[str]
    idle_ends: str | None
    own_job: OwnJob | None
    started: str


class Clusters(Answer):
    """Every cluster that was ever started, by name."""

    clusters: list[Cluster]


class ConnectCode(Answer):
    """Python that connects a notebook: with the workbench installed there, and with Dask alone."""

    workbench: str
    dask: str


class ClusterPage(Cluster):
    """Everything about one cluster.

    `request` starts the same one again; `connect` and `dashboard` are there while it runs, the
    dashboard as a path below ``<base_url>/workbench/api/``.
    """

    worker_processes: list[WorkerProcess]
    jobs: list[ClusterJob]
    request: ClusterRequest
    connect: ConnectCode | None
    dashboard: str | None


class ClusterLogQuery(Document):
    """Where to begin, as in a run's log; `job`: that of one of its jobs, by id or name."""

    from_: Annotated[int, Field(alias="from")] = 0
    job: Annotated[str, Field(max_length=200)] = ""
