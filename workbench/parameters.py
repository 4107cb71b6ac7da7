"""Typed parameters: the one declaration from which form, help, check and key come."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import CoreSchema

from workbench.errors import ParameterError, Problem, WorkbenchError, did_you_mean, named, quoted

P = TypeVar("P", bound="Parameters")

_ONE_VALUE = ConfigDict(strict=True, allow_inf_nan=False)
# What the library says of these tells a programmer how it read the text.
PLAIN = {
    **dict.fromkeys(("float_type", "float_parsing"), "it should be a number"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "it should be a whole number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "it should be true or false"),
}


class Parameters(BaseModel):
    """Base of a recipe's parameters.

    Instances are immutable, refuse unknown names, never convert one type into another and
    hold no infinity or NaN.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, validate_default=False
    )


@dataclass(frozen=True)
class InputFile:
    """Mark a path parameter as an input file: ``Annotated[Path, InputFile(...)]``.

    Parameters
    ----------
    formats
        Accepted file formats, as words for people and as file name endings for dialogs.
    check
        Reads the file (or its beginning) and raises :class:`workbench.ParameterError`, or
        returns normally.  Called with a :class:`workbench.inputs.Source`.
    folder
        Whether a folder of such files is accepted too.
    text
        Whether the (decompressed) content is text, so that the generic checks for binary
        data, UTF-16 and web pages apply before `check` is called.
    """

    formats: tuple[str, ...]
    check: Callable[[Any], None] | None = field(default=None, compare=False)
    folder: bool = False
    text: bool = True

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Add the accepted formats to the parameter's JSON Schema."""
        found = handler(schema)
        found.update(format="input-file", formats=list(self.formats), folder=self.folder)
        return found


@dataclass(frozen=True)
class Check:
    """Mark a parameter whose value is looked at by itself: ``Annotated[str, Check(...)]``.

    So a name that is not known is told although other values are wrong too.  Recipes' own
    ``check`` is asked only when every single value is right.

    Parameters
    ----------
    check
        ``value -> None``; raises :class:`workbench.WorkbenchError`.  Called before a run, and
        never where an old run is read.
    """

    check: Callable[[Any], object] = field(compare=False)


def parameter(
    default: Any = ...,
    *,
    help: str,
    unit: str = "1",
    group: str = "",
    advanced: bool = False,
    **bounds: Any,
) -> Any:
    """Declare one parameter.

    Parameters
    ----------
    default
        Value when the user gives none; left out, the parameter is required.
    help
        One or two sentences for the form and for ``workbench recipe show``.
    unit
        UDUNITS text, ``"1"`` for none.
    group, advanced
        Where the form shows it, and whether folded.
    **bounds
        ``gt``, ``ge``, ``lt``, ``le``, ``min_length``, ``max_length``, ``pattern``,
        ``multiple_of`` as pydantic's ``Field`` takes them.
    """
    extra: dict[str, Any] = {"unit": unit, "group": group, "advanced": advanced}
    return Field(default, description=help, json_schema_extra=extra, **bounds)


def load(model: type[P], values: Mapping[str, Any]) -> P:
    """Check values that came as JSON; report every problem at once.

    Raises
    ------
    ParameterError
        With one field per wrong, missing or unknown parameter.
    """
    _refuse_what_is_no_text(values)
    try:
        text = json.dumps(values, allow_nan=False, default=_path_as_text)
    except ValueError:
        text = ""
    if not text:
        raise ParameterError.of(_not_finite(values))
    return _load(model, lambda: model.model_validate_json(text))


def load_strings(model: type[P], values: Mapping[str, str]) -> tuple[dict[str, Any], list[Problem]]:
    """Turn ``name=text`` pairs of a command line into JSON values of the right type.

    Only the parameters that are given are looked at, so that they can be laid over an
    example's or another run's values before :func:`load` judges the whole.

    Returns
    -------
    values, problems
        What could be read, and what is wrong with the rest.
    """
    problems: list[Problem] = []
    found: dict[str, Any] = {}
    for name, text in values.items():
        info = model.model_fields.get(name)
        if info is None:
            problems.append(_unknown(model, name))
            continue
        adapter: TypeAdapter[Any] = TypeAdapter(info.rebuild_annotation(), config=_ONE_VALUE)
        try:
            value = _read_text(adapter, text)
        except ValidationError as error:
            problems += [_problem(model, {**e, "loc": (name, *e["loc"])}) for e in error.errors()]
        else:
            found[name] = adapter.dump_python(value, mode="json")
    return found, problems


