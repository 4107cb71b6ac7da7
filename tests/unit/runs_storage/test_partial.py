"""Opening a run that is not complete: what is there, as what it is."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.errors import DamagedResult
from workbench.runs.compact import compact
from workbench.runs.files import replace_json
from workbench.runs.lock import Holder
from workbench.runs.reader import open_partial, open_result, verify
from workbench.runs.stages import Results

FAILURE = {"items": [], "code": "raised", "message": "no", "attempts": 1}


def lock(folder: Path, epoch: int) -> None:
    holder = Holder("r", "h", "b", 1, 1, None, epoch, "2026-01-01T00:00:00Z")
    replace_json(folder / "driver.lock", asdict(holder))


def receipt(run: Any, epoch: int, part: Any, tasks: Any, failed: Any = (), **more: Any) -> None:
    line = {
        **more,
        "stage": "search",
        "part": None if part is None else {k: v for k, v in part.to_dict().items() if k != "tasks"},
        "tasks": tasks,
        "failed": [{**FAILURE, "task": task} for task in failed],
        "cluster": "local",
        "worker": "w",
        "host": "h",
    }
    with (run.folder / f"tasks.{epoch}.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")


def fold(run: Any, epoch: int, sources: list[Any], part: Any) -> None:
    told = part.to_dict()
    tasks = told.pop("tasks")
    line = {
        "stage": "search", "sources": [s.file for s in sources], "part": told, "tasks": tasks
    }  # fmt: skip
    with (run.folder / f"folds.{epoch}.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    for source in sources:
        (run.folder / source.file).unlink()


def test_a_run_without_a_plan_has_nothing(make_run: Any, make_plan: Any, tmp_path: Path) -> None:
    run = make_run(make_plan(2, 2, 1))
    assert dict(open_partial(tmp_path, run.recipe).variables) == {}


def test_what_journals_name_is_there_and_the_rest_is_not_run(make_run: Any, make_plan: Any) -> None:
    plan = make_plan(4, 3, 2)
    run = make_run(plan, [[0, 1], [3]])
    lock(run.folder, 2)
    receipt(run, 1, run.parts[0], [[0, 2]])
    receipt(run, 2, run.parts[1], [[2, 4]], failed=[2])
    found = open_partial(run.folder, run.recipe)
    assert found.search_status.values.tolist() == [1] * 4 + [2] * 2 + [1] * 2 + [0] * 4
    score = np.full((12, 2), np.nan)
    for task in (0, 1, 3):
        score[plan.tasks.start[task] : plan.tasks.stop[task]] = run.task(task)[3]["score"]
    np.testing.assert_array_equal(found.score.values, score)
    np.testing.assert_array_equal(found.score[2:5, 1].values, score[2:5, 1])
    np.testing.assert_array_equal(found.score[::-2, 0].values, score[::-2, 0])
    assert found.score[3, 1].item() == score[3, 1]
    assert found.sizes["hit"] == 0
    assert np.isnan(found.total.values).all()
    assert found.attrs["partial"] == 1
    assert found.attrs["Z"] == 20
    assert verify(run.folder) == []


def test_a_snapshot_outlives_folding_and_later_batches(make_run: Any, make_plan: Any) -> None:
    plan = make_plan(4, 3, 2)
    run = make_run(plan, [[0], [1], [4]])
    lock(run.folder, 1)
    for part, task in zip(run.parts, (0, 1, 4), strict=True):
        receipt(run, 1, part, [[task, task + 1]])
    found = open_partial(run.folder, run.recipe)
    wanted = found.copy().load()
    again = open_partial(run.folder, run.recipe)
    run.batches([5])
    receipt(run, 1, run.parts[3], [[5, 6]])
    fold(run, 1, run.parts, compact(run.folder, run.parts, "parts/search.fold.npz"))
    np.testing.assert_array_equal(again.score.values, wanted.score.values)
    np.testing.assert_array_equal(again.search_status.values, wanted.search_status.values)
    later = open_partial(run.folder, run.recipe)
    assert later.search_status.values.sum() == wanted.search_status.values.sum() + 2


def test_a_task_that_was_computed_again_counts_as_it_is_now(make_run: Any, make_plan: Any) -> None:
    plan = make_plan(4, 3, 2)
    run = make_run(plan, [[0, 1, 2]], failed_items=frozenset({3}))
    run.failed_items = frozenset()
    lock(run.folder, 2)
    receipt(run, 1, run.parts[0], [[0, 3]], failed=[1])
    run.batches([3])
    receipt(run, 1, run.parts[1], [[3, 4]])
    fold(run, 1, run.parts, compact(run.folder, run.parts, "parts/search.fold.npz"))
    status = open_partial(run.folder, run.recipe).search_status.values
    assert status.tolist() == [1, 1, 1, 2, 1, 1, 1, 1, 0, 0, 0, 0]
    run.batches([1])
    receipt(run, 2, run.parts[2], [[1, 2]])
    status = open_partial(run.folder, run.recipe).search_status.values
    assert status.tolist() == [1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0]


def test_parts_of_an_earlier_plan_do_not_count(make_run: Any, make_plan: Any) -> None:
    run = make_run(make_plan(4, 3, 2), [[0], [1], [2], [3]])
    plan = run.record().plan.crc32c
    (run.folder / "stages/search.json").unlink()
    lock(run.folder, 2)
    for part, task in zip(run.parts[:3], (0, 1, 2), strict=True):
        receipt(run, 1, part, [[task, task + 1]], plan="earlier")
    fold(run, 1, run.parts[:2], compact(run.folder, run.parts[:2], "parts/search.fold.npz"))
    receipt(run, 2, run.parts[3], [[3, 4]], plan=plan)
    status = open_partial(run.folder, run.recipe).search_status.values
    assert status.tolist() == [0] * 6 + [1] * 2 + [0] * 4


def test_finished_stages_come_from_their_records(make_run: Any, make_plan: Any) -> None:
    run = make_run(make_plan(4, 3, 2))
    results = Results(run.folder, run.recipe, [run.record()])
    found = open_partial(run.folder, run.recipe)
    for name in results:
        np.testing.assert_array_equal(found[name].values, results[name], strict=True)
        assert found[name].attrs == dict(results.variables[name].attrs)


def test_a_complete_run_is_opened_as_such(make_run: Any, make_plan: Any) -> None:
    folder = make_run(make_plan(3, 2, 2)).finish()
    assert open_partial(folder).identical(open_result(folder))


def test_damaged_parts_of_an_unfinished_run_are_named(
    make_run: Any, make_plan: Any, fault: Any
) -> None:
    damage, said = fault
    run = make_run(make_plan(4, 3, 2), [[0, 1, 2], [3, 4, 5]])
    record = run.record()
    assert verify(run.folder) == []
    for ref in (record.plan, *record.parts, *record.combined):
        whole = (run.folder / ref.file).read_bytes()
        damage(run.folder / ref.file)
        (problem,) = verify(run.folder)
        assert problem["file"] == ref.file
        assert said in problem["message"]
        (run.folder / ref.file).write_bytes(whole)
    (run.folder / "stages/search.json").write_text("{}")
    assert [problem["file"] for problem in verify(run.folder)] == ["stages/search.json"]


def test_a_lost_part_is_an_error(make_run: Any, make_plan: Any) -> None:
    run = make_run(make_plan(4, 3, 2), [[0, 1], [2, 3]])
    lock(run.folder, 1)
    receipt(run, 1, run.parts[0], [[0, 2]])
    receipt(run, 1, run.parts[1], [[2, 4]])
    (run.folder / run.parts[1].file).unlink()
    with pytest.raises(DamagedResult, match=r"search\.1\.npz.*missing"):
        open_partial(run.folder, run.recipe)
