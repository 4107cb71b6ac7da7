"""A million items of eight variables: few files, bounded memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCALE = """
import resource, sys
from pathlib import Path
import numpy as np
from workbench.parameters import Parameters
from workbench.recipe import Output, Plan, Recipe, Stage, tile
from workbench.runs.blocks import Block
from workbench.runs.parts import write_part
from workbench.runs.plans import save_plan
from workbench.runs.reader import open_result
from workbench.runs.records import StageRecord
from workbench.runs.result import prepare_result, seal, write_result

folder, n, parts = Path(sys.argv[1]), 1_000_000, 8
outputs = tuple(Output(name=f"x{i}", dims=("i",)) for i in range(8))
stage = Stage(name="main", outputs=outputs, plan=print, kernel=print)
recipe = Recipe(
    id="tests.scale", version="1", title="Scale", parameters=Parameters, stages=(stage,)
)
plan = Plan(dim="i", coords={"i": np.arange(n, dtype=np.int32)}, tasks=tile(n))
ref = save_plan(folder, "main", plan)
random, refs = np.random.default_rng(0), []
for k in range(parts):
    tasks = np.arange(k, n, parts)
    one = np.ones(len(tasks), np.int64)
    arrays = {o.name: random.random(len(tasks)) for o in outputs}
    block = Block(tasks, one, one.astype(np.int8), arrays, {})
    refs.append(write_part(folder, f"parts/{k}.npz", block).of(((0, n),)))
record = StageRecord(stage="main", tasks=n, plan=ref, parts=tuple(refs))
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = peak()
prepared = prepare_result(folder, recipe, [record], {})
files = list(prepared.files)
for job in prepared.jobs:
    files += write_result(folder, recipe, [record], job)
seal(folder, recipe, [record], files, run_id="x", items={})
print(peak() - before)
last = open_result(folder).x3[-8:].values
assert (last == [np.load(folder / f"parts/{k}.npz")["dense/x3"][-1] for k in range(parts)]).all()
"""


def test_a_million_items_make_few_files_and_fit_in_little_memory(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCALE, str(tmp_path)], capture_output=True, text=True, check=True
    )
    files = sum(len(names) for _, _, names in os.walk(tmp_path))
    assert files < 60
    assert int(done.stdout) < 400 * 2**20
