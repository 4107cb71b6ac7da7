"""Recipes whose kernels note every call in a side file, and do what kernels should not."""

import ctypes
import mmap
import os
import sys
import time
from pathlib import Path
from typing import Annotated

import numpy as np

from workbench import (
    InputFile,
    Output,
    Parameters,
    Piece,
    Plan,
    Recipe,
    Stage,
    parameter,
    tasks,
    tile,
)

BLOCK_BYTES = 64 * 2**20


class Steps(Parameters):
    n: int = parameter(1000, ge=1, help="Items.")
    size: int = parameter(1, ge=1, help="Items a task.")
    seconds: float = parameter(0.0, ge=0, help="Seconds a task sleeps.")
    slow: str = parameter("", help="Other seconds on some clusters, such as 'b:0.5'.")
    bad: str = parameter("", help="What some items do, such as '500:raise 501:nan'.")
    mended: str = parameter("", help="Where this file exists no item is bad any more.")
    side: str = parameter("", help="File that notes every kernel call.")


def note(stage, task, p):
    """One line a call, whole even where several processes write at once."""
    if p.side:
        line = f"{stage} {task.number} {os.getpid()}\n".encode()
        side = os.open(p.side, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(side, line)
        os.close(side)


def seconds_here(p):
    """How long a task takes on the cluster of this worker."""
    slow = dict(word.split(":") for word in p.slow.split())
    cluster = os.environ["WORKBENCH_WORKER_NAME"].rpartition("-")[0]
    return float(slow.get(cluster, p.seconds))


def faults(task, p):
    """``{item: what it does}`` of the items of a task."""
    if not p.bad or (p.mended and Path(p.mended).exists()):
        return {}
    every = (word.split(":") for word in p.bad.split())
    return {int(item): what for item, what in every if task.start <= int(item) < task.stop}


def allocate(grow):
    """Keep every block, so that memory runs out."""
    kept = []
    while True:
        kept.append(grow())
        time.sleep(0.01)


def shared_block():
    """Memory that no limit on a process's own data counts, every page touched."""
    block = mmap.mmap(-1, BLOCK_BYTES)
    for page in range(0, BLOCK_BYTES, mmap.PAGESIZE):
        block[page] = 1
    return block


def do(what):
    if what == "raise":
        raise ValueError("this item is bad")
    if what == "exit":
        os._exit(3)
    if what == "memory-at-once":
        np.ones(10**13)
    if what == "memory-slowly":
        allocate(lambda: np.ones(BLOCK_BYTES // 8))
    if what == "memory-shared":
        allocate(shared_block)
    if what.startswith("hold-"):
        # A PyDLL keeps the GIL: no thread of this process runs meanwhile.
        ctypes.PyDLL(None).sleep(int(what.removeprefix("hold-")))


def steps_plan(p, results):
    coords = {"x": np.arange(p.n, dtype="f8"), "part": ["sine", "cosine"]}
    return Plan(dim="x", coords=coords, tasks=tile(p.n, p.size))


def steps(task, p, ctx):
    note("main", task, p)
    time.sleep(seconds_here(p))
    x = task.inputs["x"]
    noise = np.random.default_rng(ctx.seed).random(len(x))
    waves = np.stack([np.sin(x) + noise, np.cos(x)], axis=1)
    square = x**2
    for item, what in faults(task, p).items():
        do(what)
        if what == "nan":
            square[item - task.start] = np.nan
        if what == "shape":
            square = np.zeros(len(x) + 7)
    return {"square": square, "waves": waves}


recipe = Recipe(
    id="faults.steps",
    version="1",
    title="Steps that note every call",
    parameters=Steps,
    plan=steps_plan,
    kernel=steps,
    outputs=(
        Output(name="square", dims=("x",), unit="1"),
        Output(name="waves", dims=("x", "part"), unit="1"),
    ),
)


class Owners(Parameters):
    n: int = parameter(40, ge=1, help="Samples.")
    probes: int = parameter(6, ge=1, help="Probes a sample.")
    block: int = parameter(4, ge=1, help="Samples a group.")
    seconds: float = parameter(0.0, ge=0, help="Seconds a task sleeps.")
    side: str = parameter("", help="File that notes every kernel call.")


def level_plan(p, results):
    return Plan(dim="sample", coords={"sample": np.arange(p.n)}, tasks=tile(p.n, 1))


def level(task, p, ctx):
    note("prepare", task, p)
    if p.seconds:
        time.sleep(p.seconds)
    return {"level": np.random.default_rng(ctx.seed).random(len(task))}


def measure_plan(p, results):
    """Items: every sample of a block with the first probe, with the second, and so on."""
    owner, start, stop, group = [], [], [], []
    for number, first in enumerate(range(0, p.n, p.block)):
        samples = range(first, min(first + p.block, p.n))
        for _ in range(p.probes):
            start.append(len(owner))
            owner.extend(samples)
            stop.append(len(owner))
            group.append(number)
    items = np.arange(len(owner))
    return Plan(
        dim="probe",
        coords={"sample": np.arange(p.n), "probe": items, "probe_sample": ("probe", owner)},
        tasks=tasks(start, stop, group=group),
        owner="sample",
    )


def measure(task, p, ctx):
    note("measure", task, p)
    if p.seconds:
        time.sleep(p.seconds)
    owner = task.inputs["probe_sample"]
    height = np.random.default_rng(ctx.seed).random(len(owner)) + ctx.results["level"][owner]
    total = np.zeros(task.owners[1] - task.owners[0])
    total[owner - task.owners[0]] = height
    high = height > 0.7
    peaks = {
        "peak_sample": owner[high],
        "peak_probe": task.inputs["probe"][high],
        "peak_height": height[high],
    }
    return {"total": total, "peaks": peaks}


def together(pieces, p, ctx):
    """Sums of floats: other trees would give other last bits."""
    total = pieces[0].arrays["total"]
    for piece in pieces[1:]:
        total = total + piece.arrays["total"]
    tables = [piece.rows["peaks"] for piece in pieces]
    peaks = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
    return Piece(pieces[0].owners, {"total": total}, {"peaks": peaks})


def fit_plan(p, results):
    return Plan(
        dim="sample",
        coords={"sample": np.arange(p.n)},
        tasks=tile(p.n, 8),
        attrs={"peaks": int(results["peaks_row_start"][-1])},
    )


def fit(task, p, ctx):
    note("fit", task, p)
    return {"mean": ctx.results["total"][task.start : task.stop] / p.probes}


owners = Recipe(
    id="faults.owners",
    version="1",
    title="Stages that read each other",
    parameters=Owners,
    stages=(
        Stage(
            name="prepare",
            plan=level_plan,
            kernel=level,
            outputs=(Output(name="level", dims=("sample",), unit="1"),),
        ),
        Stage(
            name="measure",
            plan=measure_plan,
            kernel=measure,
            combine=together,
            outputs=(
                Output(name="total", dims=("sample",), unit="1"),
                Output(
                    name="peaks",
                    kind="rows",
                    dims=("sample", "peak"),
                    key=("peak_sample", "peak_probe"),
                    columns=(
                        Output(name="peak_sample", dtype="int32"),
                        Output(name="peak_probe", dtype="int64"),
                        Output(name="peak_height", dtype="float64"),
                    ),
                ),
            ),
        ),
        Stage(
            name="fit",
            plan=fit_plan,
            kernel=fit,
            outputs=(Output(name="mean", dims=("sample",), unit="1"),),
        ),
    ),
)


class Files(Parameters):
    table: Annotated[Path, InputFile(("one number a line", ".txt"))] = parameter(help="Numbers.")
    shards: int = parameter(12, ge=1, help="Files to cut it into.")
    seconds: float = parameter(0.0, ge=0, help="Seconds a task sleeps.")
    side: str = parameter("", help="File that notes every kernel call.")


def shard_plan(p, results):
    return Plan(dim="shard", coords={"shard": np.arange(p.shards)}, tasks=tile(p.shards))


def cut(task, p, ctx):
    note("cut", task, p)
    time.sleep(p.seconds)
    lines = p.table.read_text().splitlines(keepends=True)
    path = ctx.scratch / "lines.txt"
    path.write_text("".join(lines[task.start :: p.shards]))
    return {"lines": [path]}


def add(task, p, ctx):
    note("add", task, p)
    time.sleep(p.seconds)
    numbers = np.loadtxt(ctx.file("lines", task.start), ndmin=1)
    return {"total": np.array([numbers.sum()])}


files = Recipe(
    id="faults.files",
    version="1",
    title="Files between stages",
    parameters=Files,
    stages=(
        Stage(
            name="cut",
            plan=shard_plan,
            kernel=cut,
            outputs=(Output(name="lines", kind="file"),),
        ),
        Stage(
            name="add",
            plan=shard_plan,
            kernel=add,
            outputs=(Output(name="total", dims=("shard",), unit="1"),),
        ),
    ),
)


class Halves(Parameters):
    n: int = parameter(32, ge=1, help="Items.")
    size: int = parameter(8, ge=1, help="Items a task.")
    planning: float = parameter(0.0, ge=0, help="Seconds that the driver plans.")
    most: int = parameter(8, ge=0, help="So many items fit into the memory at once.")
    seconds: float = parameter(0.0, ge=0, help="Seconds a task sleeps.")
    side: str = parameter("", help="File that notes every kernel call.")


def halves_plan(p, results):
    """Every other task has one affinity."""
    if "workbench.driver" in sys.orig_argv:
        time.sleep(p.planning)
    affinity = np.arange(len(tile(p.n, p.size))) % 2
    return Plan(dim="x", coords={"x": np.arange(p.n)}, tasks=tile(p.n, p.size, affinity=affinity))


def halve(task, p, ctx):
    note("main", task, p)
    time.sleep(p.seconds)
    if len(task) > p.most:
        raise MemoryError("more items than fit")
    x = task.inputs["x"]
    return {"square": x**2.0, "process": np.full(len(x), os.getpid())}


halves = Recipe(
    id="faults.halves",
    version="1",
    title="Tasks that may be halved, and that like to stay together",
    parameters=Halves,
    stages=(
        Stage(
            name="main",
            plan=halves_plan,
            kernel=halve,
            split=True,
            outputs=(
                Output(name="square", dims=("x",), unit="1"),
                Output(name="process", dims=("x",), dtype="int64"),
            ),
        ),
    ),
)
