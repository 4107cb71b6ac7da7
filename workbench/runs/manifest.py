"""The manifest: what a run was asked to do, written once, before anything is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from workbench.errors import DamagedResult, quoted
from workbench.parameters import Parameters, input_files, load
from workbench.recipe import Recipe
from workbench.runs.files import TEXT_OR_NONE, Kind, check_record, read_record, replace_json

RESTORE = "Restore it from a backup."
KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("run_id", "recipe", "version", "pack", "code_hash"), str),
    **dict.fromkeys(("python", "host", "created"), str),
    **dict.fromkeys(("parameters", "inputs", "packages", "notes"), dict),
    **dict.fromkeys(("seed", "items"), int),
    "clusters": list,
    "like": TEXT_OR_NONE,
}
INPUT_KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("stored", "sha256", "ends"), TEXT_OR_NONE),
    "path": str,
    "bytes": int,
}


@dataclass(frozen=True)
class Input:
    """One input file or folder, as it was at submit.

    Attributes
    ----------
    path
        Where the user has it.
    stored
        Its copy, relative to the run folder; None for one too large to copy.
    sha256
        Hash of the whole content; None where only :attr:`ends` was read.
    ends
        Hash of sizes and of the first and last MB, where there is no copy: by this a driver sees
        that it is still the same, and it stands for a large file until that is read.
    """

    path: str
    stored: str | None
    bytes: int
    sha256: str | None
    ends: str | None
    modified_ns: int = 0

    @property
    def identity(self) -> str:
        """What stands for the file in task keys."""
        return f"sha256:{self.sha256}" if self.sha256 else f"ends:{self.ends}"


@dataclass(frozen=True)
class Manifest:
    """What a run was asked to do, and with which code."""

    run_id: str
    recipe: str
    version: str
    pack: str
    parameters: Mapping[str, Any]
    inputs: Mapping[str, Input]
    clusters: tuple[str, ...]
    code_hash: str
    packages: Mapping[str, str]
    python: str
    host: str
    created: str
    seed: int = 0
    like: str | None = None
    items: int = 0
    v: int = 1
    notes: Mapping[str, Any] = field(default_factory=dict)

    def load(self, recipe: Recipe[Any], folder: Path) -> Parameters:
        """Return the typed parameters, input files pointing at their copies."""
        values = dict(self.parameters)
        for name in input_files(recipe.parameters):
            entry = self.inputs.get(name)
            if entry is not None:
                values[name] = str(folder / entry.stored if entry.stored else Path(entry.path))
        parameters: Parameters = load(recipe.parameters, values)
        return parameters

    def key_parameters(self) -> dict[str, Any]:
        """Return the parameters with input files replaced by what they hold."""
        values = dict(self.parameters)
        values.update({name: entry.identity for name, entry in self.inputs.items()})
        return values


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write ``manifest.json``; from then on the folder is a run."""
    replace_json(folder / "manifest.json", asdict(manifest))


def read_manifest(folder: Path) -> Manifest:
    """Read ``manifest.json``.

    Raises
    ------
    DamagedResult
        When it is missing, altered or of an unknown format; unknown keys are ignored.
    """
    path = folder / "manifest.json"
    found = read_record(path, {}, RESTORE)
    if found is None:
        raise DamagedResult(f"{folder} holds no manifest.json: it is not a run, or damaged.")
    if found.get("v") != 1:
        raise DamagedResult(
            f"{path} has format {found.get('v')}; this version reads format 1. "
            "Use the version of science-workbench that wrote it, or a newer one."
        )
    values = {"seed": 0, "items": 0, "like": None, "notes": {}, **found}
    check_record(path, values, KINDS, RESTORE)
    inputs = {name: _input(path, name, one) for name, one in found["inputs"].items()}
    values |= {"inputs": inputs, "clusters": tuple(found["clusters"])}
    return Manifest(**_known(Manifest, values))


def _input(path: Path, name: str, found: Any) -> Input:
    if not isinstance(found, dict):
        raise DamagedResult(f"{path} is altered: its input {name} is {quoted(found)}. {RESTORE}")
    check_record(path, found, INPUT_KINDS, RESTORE)
    return Input(**_known(Input, found))


def _known(kind: type[Input] | type[Manifest], found: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what a later version wrote besides."""
    names = {one.name for one in fields(kind)}
    return {name: value for name, value in found.items() if name in names}
