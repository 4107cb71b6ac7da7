"""Recipes, checks of values, files."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from jupyterlab_workbench.documents.base import Answer, Document, Field_


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


class ContentsPath(Document):
    """A path of the file browser."""

    path: str


class DiskFile(Answer):
    """A file on the server's disk."""

    path: str
    name: str
    bytes: int


class UploadQuery(Document):
    """Name of an uploaded file."""

    name: Annotated[str, Field(min_length=1, max_length=200)]


class NotebookRequest(Document):
    """Where to write a notebook: a folder of the file browser."""

    folder: str = ""
