"""Combining: the same bits however tasks were spread, whatever failed beside them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from workbench.errors import RecipeError
from workbench.parameters import Parameters
from workbench.recipe import Output, Piece, Plan, Recipe, Stage, tile
from workbench.runs import combine_jobs as jobs_module
from workbench.runs.combine import combine_jobs, needs_combine, run_combine, sort_rows
from workbench.runs.combine_jobs import CombineJob
from workbench.runs.compact import compact
from workbench.runs.parts import read_part
from workbench.runs.stages import Results

NAMES = ("total", "name", "query_index", "target", "evalue", "hits_row_start", "score", "label")


def spreads(n: int, seed: int) -> list[list[list[int]]]:
    random = np.random.default_rng(seed)
    mixed = random.permutation(n).tolist()
    return [
        [list(range(n))],
        [[i] for i in mixed],
        [sorted(mixed[i : i + 7]) for i in range(0, n, 7)],
        [mixed[i : i + 50] for i in range(0, n, 50)],
    ]


@pytest.mark.parametrize("seed", range(3))
def test_bits_do_not_depend_on_how_tasks_are_spread_over_parts(
    make_run: Any, make_plan: Any, seed: int
) -> None:
    plan = make_plan(11, 37, 4)
    found = []
    for batches in spreads(len(plan.tasks), seed):
        run = make_run(plan, batches, seed=seed)
        results = Results(run.folder, run.recipe, [run.record()])
        found.append({name: results[name] for name in NAMES})
    for other in found[1:]:
        for name in NAMES:
            np.testing.assert_array_equal(other[name], found[0][name], strict=True)


def test_combined_parts_are_the_same_bytes(make_run: Any, make_plan: Any) -> None:
    plan = make_plan(6, 20, 3)
    sums = []
    for batches in spreads(len(plan.tasks), 5):
        run = make_run(plan, batches)
        sums.append([ref.crc32c for ref in run.combined()])
    assert sums[0] == sums[1] == sums[2] == sums[3]


def test_the_tree_joins_sixteen_at_a_time_in_task_order(make_run: Any, make_plan: Any) -> None:
    run = make_run(make_plan(2, 40, 2))
    totals = [run.task(i)[3]["total"] for i in range(40)]

    def added(pieces: list[np.ndarray]) -> np.ndarray:
        whole = pieces[0]
        for piece in pieces[1:]:
            whole = whole + piece
        return whole

    wanted = added([added(totals[i : i + 16]) for i in (0, 16, 32)]) * np.float32(3)
    found = Results(run.folder, run.recipe, [run.record()])["total"]
    np.testing.assert_array_equal(found, wanted, strict=True)


def test_a_huge_group_is_cut_into_chunks_and_joined_to_the_same_bits(
    make_run: Any, make_plan: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_plan(4, 150, 2)
    lost = frozenset({3, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77})
    whole = make_run(plan, lost_tasks=lost)
    wanted = Results(whole.folder, whole.recipe, [whole.record()])
    monkeypatch.setattr(jobs_module, "CHUNK", 16)
    monkeypatch.setattr("workbench.runs.combine.CHUNK", 16)
    kinds = [job.kind for job in combine_jobs(whole.stage, plan)]
    assert kinds.count("join") == 2
    assert kinds.count("chunk") == 20
    cut = make_run(plan, lost_tasks=lost)
    found = Results(cut.folder, cut.recipe, [cut.record()])
    for name in NAMES:
        np.testing.assert_array_equal(found[name], wanted[name], strict=True)


def test_rows_are_what_the_tasks_said_sorted_by_key(make_run: Any, make_plan: Any) -> None:
    plan = make_plan(9, 12, 2)
    run = make_run(plan)
    results = Results(run.folder, run.recipe, [run.record()])
    said = []
    for number in range(len(plan.tasks)):
        hits = run.task(number)[4]["hits"]
        said += zip(*(hits[c].tolist() for c in ("query_index", "target", "evalue")), strict=True)
    said.sort(key=lambda row: row[:2])  # stable: rows with equal keys stay in task order
    assert results["query_index"].tolist() == [row[0] for row in said]
    assert results["target"].tolist() == [row[1] for row in said]
    assert results["evalue"].tolist() == [row[2] for row in said]
    counts = np.bincount([row[0] for row in said], minlength=9)
    assert np.diff(results["hits_row_start"]).tolist() == counts.tolist()


def test_owners_with_a_failed_or_missing_item_are_blank_and_the_others_untouched(
    make_run: Any, make_plan: Any
) -> None:
    plan = make_plan(8, 5, 2)
    sound = make_run(plan)
    wanted = Results(sound.folder, sound.recipe, [sound.record()])
    # Item 1 is query 1 against the first shard; task 7 holds queries 2 and 3.
    run = make_run(plan, failed_items=frozenset({1}), lost_tasks=frozenset({7}))
    found = Results(run.folder, run.recipe, [run.record()])
    blank = [1, 2, 3]
    assert np.isnan(found["total"][blank]).all()
    assert found["name"][blank].tolist() == ["", "", ""]
    assert np.diff(found["hits_row_start"])[blank].tolist() == [0, 0, 0]
    kept = [0, 4, 5, 6, 7]
    np.testing.assert_array_equal(found["total"][kept], wanted["total"][kept])
    here = np.isin(wanted["query_index"], kept)
    np.testing.assert_array_equal(found["evalue"], wanted["evalue"][here])
    status = np.ones(40, np.int8)
    status[1] = 2
    status[plan.tasks.start[7] : plan.tasks.stop[7]] = 2
    np.testing.assert_array_equal(found["search_status"], status)


def test_folded_parts_give_the_same_result(make_run: Any, make_plan: Any) -> None:
    plan = make_plan(10, 9, 4)
    mixed = np.random.default_rng(1).permutation(len(plan.tasks)).tolist()
    run = make_run(plan, [mixed[i : i + 4] for i in range(0, len(mixed), 4)])
    before = Results(run.folder, run.recipe, [run.record()])
    wanted = {name: before[name] for name in NAMES}
    half = len(run.parts) // 2
    run.parts = [
        compact(run.folder, run.parts[:half], "parts/fold.0.npz"),
        compact(run.folder, run.parts[half:], "parts/fold.1.npz"),
    ]
    found = Results(run.folder, run.recipe, [run.record()])
    for name in NAMES:
        np.testing.assert_array_equal(found[name], wanted[name], strict=True)


def test_of_a_task_in_two_parts_only_the_one_that_is_meant_counts(
    make_run: Any, make_plan: Any
) -> None:
    plan = make_plan(6, 4, 3)
    run = make_run(plan, [[0, 1, 2, 3, 4, 5, 6, 7]])
    wanted = Results(run.folder, run.recipe, [run.record()])
    other = make_run(plan, [[2, 5], [0, 1, 2, 3], [4, 5, 6, 7]], seed=0)
    other.seed = 99
    other.batches([2, 5, 6])  # other values for tasks that are there already
    assert other.parts[3].tasks == ((2, 3), (5, 7))
    other.parts = [other.parts[0], other.parts[1], other.parts[3].of(()), other.parts[2]]
    found = Results(other.folder, other.recipe, [other.record()])
    for name in NAMES:
        np.testing.assert_array_equal(found[name], wanted[name], strict=True)


def test_a_group_of_which_nothing_is_there_leaves_missing_values(
    make_run: Any, make_plan: Any
) -> None:
    plan = make_plan(4, 2, 2)
    run = make_run(plan, lost_tasks=frozenset({0, 1}))
    found = Results(run.folder, run.recipe, [run.record()])
    assert np.isnan(found["total"][:2]).all()
    assert not np.isnan(found["total"][2:]).any()


def test_jobs_hold_every_task_once_in_order(make_run: Any, make_plan: Any) -> None:
    for queries, shards, block in ((1, 1, 1), (100, 1, 1), (7, 300, 2), (3, 9000, 1)):
        plan = make_plan(queries, shards, block)
        jobs = combine_jobs(SEARCH_STAGE, plan)
        spans = [(j.first_task, j.last_task) for j in jobs if j.kind != "join"]
        assert spans[0][0] == 0
        assert spans[-1][1] == len(plan.tasks)
        assert all(a[1] == b[0] for a, b in itertools.pairwise(spans))
        assert all(b - a <= 4096 for a, b in spans)
        assert [CombineJob.from_dict(job.to_dict()) for job in jobs] == jobs


def no_kernel(*_: Any) -> Any:
    raise AssertionError


HISTOGRAM = Output(name="histogram", dims=("bin",), dtype="int64")
COUNT = Output(name="count", dtype="int64")
SEARCH_STAGE: Stage[Parameters] = Stage(
    name="search",
    outputs=(Output(name="total", dims=("query",)),),
    plan=no_kernel,
    kernel=no_kernel,
    combine=no_kernel,
)


def added(pieces: list[Piece], *_: Any) -> Piece:
    names = pieces[0].arrays
    sums = {name: sum(p.arrays[name] for p in pieces) for name in names}
    return Piece(pieces[0].owners, sums, {})


@pytest.mark.parametrize("failed", [False, True])
def test_one_value_for_the_whole_stage(make_run: Any, failed: bool) -> None:
    stage = Stage(
        name="main", outputs=(HISTOGRAM, COUNT), plan=no_kernel, kernel=no_kernel, combine=added
    )
    recipe = Recipe(
        id="tests.one", version="1", title="One", parameters=Parameters, stages=(stage,)
    )
    plan = Plan(
        dim="i",
        coords={"i": np.arange(40), "bin": np.arange(3)},
        tasks=tile(40, 2, group=np.zeros(20)),
    )
    run = make_run(plan, [[]], recipe=recipe)
    run.task = lambda i: (
        i, 2, np.array([1, 2 if failed and i == 9 else 1], np.int8),
        {"histogram": np.array([i, 1, 0]), "count": np.array(2)}, {},
    )  # fmt: skip
    run.batches(list(range(0, 20, 2)), list(range(1, 20, 2)))
    results = Results(run.folder, recipe, [run.record()])
    wanted = [-1, -1, -1] if failed else [190, 20, 0]
    assert results["histogram"].tolist() == wanted
    assert results["count"].shape == ()
    assert results["count"].item() == (-1 if failed else 40)


def test_what_combine_returns_is_held_against_the_declaration(
    make_run: Any, make_plan: Any
) -> None:
    def wrong(pieces: list[Piece], *_: Any) -> Piece:
        hits = dict(pieces[0].rows["hits"])
        del hits["evalue"]
        return Piece(pieces[0].owners, {"total": np.zeros(7)}, {"hits": hits})

    plan = make_plan(4, 3, 2)
    run = make_run(plan)
    stage = run.stage
    bad: Stage[Any] = Stage(
        name="search", outputs=stage.outputs, plan=no_kernel, kernel=no_kernel, combine=wrong
    )
    recipe = Recipe(id="tests.bad", version="1", title="Bad", parameters=Parameters, stages=(bad,))
    job = combine_jobs(bad, plan)[0]
    with pytest.raises(RecipeError) as caught:
        run_combine(run.folder, recipe, plan, run.parts, job, Parameters(), None, file="parts/x")
    for told in ("'name' is missing", "'total' has shape (7,) instead of (2,)", "lack evalue"):
        assert told in str(caught.value)


def test_rows_of_another_group_are_refused(make_run: Any, make_plan: Any) -> None:
    plan = make_plan(4, 3, 2)
    run = make_run(plan, [[]])
    given = run.task(0)
    given[4]["hits"] = {
        "query_index": np.array([3], np.int32),
        "target": given[3]["name"][:1],
        "evalue": np.ones(1),
    }
    run.task = lambda _: given
    run.batches([0])
    with pytest.raises(RecipeError, match=r"'query_index' holds 3 to 3.*owns 0 to 1"):
        run.combined()


def test_stages_whose_tasks_stand_for_themselves_need_no_combining(make_plan: Any) -> None:
    plan = Plan(dim="i", coords={"i": np.arange(4)}, tasks=tile(4, 2))
    rows = Output(
        name="r", dims=("i", "row"), kind="rows", key=("at",), columns=(Output(name="at"),)
    )
    stage: Stage[Any] = Stage(name="s", outputs=(rows,), plan=no_kernel, kernel=no_kernel)
    assert not needs_combine(stage, plan)
    assert combine_jobs(stage, plan) == []
    joined = Plan(dim="i", coords=plan.coords, tasks=tile(4, 2, group=np.zeros(2)))
    assert needs_combine(stage, joined)


def test_sort_rows_by_several_keys_and_without_failed_owners() -> None:
    output = Output(
        name="r",
        dims=("i", "row"),
        kind="rows",
        key=("at", "text"),
        columns=(
            Output(name="at", dtype="int32"),
            Output(name="text", dtype="str"),
            Output(name="x"),
        ),
    )
    columns = {
        "at": np.array([3, 1, 3, 2, 1], np.int32),
        "text": np.array(["b", "é", "a", "c", "é"], np.dtypes.StringDType()),
        "x": np.arange(5.0),
    }
    found = sort_rows(output, columns)
    assert found["x"].tolist() == [1.0, 4.0, 3.0, 2.0, 0.0]
    found = sort_rows(output, columns, without=np.array([1]))
    assert found["x"].tolist() == [3.0, 2.0, 0.0]
    again = sort_rows(output, found)
    assert all(again[name] is found[name] for name in found)


def test_parts_of_other_tasks_are_not_opened(make_run: Any, make_plan: Any) -> None:
    plan = make_plan(64, 2, 1)
    run = make_run(plan, [[2 * i, 2 * i + 1] for i in range(64)])
    (run.folder / run.parts[-1].file).unlink()
    first = combine_jobs(run.stage, plan)[0]
    refs = run_combine(
        run.folder, run.recipe, plan, run.parts, first, Parameters(), None, file="parts/one"
    )
    assert read_part(run.folder, refs[0]).tasks.tolist() == [0, 3]
