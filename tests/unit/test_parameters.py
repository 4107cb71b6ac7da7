"""Values of parameters: typed, bounded, named when they are wrong, all of them at once."""

import json
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import ValidationError

from workbench.errors import ParameterError
from workbench.parameters import InputFile, Parameters, input_files, load, load_strings, parameter


class Given(Parameters):
    count: int = parameter(3, ge=1, le=9, help="How many.")
    width: float = parameter(0.5, unit="nm", gt=0, help="How wide.")
    exact: bool = parameter(False, help="Whether exactly.")
    mode: Literal["fast", "slow"] = parameter("fast", help="How.")
    most: int | None = parameter(None, ge=1, help="At most so many.")
    sizes: list[float] = parameter([1.0], help="Sizes.")
    name: str = parameter(help="What it is called.")
    file: Annotated[Path | None, InputFile((".txt",))] = parameter(None, help="A file.")


def told(call):
    """``{parameter: message}`` of what is refused."""
    with pytest.raises(ParameterError) as refused:
        call()
    assert all(field.parameter in refused.value.message for field in refused.value.fields)
    return {field.parameter: field.message for field in refused.value.fields}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"count": 10}, "10 was given; it should be less than or equal to 9."),
        ({"count": 0}, "0 was given; it should be greater than or equal to 1."),
        ({"count": True}, "True was given; it should be a whole number."),
        ({"count": 2.0}, "2.0 was given; it should be a whole number."),
        ({"count": "2"}, "'2' was given; it should be a whole number."),
        ({"count": None}, "None was given; it should be a whole number."),
        ({"width": 0}, "0 was given; it should be greater than 0."),
        ({"width": True}, "True was given; it should be a number."),
        ({"width": float("inf")}, "inf is not a finite number: give a finite one."),
        ({"width": float("nan")}, "nan is not a finite number: give a finite one."),
        ({"exact": 1}, "1 was given; it should be true or false."),
        ({"mode": "fats"}, "'fats' was given; it should be 'fast' or 'slow'."),
        ({"sizes": [1.0, True]}, "[1]: True was given; it should be a number."),
        ({"sizes": [1.0, float("inf")]}, "[1.0, inf] is not a finite number: give a finite one."),
        ({"name": 7}, "7 was given; it should be a valid string."),
        ({"name": "\udcff"}, "holds bytes that are not UTF-8: rename the file, or give another "),
        (
            {"widht": 1.0},
            "there is no such parameter. Did you mean 'width'? There are: count, width, exact, ",
        ),
    ],
)
def test_a_wrong_value_is_named_with_what_is_wanted(values, message):
    [name] = values
    found = told(lambda: load(Given, {"name": "x", **values}))
    assert list(found) == [name]
    assert found[name].startswith(message)


def test_what_is_missing_is_told_with_its_help():
    assert told(lambda: load(Given, {})) == {"name": "a value is required (What it is called)."}


def test_all_wrong_values_are_told_at_once():
    values = {"count": 0, "width": -1.0, "mode": "x", "widht": 1}
    assert set(told(lambda: load(Given, values))) == {"count", "width", "mode", "widht", "name"}


def test_right_values_are_taken_as_they_are_with_the_defaults_of_the_others():
    found = load(Given, {"name": "x", "width": 2, "most": 4, "file": Path("a.txt")})
    assert found.model_dump(mode="json") == {
        "count": 3, "width": 2.0, "exact": False, "mode": "fast", "most": 4, "sizes": [1.0],
        "name": "x", "file": "a.txt",
    }  # fmt: skip
    with pytest.raises(ValidationError):
        found.count = 4


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("count=7", 7),
        ("width=1e-3", 0.001),
        ("width=2", 2.0),
        ("exact=true", True),
        ("mode=slow", "slow"),
        ("most=null", None),
        ("most=None", None),
        ("most=5", 5),
        ("sizes=[1, 2.5]", [1.0, 2.5]),
        ("name=12", "12"),
        ("name=[x", "[x"),
        ("name=true", "true"),
        ("name=", ""),
        ("file=~/a b.txt", "~/a b.txt"),
    ],
)
def test_texts_become_values_of_the_declared_type(text, value):
    name, _, given = text.partition("=")
    found, problems = load_strings(Given, {name: given})
    assert (found, problems) == ({name: value}, [])
    assert type(found[name]) is type(value)
    json.dumps(found)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("count", "10", "'10' was given; it should be less than or equal to 9."),
        ("count", "true", "'true' was given; it should be a whole number"),
        ("count", "1.5", "'1.5' was given; it should be a whole number"),
        ("count", "ten", "'ten' was given; it should be a whole number"),
        ("width", "true", "'true' was given; it should be a number"),
        ("width", "inf", "'inf' was given; it should be a finite number."),
        ("width", "nan", "'nan' was given; it should be a finite number."),
        ("width", "1e999", "'1e999' was given; it should be a finite number."),
        ("exact", "2", "'2' was given; it should be true or false"),
        ("sizes", '[1, "x"]', "[1]: 'x' was given; it should be a number"),
        ("cuont", "1", "there is no such parameter. Did you mean 'count'?"),
    ],
)
def test_texts_that_are_no_such_values_are_told(name, text, message):
    found, [problem] = load_strings(Given, {name: text})
    assert found == {}
    assert problem.parameter == name
    assert problem.message.startswith(message)


def test_input_files_are_known_by_their_mark():
    assert {name: kind.formats for name, kind in input_files(Given).items()} == {"file": (".txt",)}
    described = Given.model_json_schema()["properties"]
    assert described["file"]["format"] == "input-file"
    assert (described["width"]["unit"], described["width"]["description"]) == ("nm", "How wide.")