def input_files(model: type[Parameters]) -> dict[str, InputFile]:
    """Return the parameters that name input files."""
    found = {}
    for name, info in model.model_fields.items():
        for mark in info.metadata:
            if isinstance(mark, InputFile):
                found[name] = mark
    return found


def value_problems(
    model: type[Parameters], values: Mapping[str, Any], told: Collection[str] = ()
) -> list[Problem]:
    """Look at values one by one as their :class:`Check` marks say.

    Parameters
    ----------
    values
        By name; what is left out is not looked at.
    told
        Parameters of which something is known to be wrong already.
    """
    found = []
    for name, info in model.model_fields.items():
        for mark in info.metadata:
            if isinstance(mark, Check) and name in values and name not in told:
                adapter: TypeAdapter[Any] = TypeAdapter(
                    info.rebuild_annotation(), config=_ONE_VALUE
                )
                if not _takes(adapter, values[name]):
                    # That is told by whoever reads all of them.
                    continue
                try:
                    mark.check(values[name])
                except WorkbenchError as error:
                    said = [one.message for one in error.fields] or [error.message]
                    found += [Problem(name, message) for message in said]
    return found


def _read_text(adapter: TypeAdapter[Any], text: str) -> Any:
    """Read one value from a command line: ``null``, a list or object as JSON, or plain text."""
    if text in ("null", "None") and _takes(adapter, None):
        return None
    try:
        return adapter.validate_strings(text)
    except ValidationError:
        if text[:1] not in "[{" or not _is_json(text):
            raise
    return adapter.validate_json(text)


def _takes(adapter: TypeAdapter[Any], value: Any) -> bool:
    try:
        adapter.validate_python(value)
    except ValidationError:
        return False
    return True


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _path_as_text(value: Any) -> str:
    if isinstance(value, Path):
        return str(value)
    kind = type(value).__name__
    raise TypeError(f"{kind} cannot stand in a parameter: use JSON values.")


def _refuse_what_is_no_text(values: Mapping[str, Any]) -> None:
    """Raise where bytes outside UTF-8 came in, as halves of letters ("surrogates")."""
    problems = []
    for name, value in values.items():
        try:
            f"{name}{value}".encode()
        except UnicodeEncodeError:
            message = "holds bytes that are not UTF-8: rename the file, or give another text."
            problems.append(Problem(name, message))
    if problems:
        raise ParameterError.of(problems)


def _not_finite(values: Mapping[str, Any]) -> list[Problem]:
    problems = []
    for name, value in values.items():
        try:
            json.dumps(value, allow_nan=False, default=_path_as_text)
        except ValueError:
            problems.append(
                Problem(name, f"{quoted(value)} is not a finite number: give a finite one.")
            )
    return problems


def _load(model: type[P], read: Callable[[], P]) -> P:
    try:
        return read()
    except ValidationError as error:
        raise ParameterError.of([_problem(model, e) for e in error.errors()]) from error


def _unknown(model: type[Parameters], name: str) -> Problem:
    known = list(model.model_fields)
    message = f"there is no such parameter.{did_you_mean(name, known)}"
    return Problem(named(name), f"{message} There are: {', '.join(known)}.")


def _problem(model: type[Parameters], error: Any) -> Problem:
    name = str(error["loc"][0]) if error["loc"] else "parameters"
    if error["type"] == "extra_forbidden":
        return _unknown(model, name)
    if error["type"] == "missing":
        described = (model.model_fields[name].description or "no help").removesuffix(".")
        return Problem(name, f"a value is required ({described}).")
    given = error.get("input")
    said = PLAIN.get(error["type"]) or error["msg"].replace("Input should", "it should")
    where = "".join(f"[{part}]" for part in error["loc"][1:] if isinstance(part, int))
    return Problem(name, f"{where + ': ' if where else ''}{quoted(given)} was given; {said}.")
