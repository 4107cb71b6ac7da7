"""What a run found: figures, table, items."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from jupyterlab_workbench.documents.base import Answer, Document

ItemState = Literal["done", "failed", "not_run"]


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
    order: list[str]


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


class StageItems(Answer):
    """What one stage counts (its `dim`: structures, strains), by state."""

    stage: str
    dim: str
    counts: ItemCounts


class ItemsPage(Answer):
    """A page of the items, those of all stages together; `stages` counts them one by one."""

    items: list[Item]
    offset: int
    total: int
    counts: ItemCounts
    stages: list[StageItems]


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
