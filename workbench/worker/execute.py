"""A batch on a worker: kernel calls, checks, one part file, one receipt.

The driver sends :func:`run_batch` by reference with a plain dict.  Nothing of a recipe is ever
pickled: the recipe is found by its entry point on the worker.
"""

from __future__ import annotations

import gc
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np

from workbench import environ
from workbench.errors import RecipeError, WorkbenchError
from workbench.recipe import Plan, Task
from workbench.room import little_room, no_room
from workbench.runs.files import replacing
from workbench.runs.lock import batch_job_id, now
from workbench.runs.parts import BlockBuilder, write_part
from workbench.worker.context import RunContext, WorkerContext, run_context
from workbench.worker.device import arrays_words, held_card
from workbench.worker.energy import Meter
from workbench.worker.note import Note, node_folder, note_name
from workbench.worker.outputs import DONE, FAILED, Checked, Declared

PART_BYTES = 64 * 2**20


@lru_cache(maxsize=1)
def _note() -> Note:
    return Note()


def run_batch(order: Mapping[str, Any]) -> dict[str, Any]:
    """Compute the tasks of one batch and return its receipt.

    Parameters
    ----------
    order
        ``folder, stage, round, batch, epoch, tasks`` (half-open ranges), ``attempt``,
        ``last`` (whether what fails now has failed for good), ``budget_s``, ``code_hash``,
        ``before`` (finished stages), ``version`` (of their records), ``plan``, ``cluster``.

    Returns
    -------
    dict
        ``receipt`` (a journal line) and ``left`` (ranges that the time budget did not reach);
        or ``refused: "code"`` when this process holds other code than the run wants; or
        ``fatal: {code, message}`` when no task can be computed here.
    """
    try:
        run = run_context(str(order["folder"]))
        if run.code_hash != order["code_hash"]:
            return {"refused": "code", "worker": worker_name()}
        return _Batch(run, order).compute()
    except WorkbenchError as error:
        return {"fatal": {"code": error.code, "message": error.message}}
    except OSError as error:
        if not no_room(error):
            raise
        return {"no_room": f"{error.strerror}: {error.filename or order['folder']}"}


