"""A recipe with a parameter of every kind, whose items pause and fail as they are told."""

import time
from pathlib import Path
from typing import Annotated, Literal

import altair
import numpy as np

from workbench import (
    Example,
    InputFile,
    Output,
    ParameterError,
    Parameters,
    Picture,
    Plan,
    Problem,
    Recipe,
    parameter,
    tile,
)

EXAMPLES = Path(__file__).parent


def check_numbers(source):
    """A file of whole numbers."""
    for _, line in source.lines():
        text = line.decode().strip()
        if not text.isdigit():
            raise ParameterError.of([Problem("numbers", f"{text!r} is no whole number.")])


class Given(Parameters):
    """Every kind of parameter."""

    numbers: Annotated[Path, InputFile(("text", ".txt"), check=check_numbers)] = parameter(
        help="A file with a whole number in each line."
    )
    factor: float = parameter(2.0, unit="eV", gt=0, le=10, help="Each number is multiplied by it.")
    rounds: int = parameter(1, ge=1, le=9, help="How often.")
    exact: bool = parameter(False, help="Whether to take care.")
    method: Literal["plain", "careful"] = parameter("plain", help="How it is done.")
    limit: float | None = parameter(None, help="Larger results are left out; none for no limit.")
    weights: list[float] = parameter([1.0], help="A weight for each round.")
    window: tuple[int, int] = parameter((0, 100), help="First and last number that count.")
    note: str = parameter("", group="words", help="What you want to remember.")
    pause_s: float = parameter(0.0, unit="s", ge=0, advanced=True, help="Pause before each item.")
    fail: list[int] = parameter([], advanced=True, help="Numbers that fail.")


def check(p):
    """What single values cannot say."""
    if p.window[0] > p.window[1]:
        raise ParameterError.of([Problem("window", "the first number is larger than the last.")])


def numbers_of(p):
    return np.array([int(line) for line in p.numbers.read_text().split()], np.int64)


def plan(p, results):
    numbers = numbers_of(p)
    return Plan(dim="number", coords={"number": numbers}, tasks=tile(len(numbers), 1))


def multiply(task, p, ctx):
    time.sleep(p.pause_s)
    (number,) = task.inputs["number"].tolist()
    if number in p.fail:
        raise ValueError(f"number {number} was told to fail")
    value = number * p.factor**p.rounds
    name = f"<b>{number}</b> is even" if number % 2 == 0 else "it is odd"
    return {"product": np.array([value]), "parity": np.array([name], np.dtypes.StringDType())}


def figures(dataset, p):
    rows = [
        {"number": int(n), "product": float(v)}
        for n, v in zip(dataset["number"].values, dataset["product"].values, strict=True)
    ]
    chart = altair.Chart(altair.Data(values=rows)).mark_point()
    return {"products": chart.encode(x="number:Q", y="product:Q")}


recipe = Recipe(
    id="kinds.every",
    version="1",
    title="Every kind",
    question="What becomes of these numbers?",
    field="tests",
    parameters=Given,
    outputs=(
        Output(name="product", dims=("number",), unit="eV", long_name="number times factor"),
        Output(name="parity", dims=("number",), dtype="str", long_name="even or odd"),
    ),
    plan=plan,
    kernel=multiply,
    check=check,
    figures=figures,
    table="number",
    order=("product",),
    references=("doi:10.5281/zenodo.594762", "A manual page"),
    picture=Picture(file=EXAMPLES / "kinds.svg", caption="Six points on a line"),
    examples=(
        Example(
            name="six",
            title="Six numbers",
            values=lambda: {"numbers": EXAMPLES / "six.txt", "factor": 3.0},
        ),
    ),
)
