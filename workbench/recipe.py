"""Recipe, Stage, Plan, Output: what an author declares.

The words, and how a value travels through them, are explained in ``docs/write-a-recipe.md``.
This module imports nothing heavier than numpy, so that a pack loads in a fraction of a
second in the command line, the server and on every worker.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from workbench.errors import RecipeError
from workbench.parameters import Parameters
from workbench.plan import Piece, Plan, Task, Tasks, as_column, tasks, tile

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "Example", "Output", "Picture", "Piece", "Plan", "Recipe", "Stage", "Task", "Tasks",
    "as_column", "tasks", "tile",
]  # fmt: skip

P = TypeVar("P", bound=Parameters)

Array = Any  # an object of the Array API standard: numpy.ndarray, torch.Tensor, cupy.ndarray
Results = Mapping[str, NDArray[Any]]  # variables of the stages before, by name, read lazily

NAME = re.compile(r"[a-z][a-z0-9_]*\Z", re.IGNORECASE)
TEXT = "str"
PICTURES = {".png": "image/png", ".svg": "image/svg+xml"}


@dataclass(frozen=True, kw_only=True)
class Output:
    """A declared result variable.

    Parameters
    ----------
    name
        Name in the result; letters, digits and underscores.
    dims
        ``dense``: the first is the stage's task dim, or its owner dim when the stage
        combines; every further one has a coordinate in the plan.  ``rows``: ``(owner, row)``,
        for example ``("query", "hit")``.  ``file``: ``()``, one file an item.
    unit
        UDUNITS text, ``"1"`` for none.
    dtype
        A numpy dtype name, or ``"str"`` for text.
    long_name, source
        What it is; where the definition comes from (DOI, equation, manual page).
    kind
        ``dense`` array, ``rows`` (a table of unknown length) or ``file`` (checksummed bytes
        for later stages, no part of the result).
    columns
        For ``rows``: the columns, each an Output without dims.
    key
        For ``rows``: the columns that sort the table; the first holds the owner's index.
    allow_nan
        Whether NaN is a value.  Otherwise an item with a NaN has failed.
    fill
        What stands where an item failed or did not run.  NaN for floats, -1 for integers and
        the empty text unless said otherwise.
    tolerance
        Relative difference to be expected between device classes; on one there is none.
        ``workbench.testing.equality.alike`` holds two runs to it.
    """

    name: str
    dims: tuple[str, ...] = ()
    unit: str = "1"
    dtype: str = "float64"
    long_name: str = ""
    source: str = ""
    kind: Literal["dense", "rows", "file"] = "dense"
    columns: tuple[Output, ...] = ()
    key: tuple[str, ...] = ()
    allow_nan: bool = False
    fill: float | int | str | None = None
    tolerance: float = 1e-6

    @property
    def missing(self) -> Any:
        """Value that stands where an item failed or did not run."""
        if self.fill is not None:
            return self.fill
        if self.dtype == TEXT:
            return ""
        kind = np.dtype(self.dtype).kind
        return {"f": np.nan, "c": np.nan, "i": -1, "b": False}.get(kind, 0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Stage(Generic[P]):
    """One planned fan-out: a plan, a kernel, perhaps a combine.

    Parameters
    ----------
    name
        Its status is the result variable ``<name>_status``.
    outputs
        What the kernel returns, by name.
    plan
        ``(parameters, results) -> Plan``; runs in the driver, is deterministic, and reads
        nothing but its arguments (never memory, worker count or host).
    kernel
        ``(task, parameters, context) -> {output: array}``; pure.  ``dense``: first axis the
        items of the task (or the owners of its group).  ``rows``: ``{column: values}``.
        ``file``: one path an item, written below ``context.scratch``.
    setup
        ``(parameters, context) -> Any``; once per worker process, kept in ``context.state``.
    combine
        ``(pieces, parameters, context) -> Piece``; associative; on workers, as a tree shaped
        by task order.  Rows are concatenated where it is left out.
    root
        ``(piece, parameters, context) -> Piece``; once per group, after the last combine:
        for what can only be said of the whole.
    split
        Items are independent: after out-of-memory the kernel may be called on halves.
    label
        ``{coordinate: value} -> str``; what people call one of an owner's items, beside the
        owner's name.  Its number when left out.
    """

    name: str
    outputs: tuple[Output, ...]
    plan: Callable[[P, Results], Plan]
    kernel: Callable[[Task, P, Any], Mapping[str, Any]]
    setup: Callable[[P, Any], Any] | None = None
    combine: Callable[[Sequence[Piece], P, Any], Piece] | None = None
    root: Callable[[Piece, P, Any], Piece] | None = None
    split: bool = False
    label: Callable[[Mapping[str, Any]], str] | None = None


@dataclass(frozen=True, kw_only=True)
class Example:
    """A working set of values, one click away.

    Parameters
    ----------
    name, title
        Word for ``--example``, and a sentence.
    values
        Returns the values; a callable, so that files are only looked up when wanted.
    """

    name: str
    title: str
    values: Callable[[], Mapping[str, Any | Path]]


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture of what comes out, for the catalogue and the recipe's page.

    Parameters
    ----------
    file
        A PNG or SVG file that the pack ships, about 3 wide to 2 high, at most 200 kB; drawn on
        nothing, so that it stands on light and on dark.
    caption
        What it shows, and of what: for who cannot see it, and for who wants to know.
    """

    file: Path
    caption: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Recipe(Generic[P]):
    """A packaged, parameterized calculation of one or more stages.

    Parameters
    ----------
    id, version
        ``pack.name``; the version changes when values change.
    title, question, field
        For the catalogue: a name, the question it answers, and ``proteins``, ``materials``...
    parameters
        The :class:`Parameters` class.
    check
        ``parameters -> None``; says what single values cannot: raises
        :class:`workbench.ParameterError`.  Called before a run, after the input files were
        checked; may look into them, for about a second.
    room
        ``parameters -> bytes``: about what the file outputs take on disk, so that a run that
        cannot fit is refused.  Called as `check` is.
    stages
        The stages in order.  A recipe with one may give `outputs`, `plan`, `kernel` (and
        `setup`) instead; that stage is called ``main``.
    items
        The dim that users count (queries, structures); the first stage's dim if left out.
    summary, finish
        Outputs of ``finish(results, parameters) -> {name: array}``, computed from combined
        results at the end.
    figures
        ``(dataset, parameters) -> {name: altair.Chart}``; on a worker, at the end.  While a run
        goes on it is asked too, as soon as every declared variable is there: as long as items
        are not done, with their missing values.
    audit
        ``(dataset, parameters, context) -> JSON``; checks a sample with the exact kernel.
    notes
        ``(dataset, parameters) -> [sentence]``; on a worker, at the end: what whoever reads the
        result has to know, such as what empty values mean.
    table
        Name of the ``rows`` output, or of dense variables' dim, that is shown first.
    columns
        Columns of that table that come first when it is shown; the others follow.
    order
        Variables by which that table is sorted when it is shown, the best first.
    requires
        Modules that must be importable on the workers.
    references
        DOIs, manuals.
    examples
        See :class:`Example`.
    picture
        See :class:`Picture`.
    """

    id: str
    version: str
    title: str
    parameters: type[P]
    question: str = ""
    field: str = ""
    stages: tuple[Stage[P], ...] = ()
    outputs: tuple[Output, ...] = ()
    plan: Callable[[P, Results], Plan] | None = None
    kernel: Callable[[Task, P, Any], Mapping[str, Any]] | None = None
    setup: Callable[[P, Any], Any] | None = None
    check: Callable[[P], None] | None = None
    room: Callable[[P], int] | None = None
    items: str = ""
    summary: tuple[Output, ...] = ()
    finish: Callable[[Results, P], Mapping[str, Any]] | None = None
    figures: Callable[[Any, P], Mapping[str, Any]] | None = None
    audit: Callable[[Any, P, Any], Mapping[str, Any]] | None = None
    notes: Callable[[Any, P], Sequence[str]] | None = None
    table: str = ""
    columns: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    picture: Picture | None = None

    def __post_init__(self) -> None:
        if not self.stages:
            if self.plan is None or self.kernel is None:
                raise RecipeError(f"Recipe {self.id}: give stages, or plan and kernel.")
            stage = Stage(
                name="main",
                outputs=self.outputs,
                plan=self.plan,
                kernel=self.kernel,
                setup=self.setup,
            )
            object.__setattr__(self, "stages", (stage,))
        problems = _problems(self)
        if problems:
            raise RecipeError(f"Recipe {self.id}: " + "; ".join(problems))

    @property
    def declared(self) -> set[str]:
        """Names of all variables that a complete result has, coordinates left out."""
        dense = [o for stage in self.stages for o in stage.outputs if o.kind != "file"]
        columns = {one.name for output in dense for one in output.columns or (output,)}
        statuses = {f"{stage.name}_status" for stage in self.stages}
        return columns | statuses | {output.name for output in self.summary}

    def stage(self, name: str) -> Stage[P]:
        """Return the stage of that name."""
        return next(stage for stage in self.stages if stage.name == name)