class _Batch:
    """One batch while it is being computed."""

    def __init__(self, run: RunContext, order: Mapping[str, Any]) -> None:
        self.run = run
        self.order = order
        self.stage = run.stage(order["stage"])
        self.plan: Plan = run.plan(self.stage.name, order["plan"])
        self.declared = Declared(self.stage, self.plan)
        self.builder = BlockBuilder(self.stage.outputs)
        self.done: list[int] = []
        self.failed: list[dict[str, Any]] = []
        self.files: list[dict[str, Any]] = []
        self.halved: list[int] = []
        self.owners = _group_owners(self.plan)

    def compute(self) -> dict[str, Any]:
        """Call the kernel for every task, until the time budget or the part is full."""
        started, clock, meter = now(), time.monotonic(), Meter()
        self._set_up()
        note, name = _note(), note_name(self.order)
        left: list[list[int]] = []
        for start, stop in self.order["tasks"]:
            for number in range(start, stop):
                spent = time.monotonic() - clock
                if self.done and (
                    spent > self.order["budget_s"] or self.builder.nbytes > PART_BYTES
                ):
                    left.append([number, stop])
                    break
                note.write(name, number)
                self._one(number)
        note.write(name, -1)
        return {"receipt": self._receipt(started, clock, meter), "left": left}

    def _set_up(self) -> None:
        missing = [name for name in self.run.recipe.requires if find_spec(name) is None]
        if missing:
            raise RecipeError(
                f"{self.run.recipe.id} needs {', '.join(missing)}, which cannot be imported on "
                f"{socket.gethostname()}: install it where the workers run."
            )
        context = self._context(0)
        try:
            _ = context.state
        except BaseException as error:
            raise RecipeError(
                f"setup of stage {self.stage.name!r} failed on {socket.gethostname()}: "
                f"{told(error)}"
            ) from error
        finally:
            context.close()

    def _context(self, first_item: int) -> WorkerContext:
        before = tuple(self.order["before"])
        return WorkerContext(self.run, self.stage.name, before, self.order["version"], first_item)

    def _one(self, number: int) -> None:
        task = self._task(number)
        context = self._context(task.start)
        try:
            checked = self._call(task, context)
        except BaseException as error:
            # Whatever it is, it ends this task and nothing else.
            if self._disk_is_full(error):
                raise
            self._fail(task, range(task.start, task.stop), _code(error), told(error))
            if isinstance(error, MemoryError):
                # The error's frames hold what did not fit: the next task needs the room.
                error.__traceback__ = None
                gc.collect()
        else:
            self._keep(task, checked)
        finally:
            context.close()
        self.done.append(number)

    def _disk_is_full(self, error: BaseException) -> bool:
        """Say whether a kernel met a disk without room, which is no fault of its item."""
        return no_room(error) and any(map(little_room, (self.run.folder, node_folder())))

    def _task(self, number: int) -> Task:
        tasks = self.plan.tasks
        group = int(tasks.group[number])
        first = int(tasks.start[number])
        return Task(
            number=number,
            start=first,
            stop=int(tasks.stop[number]),
            group=group,
            owners=self.owners[group] if self.owners else (first, int(tasks.stop[number])),
            variables=self.plan.variables,
            dim=self.plan.dim,
        )

    def _call(self, task: Task, context: WorkerContext) -> Checked:
        try:
            given = self.stage.kernel(task, self.run.parameters, context)
            return self.declared.check(task, given)
        except MemoryError:
            if not self.stage.split or len(task) < 2:
                raise
        self.halved.append(task.number)
        middle = (task.start + task.stop) // 2
        first, second = (
            _part_of(task, a, b) for a, b in ((task.start, middle), (middle, task.stop))
        )
        return self._call(first, context).joined(self._call(second, context))

    def _keep(self, task: Task, checked: Checked) -> None:
        status = np.full(len(task), DONE, np.int8)
        if checked.bad.any():
            items = (np.flatnonzero(checked.bad) + task.start).tolist()
            self._fail(task, items, "nan", "the kernel returned NaN")
            if not self.order["last"]:
                return
            status[checked.bad] = FAILED
            checked = self.declared.blanked(task, checked)
        self._keep_files(task, checked)
        self.builder.add(task.number, len(task), status, checked.arrays, checked.rows)

    def _keep_files(self, task: Task, checked: Checked) -> None:
        for output, paths in checked.files.items():
            for item, path in zip(range(task.start, task.stop), paths, strict=True):
                relative = f"files/{self.stage.name}/{output}/{item}"
                self.files.append(
                    {
                        "output": output,
                        "item": item,
                        "file": relative,
                        **_move(path, self.run.folder / relative),
                    }
                )

    def _fail(self, task: Task, items: Any, code: str, message: str) -> None:
        self.failed.append(
            {
                "task": task.number,
                "items": list(items),
                "code": code,
                "message": message,
                "attempts": self.order["attempt"],
            }
        )

    def _receipt(self, started: str, clock: float, meter: Meter) -> dict[str, Any]:
        part, card = None, held_card()
        if len(self.builder):
            name = f"parts/{self.stage.name}.{self.order['epoch']}.{self.order['batch']}.npz"
            part = write_part(self.run.folder, name, self.builder.build()).to_dict()
        receipt = {
            "v": 1,
            "epoch": self.order["epoch"],
            "stage": self.stage.name,
            "round": self.order["round"],
            "batch": self.order["batch"],
            "tasks": ranges(self.done),
            "part": part,
            "failed": self.failed,
            "cluster": self.order["cluster"],
            "worker": worker_name(),
            "host": socket.gethostname(),
            "job_id": batch_job_id(),
            "card": asdict(card) if card is not None else None,
            "code_hash": self.run.code_hash,
            "started": started,
            "wall_s": round(time.monotonic() - clock, 6),
            "energy_j": meter.joules(),
            "files": self.files,
            "plan": self.order["plan"]["crc32c"],
        }
        if self.halved:
            receipt["halved"] = self.halved
        if (words := arrays_words()) is not None:
            receipt["device"] = words
        return receipt


def worker_name() -> str:
    """Return this worker's name in its cluster."""
    return os.environ.get(environ.WORKER_NAME) or str(os.getpid())


def ranges(numbers: list[int]) -> list[list[int]]:
    """Return ascending numbers as half-open ranges."""
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][1] == number:
            found[-1][1] = number + 1
        else:
            found.append([number, number + 1])
    return found


def _group_owners(plan: Plan) -> dict[int, tuple[int, int]]:
    return plan.group_owners if plan.owner is not None else {}


def _part_of(task: Task, start: int, stop: int) -> Task:
    return Task(
        number=task.number,
        start=start,
        stop=stop,
        group=task.group,
        owners=task.owners,
        variables=task.variables,
        dim=task.dim,
    )


def _move(source: Path, target: Path) -> dict[str, Any]:
    """Copy a file into the run folder, whole or not at all; return its size and checksum."""
    target.parent.mkdir(parents=True, exist_ok=True)
    checksum = google_crc32c.Checksum()
    with source.open("rb") as read, replacing(target) as write:
        while chunk := read.read(2**20):
            checksum.update(chunk)
            write.write(chunk)
    return {"bytes": target.stat().st_size, "crc32c": checksum.hexdigest().decode()}


def _code(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, RecipeError):
        return "shape"
    return error.code if isinstance(error, WorkbenchError) else "raised"


def told(error: BaseException) -> str:
    """Say what a kernel raised, and where; what is meant for users says enough by itself."""
    if isinstance(error, WorkbenchError):
        return error.message[:2000]
    try:
        text = str(error)
    except Exception as unshown:
        text = f"(its text cannot be shown: {type(unshown).__name__})"
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" ({trace.tb_frame.f_code.co_filename}:{trace.tb_lineno})" if trace else ""
    if isinstance(error, MemoryError):
        limit = int(os.environ.get(environ.MEMORY_LIMIT) or 0)
        had = f"; this worker had {limit / 1e9:.1f} GB" if limit else ""
        return f"needed more memory than there is{had}: {text}{where}"[:2000]
    return f"{type(error).__name__}: {text}{where}"[:2000]
