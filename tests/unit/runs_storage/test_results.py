"""Results of finished stages by name, whole and piecewise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.errors import DamagedResult, RecipeError
from workbench.parameters import Parameters
from workbench.recipe import Output, Plan, Recipe, Stage, tasks, tile
from workbench.runs.parts import BlockBuilder, write_part
from workbench.runs.plans import save_plan
from workbench.runs.records import StageRecord, read_record, write_record
from workbench.runs.stages import Results


def no_kernel(*_: Any) -> Any:
    raise AssertionError


def test_every_variable_has_its_name_dims_and_type(make_run: Any, make_plan: Any) -> None:
    run = make_run(make_plan(5, 4, 2))
    results = Results(run.folder, run.recipe, [run.record()])
    wanted = {
        "search": ("search",), "search_query": ("search",), "query": ("query",),
        "axis": ("axis",), "search_status": ("search",), "score": ("search", "axis"),
        "label": ("search",), "total": ("query",), "name": ("query",), "query_index": ("hit",),
        "target": ("hit",), "evalue": ("hit",), "hits_row_start": ("query_edge",),
    }  # fmt: skip
    assert {name: v.dims for name, v in results.variables.items()} == wanted
    for name, variable in results.variables.items():
        array = results[name]
        assert array.shape == results.shape(name)
        kind = "StringDType()" if variable.dtype == "str" else variable.dtype
        assert str(array.dtype) == kind
        assert not array.flags.writeable
        assert results[name] is array
    assert results.variables["score"].attrs == {
        "units": "eV", "long_name": "Score", "source": "eq. (1)"
    }  # fmt: skip
    assert results.variables["search_status"].attrs["flag_meanings"] == "not_run done failed"
    assert "lost" not in results
    assert results.get("lost") is None
    with pytest.raises(KeyError, match="Did you mean 'score'"):
        results["scores"]


@pytest.mark.parametrize("seed", range(3))
def test_any_range_is_a_piece_of_the_whole(make_run: Any, make_plan: Any, seed: int) -> None:
    plan = make_plan(9, 7, 2)
    random = np.random.default_rng(seed)
    mixed = random.permutation(len(plan.tasks)).tolist()
    batches = [mixed[i : i + 5] for i in range(0, len(mixed), 5)]
    lost = frozenset(mixed[:4])
    run = make_run(plan, batches, seed=seed, lost_tasks=lost, failed_items=frozenset({3}))
    results = Results(run.folder, run.recipe, [run.record()])
    for name in results:
        whole = results[name]
        for _ in range(8):
            start, stop = np.sort(random.integers(0, len(whole) + 3, 2)).tolist()
            np.testing.assert_array_equal(results.read(name, start, stop), whole[start:stop])


def test_dense_values_are_those_of_their_items(make_run: Any, make_plan: Any) -> None:
    plan = make_plan(6, 3, 4)
    run = make_run(plan, [[5, 2], [0, 4], [1]], lost_tasks=frozenset({3}))
    results = Results(run.folder, run.recipe, [run.record()])
    score = np.full((18, 2), np.nan)
    for number in (0, 1, 2, 4, 5):
        start, stop = plan.tasks.start[number], plan.tasks.stop[number]
        score[start:stop] = run.task(number)[3]["score"]
    np.testing.assert_array_equal(results["score"], score)
    assert (results["label"] == "").tolist() == np.isnan(score[:, 0]).tolist()


STRAIN = Recipe(
    id="tests.two",
    version="1",
    title="Two stages",
    parameters=Parameters,
    stages=(
        Stage(
            name="relax",
            outputs=(
                Output(name="lattice", dims=("structure", "vector"), unit="angstrom"),
                Output(
                    name="moves",
                    dims=("structure", "move"),
                    kind="rows",
                    key=("structure_index",),
                    columns=(Output(name="structure_index", dtype="int32"), Output(name="force")),
                ),
            ),
            plan=no_kernel,
            kernel=no_kernel,
        ),
        Stage(
            name="strain",
            outputs=(Output(name="stress", dims=("strain",), unit="GPa"),),
            plan=no_kernel,
            kernel=no_kernel,
        ),
    ),
)


def two_stages(folder: Path) -> list[StageRecord]:
    structures = ["Cu", "Ni", "Al"]
    relax = Plan(dim="structure", coords={"structure": structures, "vector": [0, 1]}, tasks=tile(3))
    first, second = STRAIN.stages
    builder = BlockBuilder(first.outputs)
    for task in (0, 2):
        arrays = {"lattice": np.full((1, 2), task, float)}
        rows = {
            "structure_index": np.full(task + 1, task, np.int32),
            "force": np.arange(task + 1.0),
        }
        builder.add(task, 1, np.ones(1, np.int8), arrays, {"moves": rows})
    part = write_part(folder, "parts/relax.npz", builder.build())
    one = StageRecord(
        stage="relax", tasks=3, plan=save_plan(folder, "relax", relax), parts=(part,),
        failed_tasks=((1, 2),), files=({"output": "x", "item": 0},), keys_sha256="ab",
    )  # fmt: skip
    strain = Plan(
        dim="strain",
        owner="structure",
        coords={
            "strain": np.arange(6),
            "strain_structure": ("strain", np.repeat(np.arange(3, dtype=np.int32), 2)),
        },
        tasks=tasks([0, 4], [2, 6]),
    )
    builder = BlockBuilder(second.outputs)
    builder.add(1, 2, np.array([1, 2], np.int8), {"stress": np.array([5.0, 6.0])}, {})
    part = write_part(folder, "parts/strain.npz", builder.build())
    two = StageRecord(
        stage="strain", tasks=2, plan=save_plan(folder, "strain", strain), parts=(part,)
    )
    return [one, two]


def test_stages_share_dims_and_keep_their_own_status(tmp_path: Path) -> None:
    results = Results(tmp_path, STRAIN, two_stages(tmp_path))
    assert results["relax_status"].tolist() == [1, 2, 1]
    assert results["strain_status"].tolist() == [0, 0, 0, 0, 1, 2]
    assert results["stress"][4:].tolist() == [5.0, 6.0]
    assert np.isnan(results["stress"][:4]).all()
    assert results["structure"].tolist() == ["Cu", "Ni", "Al"]
    assert results["moves_row_start"].tolist() == [0, 1, 1, 4]
    assert results["structure_index"].tolist() == [0, 2, 2, 2]
    assert results["force"].tolist() == [0.0, 0.0, 1.0, 2.0]


def test_a_record_comes_back_and_knows_when_it_was_altered(tmp_path: Path, flip_byte: Any) -> None:
    record = two_stages(tmp_path)[0]
    write_record(tmp_path, record)
    assert read_record(tmp_path, "relax") == record
    path = tmp_path / "stages/relax.json"
    path.write_text(path.read_text().replace('"tasks": 3', '"tasks": 4'))
    with pytest.raises(DamagedResult, match=r"stages/relax\.json.*changed"):
        read_record(tmp_path, "relax")
    path.write_text("{")
    with pytest.raises(DamagedResult, match=r"stages/relax\.json.*no JSON"):
        read_record(tmp_path, "relax")
    with pytest.raises(DamagedResult, match=r"no stages/other\.json.*not finished"):
        read_record(tmp_path, "other")


def test_rows_that_are_not_sorted_are_refused(tmp_path: Path) -> None:
    records = two_stages(tmp_path)
    builder = BlockBuilder(STRAIN.stages[0].outputs)
    rows = {"structure_index": np.array([2, 0], np.int32), "force": np.zeros(2)}
    builder.add(0, 1, np.ones(1, np.int8), {"lattice": np.zeros((1, 2))}, {"moves": rows})
    part = write_part(tmp_path, "parts/bad.npz", builder.build())
    bad = StageRecord(stage="relax", tasks=3, plan=records[0].plan, parts=(part,))
    results = Results(tmp_path, STRAIN, [bad])
    with pytest.raises(RecipeError, match="'moves' are not sorted by 'structure_index'"):
        results["moves_row_start"]


def test_a_part_of_another_plan_is_refused(tmp_path: Path) -> None:
    records = two_stages(tmp_path)
    builder = BlockBuilder(STRAIN.stages[1].outputs)
    builder.add(1, 3, np.ones(3, np.int8), {"stress": np.zeros(3)}, {})
    other = write_part(tmp_path, "parts/other.npz", builder.build())
    bad = StageRecord(stage="strain", tasks=2, plan=records[1].plan, parts=(other,))
    with pytest.raises(DamagedResult, match=r"parts/other\.npz.*does not belong"):
        Results(tmp_path, STRAIN, [records[0], bad])["stress"]


def test_plans_of_two_stages_that_disagree_are_refused(tmp_path: Path) -> None:
    one, two = two_stages(tmp_path)
    other = Plan(
        dim="strain",
        coords={"strain": np.arange(6), "structure": ["Cu", "Ni", "Pt"]},
        tasks=tile(6),
    )
    bad = StageRecord(stage="strain", tasks=6, plan=save_plan(tmp_path, "other", other))
    with pytest.raises(RecipeError, match="'structure' differs"):
        Results(tmp_path, STRAIN, [one, bad])["stress"]
    assert two.stage == "strain"