def _problems(recipe: Recipe[Any]) -> list[str]:
    found = []
    if not re.fullmatch(r"[a-z0-9_-]+\.[a-z0-9_.-]+", recipe.id):
        found.append("the id must read pack.name in lower case")
    names = [stage.name for stage in recipe.stages]
    every = [o for stage in recipe.stages for o in stage.outputs] + list(recipe.summary)
    names += [output.name for output in every]
    for name in names:
        if not NAME.match(name):
            found.append(f"{name!r} is no name: letters, digits and underscores")
        if names.count(name) > 1 and f"{name!r} stands twice" not in found:
            found.append(f"{name!r} stands twice")
    for output in every:
        found += _output_problems(output)
    known = {one.name for output in every for one in (output, *output.columns)}
    found += [
        f"there is no column {name!r} to show" for name in recipe.columns if name not in known
    ]
    if recipe.picture is not None and recipe.picture.file.suffix not in PICTURES:
        found.append(f"the picture {recipe.picture.file.name} is neither .png nor .svg")
    if recipe.summary and recipe.finish is None:
        found.append("summary outputs need finish")
    return found


def _output_problems(output: Output) -> list[str]:
    found = []
    columns = [column.name for column in output.columns]
    if output.kind == "rows":
        if len(output.dims) != 2:
            found.append(f"rows output {output.name!r} needs dims (owner, row)")
        if not output.key or not set(output.key) <= set(columns):
            found.append(f"rows output {output.name!r} needs a key made of its columns")
    elif columns or output.key:
        found.append(f"{output.kind} output {output.name!r} has columns or a key")
    for one in (output, *output.columns):
        if one.dtype != TEXT and np.dtype(one.dtype).kind not in "fiubc":
            found.append(f"{one.name!r}: dtype {one.dtype} cannot be stored")
    return found
