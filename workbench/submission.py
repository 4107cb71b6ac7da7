"""What is done with values before a run exists: laid over each other, checked, written down."""

from __future__ import annotations

import os
import platform
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench import registry
from workbench.code import code_hash, packages
from workbench.errors import NotFound, ParameterError, Problem, Refused
from workbench.home import expanded
from workbench.input_checks import check_input, check_inputs
from workbench.inputs import WHOLE_BYTES, content_hash, copy_input, ends_hash, input_bytes
from workbench.parameters import Parameters, input_files, load, load_strings, value_problems
from workbench.recipe import Plan, Recipe
from workbench.room import ADVICE, free_bytes, spoken
from workbench.runs.folder import runs_home
from workbench.runs.lock import now
from workbench.runs.manifest import Input, Manifest
from workbench.runs.plan_checks import plan_of

DISK_FACTOR = 2.5
# What small runs consist of, measured: a run's own files (manifest, status, log, journals), a
# stage's (plan, record, the headers of its parts), a variable's (zarr's description, its line in
# the record of the result), two figures each as picture and as data.
RUN_BYTES = 12_000
STAGE_BYTES = 20_000
VARIABLE_BYTES = 1_300
FIGURE_BYTES = 40_000
# An item's share of journals, parts and figures; where items are many, arrays outweigh it.
ITEM_BYTES = 5_000
MOST_ITEMS = 100
# So many are taken for the items of a dim that no plan knows yet.
UNKNOWN_ITEMS = 50


@dataclass(frozen=True)
class Checked:
    """Values that were looked at, with what a run of them would mean.

    Attributes
    ----------
    problems
        Everything that is wrong; empty when the run can start.
    items
        Number of items that the run would have.
    bytes
        What the run needs on disk: copies of inputs, file outputs, dense outputs on their way,
        and what describes them.
    """

    values: Mapping[str, Any]
    problems: tuple[Problem, ...]
    items: int = 0
    bytes: int = 0
    parameters: Parameters | None = None


def values_for(
    recipe: Recipe[Any],
    *,
    example: str | None = None,
    like: Manifest | None = None,
    given: Mapping[str, Any] | None = None,
    texts: Mapping[str, str] | None = None,
) -> tuple[dict[str, Any], list[Problem]]:
    """Lay values over each other: an earlier run's, an example's, given ones, ``--set`` texts.

    Returns
    -------
    values, problems
        The values, and what is wrong with texts that could not be read.
    """
    values: dict[str, Any] = {}
    if like is not None:
        if like.recipe != recipe.id:
            raise ParameterError(f"Run {like.run_id} is one of {like.recipe}, not of {recipe.id}.")
        values.update(like.parameters)
        values.update({name: entry.path for name, entry in like.inputs.items()})
    if example is not None:
        known = {one.name: one for one in recipe.examples}
        if example not in known:
            raise NotFound.named(f"example of {recipe.id}", example, known)
        values.update(known[example].values())
    values.update(given or {})
    read, problems = load_strings(recipe.parameters, texts or {})
    values.update(read)
    return values, problems


def check_values(recipe: Recipe[Any], values: Mapping[str, Any]) -> Checked:
    """Check values without any side effect: types and bounds, files, plan, disk."""
    absolute = dict(values)
    for name in input_files(recipe.parameters):
        if isinstance(absolute.get(name), str | os.PathLike):
            absolute[name] = _path(absolute[name])
    try:
        parameters = load(recipe.parameters, absolute)
    except ParameterError as error:
        return Checked(absolute, (*error.fields, *_other_problems(recipe, absolute, error)))
    problems = check_inputs(recipe.parameters, parameters)
    problems += value_problems(recipe.parameters, dict(parameters))
    check = recipe.check
    if not problems and check is not None:
        try:
            registry.asked(f"The check of {recipe.id}", lambda: check(parameters))
        except ParameterError as error:
            problems = list(error.fields) or [Problem("parameters", error.message)]
    if problems:
        return Checked(absolute, tuple(problems))
    copied = sum(size for size in _sizes(parameters).values() if size <= WHOLE_BYTES)
    plan = plan_of(recipe, recipe.stages[0], parameters, {})
    items = plan.sizes.get(recipe.items or plan.dim, 0)
    needed = int(copied + DISK_FACTOR * _dense_bytes(recipe, plan)) + _share(recipe, plan)
    room = recipe.room
    if room is not None:
        needed += int(registry.asked(f"The room of {recipe.id}", lambda: room(parameters)))
    return Checked(absolute, (), items, needed, parameters)


