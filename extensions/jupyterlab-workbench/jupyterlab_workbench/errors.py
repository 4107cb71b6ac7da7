"""Errors as status codes: one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from workbench.errors import (
    DamagedResult,
    NotFound,
    ParameterError,
    RecipeError,
    Refused,
    RunFailed,
    WorkbenchError,
    quoted,
)

STATUS: Mapping[type[WorkbenchError], int] = {
    ParameterError: 422,
    NotFound: 404,
    Refused: 409,
    DamagedResult: 409,
    RunFailed: 409,
    RecipeError: 500,
}
NAMES = {kind.__name__: status for kind, status in STATUS.items()}


class Told(Exception):  # noqa: N818 - carries an error that another process met
    """An error with its status and its document ``{code, message, fields}``."""

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        super().__init__(document["message"])
        self.status = status
        self.document = dict(document)


def told(error: WorkbenchError) -> Told:
    """Return an error of the workbench with its status."""
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    return Told(status, error.to_json())


def answered(error: Mapping[str, Any]) -> Told:
    """Return an error that the answers' process reports, with its status."""
    document = {name: error[name] for name in ("code", "message", "fields")}
    return Told(NAMES.get(error["kind"], 500), document)


def invalid(error: ValidationError, where: str) -> Told:
    """Return what is wrong with a body or a query."""
    fields = [
        {"parameter": ".".join(map(str, one["loc"])) or where, "message": one["msg"]}
        for one in error.errors()
    ]
    lines = [f"{one['parameter']}: {one['message']}" for one in fields]
    return Told(
        422, {"code": "parameters", "message": f"The {where}: {'; '.join(lines)}", "fields": fields}
    )


def plain(status: int, code: str, message: str) -> Told:
    """Return an error that concerns no parameter."""
    return Told(status, {"code": code, "message": message, "fields": []})


def parameter(name: str, message: str) -> Told:
    """Return that one value is wrong."""
    fields = [{"parameter": name, "message": message}]
    return Told(422, {"code": "parameters", "message": f"{name}: {message}", "fields": fields})


def invalid_filter(text: str) -> Told:
    """Return that a condition cannot be read."""
    said = f"{quoted(text)} is no condition: write column<value, with one of = != < <= > >= ~."
    return parameter("filter", said)
