"""What all documents share, and errors and logs."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


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


class LogPiece(Answer):
    """Bytes `start` to `stop` of a log of `size` bytes."""

    text: str
    start: int
    stop: int
    size: int


class LogQuery(Document):
    """Where to begin; negative: so many bytes before the end."""

    from_: Annotated[int, Field(alias="from")] = 0