def _path(given: str | os.PathLike[str]) -> str:
    """Return an absolute path, without blanks around it that came with pasting."""
    whole = str(expanded(given) or given)
    bare = os.fspath(given).strip()
    if not bare or bare == os.fspath(given) or os.path.lexists(whole):
        return whole
    return str(expanded(bare) or bare)


def _other_problems(
    recipe: Recipe[Any], values: Mapping[str, Any], error: ParameterError
) -> list[Problem]:
    """Look at input files and single values although others are wrong: all problems at once."""
    told = {field.parameter for field in error.fields}
    found = []
    for name, kind in input_files(recipe.parameters).items():
        if name not in told and isinstance(values.get(name), str):
            said = check_input(Path(values[name]), kind)
            found += [Problem(name, message) for message in said]
    return [*found, *value_problems(recipe.parameters, values, told)]


def _sizes(parameters: Parameters) -> dict[str, int]:
    names = input_files(type(parameters))
    paths = {name: getattr(parameters, name) for name in names}
    return {name: input_bytes(path) for name, path in paths.items() if path is not None}


def _dense_bytes(recipe: Recipe[Any], plan: Plan) -> int:
    """Bytes of the dense outputs whose dims the first plan already knows."""
    total = 0
    for stage in recipe.stages:
        for output in stage.outputs:
            if output.kind == "dense" and set(output.dims) <= set(plan.sizes):
                cells = 1
                for dim in output.dims:
                    cells *= plan.sizes[dim]
                total += cells * (8 if output.dtype == "str" else _itemsize(output.dtype))
    return total


def _share(recipe: Recipe[Any], plan: Plan) -> int:
    """Bytes that a run takes whatever its arrays hold: nearly all of a small one."""
    variables = len(recipe.declared | plan.variables.keys())
    figures = FIGURE_BYTES if recipe.figures is not None else 0
    items = min(plan.sizes.get(recipe.items or plan.dim, UNKNOWN_ITEMS), MOST_ITEMS)
    stages = STAGE_BYTES * len(recipe.stages)
    return RUN_BYTES + stages + VARIABLE_BYTES * variables + figures + ITEM_BYTES * items


def _itemsize(dtype: str) -> int:
    digits = "".join(char for char in dtype if char.isdigit())
    return int(digits) // 8 if digits else 8


def make_manifest(
    entry: registry.Entry, recipe: Recipe[Any], parameters: Parameters, place: Path
) -> Manifest:
    """Write down what is asked for, and take the inputs."""
    return Manifest(
        run_id=place.name,
        recipe=recipe.id,
        version=recipe.version,
        pack=entry.pack,
        parameters=parameters.model_dump(mode="json"),
        inputs=_take_inputs(parameters, place),
        clusters=(),
        code_hash=code_hash(entry.point),
        packages=packages(entry.pack),
        python=platform.python_version(),
        host=socket.gethostname(),
        created=now(),
        seed=int(getattr(parameters, "seed", 0)),
    )


def refuse_without_room(parent: Path | None, needed: int) -> None:
    """Raise :class:`Refused` where the file system of `parent` cannot hold `needed` bytes."""
    place = parent or runs_home()
    # Unlike Path.exists, this takes what may not be looked at for absent.
    while not os.path.exists(place):
        place = place.parent
    free = free_bytes(place)
    if needed > free:
        raise Refused(
            f"The run needs about {spoken(needed)} on disk, but only {spoken(free)} are free on "
            f"the file system of {place}. {ADVICE}. Or choose another place with --folder DIR.",
            code="no_space",
        )


def _take_inputs(parameters: Parameters, place: Path) -> dict[str, Input]:
    """Copy and hash the inputs; large ones stay where they are and are hashed in the run."""
    found = {}
    for name, size in _sizes(parameters).items():
        path: Path = getattr(parameters, name)
        stored, digest, ends = None, None, None
        if size <= WHOLE_BYTES:
            stored = f"inputs/{name}/{path.name}"
            (place / "inputs" / name).mkdir()
            digest = copy_input(path, place / stored)
        else:
            ends = ends_hash(path)
            # No stage reads a folder's files as they are on disk.
            digest = content_hash(path) if path.is_dir() else None
        found[name] = Input(
            path=str(path),
            stored=stored,
            bytes=size,
            sha256=digest,
            ends=ends,
            modified_ns=path.stat().st_mtime_ns,
        )
    return found
