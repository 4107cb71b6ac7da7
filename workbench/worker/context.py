"""What a worker process knows: the run it serves, and the context it gives to kernels."""

from __future__ import annotations

import hashlib
import importlib
import mmap
import os
import secrets
import shutil
import site
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar

import psutil
from numpy.typing import NDArray

from workbench import environ, registry
from workbench.code import code_hash
from workbench.errors import DamagedResult, NotFound, RecipeError
from workbench.kernel import KernelContext
from workbench.parameters import Parameters
from workbench.recipe import Plan, Recipe, Stage
from workbench.runs.keys import task_seed
from workbench.runs.manifest import Manifest, read_manifest
from workbench.runs.parts import PartRef
from workbench.runs.plans import load_plan
from workbench.runs.stages import Results, StageRecord, read_record
from workbench.worker.device import arrays, held_card
from workbench.worker.note import node_folder

T = TypeVar("T")

CACHED = 4096
CACHED_SHARE = 0.6


@lru_cache(maxsize=32)
def loaded_recipe(recipe_id: str) -> tuple[Recipe[Any], str]:
    """Return a recipe and the hash of its code as this process imported it.

    A pack may have been installed since this process began: then it is looked for anew.
    """
    try:
        return _loaded(recipe_id)
    except (NotFound, RecipeError):
        for folder in site.getsitepackages():
            # What pip installed "editable" is found by a .pth file, read at start only.
            site.addsitedir(folder)
        importlib.invalidate_caches()
        return _loaded(recipe_id)


def _loaded(recipe_id: str) -> tuple[Recipe[Any], str]:
    """Load a recipe.

    The hash is taken before the import and kept: files edited later change neither the code in
    memory nor what this process says of it.
    """
    entry = registry.find(recipe_id)
    found = code_hash(entry.point)
    return entry.load(), found


class RunContext:
    """One run, as a worker process sees it; kept while the process lives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest: Manifest = read_manifest(folder)
        self.recipe, self.code_hash = loaded_recipe(self.manifest.recipe)
        self.parameters: Parameters = self.manifest.load(self.recipe, folder)
        self.states: dict[str, tuple[str, Any]] = {}
        self._plans: dict[tuple[str, str], Plan] = {}
        self._finished: tuple[tuple[str, ...], Finished] | None = None

    def stage(self, name: str) -> Stage[Any]:
        """Return a stage of the recipe."""
        return self.recipe.stage(name)

    def plan(self, stage: str, ref: Mapping[str, Any]) -> Plan:
        """Return a stage's plan as the driver wrote it."""
        key = (stage, str(ref["crc32c"]))
        if key not in self._plans:
            self._plans[key] = load_plan(self.folder, stage, PartRef(**ref))
        return self._plans[key]

    def finished(self, stages: tuple[str, ...], version: str) -> Finished:
        """Return what the finished stages left; `version` changes when they are done again."""
        key = (*stages, version)
        if self._finished is None or self._finished[0] != key:
            self._finished = (key, Finished(self, stages))
        return self._finished[1]


class Finished:
    """Stages that are complete: their records, variables and files."""

    def __init__(self, run: RunContext, stages: tuple[str, ...]) -> None:
        self.records: list[StageRecord] = [read_record(run.folder, stage) for stage in stages]
        self.results = Results(run.folder, run.recipe, self.records)
        self.files = {(f["output"], f["item"]): f for record in self.records for f in record.files}


@lru_cache(maxsize=16)
def run_context(folder: str) -> RunContext:
    """Return the context of a run, made once per process."""
    return RunContext(Path(folder))


class Cache:
    """What kernels asked to keep; the longest unused goes first when memory is short."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Any] = OrderedDict()
        self._process = psutil.Process()
        self._limit = int(os.environ.get(environ.MEMORY_LIMIT) or psutil.virtual_memory().total)

    def get(self, key: str, build: Callable[[], T]) -> T:
        """Return the kept value, or build and keep it."""
        if key in self._kept:
            self._kept.move_to_end(key)
            found: T = self._kept[key]
            return found
        if self._process.memory_info().rss > CACHED_SHARE * self._limit:
            for _ in range((len(self._kept) + 1) // 2):
                self._kept.popitem(last=False)
        value = self._kept[key] = build()
        while len(self._kept) > CACHED:
            self._kept.popitem(last=False)
        return value


@lru_cache(maxsize=1)
def process_cache() -> Cache:
    """Return this process's cache."""
    return Cache()


def _on_node(key: str, build: Callable[[], Any]) -> memoryview:
    """Map bytes that one process of this node built for all."""
    folder = node_folder() / "cache"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / hashlib.sha256(key.encode()).hexdigest()[:32]
    if not path.exists():
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        part.write_bytes(build())
        part.replace(path)
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            return memoryview(b"")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


class WorkerContext(KernelContext):
    """The context of one task (or of a setup or combine) in this process."""

    def __init__(
        self, run: RunContext, stage: str, before: tuple[str, ...], version: str, first_item: int
    ) -> None:
        self._run = run
        self._stage = stage
        self._before = before
        self._version = version
        self._first_item = first_item
        self._scratch: Path | None = None
        self.card = held_card()

    @cached_property
    def xp(self) -> Any:
        """The Array API namespace to compute with: imported when a kernel first asks for it."""
        return arrays().xp

    @cached_property
    def device(self) -> Any:
        """The device of that namespace."""
        return arrays().device

    @cached_property
    def state(self) -> Any:
        """What the stage's setup returned, called now when it was not yet.

        Called again once the stages before, which it may have read, were done again.
        """
        states = self._run.states
        if self._stage not in states or states[self._stage][0] != self._version:
            states.pop(self._stage, None)
            setup = self._run.stage(self._stage).setup
            found = setup(self._run.parameters, self) if setup else None
            states[self._stage] = (self._version, found)
        return states[self._stage][1]

    @property
    def seed(self) -> int:
        """Integer seed of this task."""
        return task_seed(self._run.manifest.seed, self._stage, 0, self._first_item)

    @property
    def scratch(self) -> Path:
        """Node-local folder for this task's files."""
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix="scratch-", dir=node_folder()))
        return self._scratch

    @property
    def results(self) -> Mapping[str, NDArray[Any]]:
        """Variables of the stages before."""
        return self._run.finished(self._before, self._version).results

    def file(self, output: str, index: int) -> Path:
        """Path of a file output of an earlier stage, for one of its items."""
        entry = self._run.finished(self._before, self._version).files.get((output, index))
        if entry is None:
            raise DamagedResult(f"No stage before {self._stage} wrote {output!r} for item {index}.")
        path: Path = self._run.folder / entry["file"]
        if not path.exists() or path.stat().st_size != entry["bytes"]:
            raise DamagedResult(f"{path} is missing or cut short: {entry['bytes']} bytes expected.")
        return path

    def cache(
        self, key: str, build: Callable[[], T], share: Literal["process", "node"] = "process"
    ) -> T:
        """Return what `build` returned for `key` before, or build it now."""
        # What is built may come from the stages before, hence their version.
        mine = f"{self._run.folder}:{self._run.code_hash}:{self._version}:{key}"
        if share == "node":
            return process_cache().get(f"node:{mine}", lambda: _on_node(mine, build))  # type: ignore[return-value]
        return process_cache().get(mine, build)

    def close(self) -> None:
        """Remove the scratch folder, if one was made."""
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None
