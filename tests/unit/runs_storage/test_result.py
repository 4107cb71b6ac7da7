"""The sealed result: labelled, whole, and refused when anything of it was altered."""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray
import zarr

from workbench.errors import DamagedResult, RecipeError
from workbench.parameters import Parameters
from workbench.recipe import Output, Plan, Recipe, Stage, tile
from workbench.runs.checksum import file_crc32c
from workbench.runs.layout import WriteJob, file_keys, grid, write_jobs
from workbench.runs.parts import BlockBuilder, write_part
from workbench.runs.plans import save_plan
from workbench.runs.reader import open_result, verify
from workbench.runs.records import StageRecord
from workbench.runs.result import add_summary, prepare_result, seal, sweep, write_result
from workbench.runs.stages import Results

ITEMS = {"total": 1, "done": 1, "failed": 0, "not_run": 0}


def result_files(folder: Path) -> list[str]:
    return sorted(
        str(Path(where, file).relative_to(folder))
        for where, _, files in os.walk(folder / "result.zarr")
        for file in files
    )


def test_a_sealed_result_opens_with_values_units_and_provenance(
    make_run: Any, make_plan: Any
) -> None:
    run = make_run(make_plan(7, 5, 3), failed_items=frozenset({2}))
    folder = run.finish()
    results = Results(folder, run.recipe, [run.record()])
    found = open_result(folder)
    for name in results:
        np.testing.assert_array_equal(found[name].values, results[name], strict=True)
        assert found[name].dims == results.variables[name].dims
    assert found.score.attrs == {"units": "eV", "long_name": "Score", "source": "eq. (1)"}
    assert found.search_status.attrs["flag_values"] == [0, 1, 2]
    assert found.attrs["Conventions"].startswith("CF-")
    assert found.attrs["recipe"] == "tests.search"
    assert found.attrs["run_id"] == folder.name
    assert found.attrs["Z"] == 20
    assert found.sel(query="q3é").name.item() == "owner 3"
    assert verify(folder) == []


def test_plain_xarray_opens_it_too(make_run: Any, make_plan: Any) -> None:
    folder = make_run(make_plan(7, 5, 3)).finish()
    plain = xarray.open_zarr(folder / "result.zarr", consolidated=False, chunks=None)
    xarray.testing.assert_identical(plain.load(), open_result(folder).load())
    assert plain.score.attrs["units"] == "eV"


def test_parts_of_it_are_read_alone(make_run: Any, make_plan: Any) -> None:
    found = open_result(make_run(make_plan(7, 5, 3)).finish())
    whole = found.score.values
    np.testing.assert_array_equal(found.score[3:9:2, 1].values, whole[3:9:2, 1])
    np.testing.assert_array_equal(found.score[::-1].values, whole[::-1])
    np.testing.assert_array_equal(found.score.isel(search=[5, 0]).values, whole[[5, 0]])
    assert found.score[4, 0].item() == whole[4, 0]
    assert found.label[2:2].size == 0


def test_rows_are_chosen_by_their_values(make_run: Any, make_plan: Any) -> None:
    """As docs/run-folder.md says; ``where`` would put NaN between texts, which numpy refuses."""
    found = open_result(make_run(make_plan(7, 5, 3)).finish())
    least = found.total.min().item()
    more = found.isel(query=found.total > least)
    assert 0 < more.sizes["query"] < found.sizes["query"]
    xarray.testing.assert_identical(found.query(query=f"total > {least!r}").load(), more.load())
    name = more.name.values[0]
    assert set(found.name.where(found.name == name, "").values) == {"", name}


def test_writing_again_gives_the_same_bytes(make_run: Any, make_plan: Any) -> None:
    run = make_run(make_plan(5, 5, 2))
    folder = run.finish()
    before = {file: (folder / file).read_bytes() for file in result_files(folder)}
    run.finish()
    assert {file: (folder / file).read_bytes() for file in result_files(folder)} == before


def test_preparing_again_leaves_nothing_of_the_older_result(make_run: Any, make_plan: Any) -> None:
    run = make_run(make_plan(5, 5, 2))
    folder = run.finish()
    (folder / "result.zarr/score/c/9").mkdir()
    (folder / "result.zarr/score/c/9/0").write_bytes(b"old")
    prepare_result(folder, run.recipe, [run.record()], {})
    assert not (folder / "result.json").exists()
    assert all(file.endswith("zarr.json") for file in result_files(folder))


def test_a_result_without_its_last_record_is_refused(make_run: Any, make_plan: Any) -> None:
    folder = make_run(make_plan(3, 2, 2)).finish()
    (folder / "result.json").unlink()
    with pytest.raises(DamagedResult, match=r"not complete.*workbench run resume"):
        open_result(folder)


def test_every_damaged_file_is_found_and_named(make_run: Any, make_plan: Any, fault: Any) -> None:
    damage, said = fault
    folder = make_run(make_plan(4, 3, 2)).finish()
    for file in result_files(folder):
        whole = (folder / file).read_bytes()
        damage(folder / file)
        assert [problem["file"] for problem in verify(folder)] == [file]
        assert said in verify(folder)[0]["message"]
        with pytest.raises(DamagedResult) as caught:
            open_result(folder).load()
        assert file in str(caught.value)
        assert f"workbench run start RECIPE --like {folder.name}" in str(caught.value)
        (folder / file).write_bytes(whole)
    assert verify(folder) == []


def test_a_sound_chunk_in_another_ones_place_is_found(make_run: Any, make_plan: Any) -> None:
    folder = make_run(make_plan(7, 5, 3)).finish()
    chunk = folder / "result.zarr/evalue/c/0"
    before = chunk.stat().st_size, file_crc32c(chunk)
    array = zarr.open_array(folder / "result.zarr/evalue", mode="r+")
    array[:] = array[:][::-1]
    # It ends in its own CRC-32C, so that of the whole file is what it was.
    assert (chunk.stat().st_size, file_crc32c(chunk)) == before
    assert [problem["file"] for problem in verify(folder)] == ["result.zarr/evalue/c/0"]
    with pytest.raises(DamagedResult, match="evalue/c/0"):
        open_result(folder).evalue.load()


def test_a_damaged_completion_record_is_refused(make_run: Any, make_plan: Any, fault: Any) -> None:
    damage, _ = fault
    folder = make_run(make_plan(3, 2, 2)).finish()
    missing = damage is Path.unlink
    damage(folder / "result.json")
    with pytest.raises(DamagedResult, match=r"result\.json"):
        open_result(folder)
    if not missing:
        assert [problem["file"] for problem in verify(folder)] == ["result.json"]


def test_an_extra_file_is_named(make_run: Any, make_plan: Any) -> None:
    folder = make_run(make_plan(3, 2, 2)).finish()
    (folder / "result.zarr/score/c/7").write_bytes(b"x")
    (folder / "result.zarr/score/c/.0.1234abcd.tmp").write_bytes(b"left by a killed writer")
    (problem,) = verify(folder)
    assert problem["file"] == "result.zarr/score/c/7"
    assert "not part of the result" in problem["message"]


def test_damage_after_opening_is_an_error_not_a_fill_value(
    make_run: Any, make_plan: Any, flip_byte: Any
) -> None:
    folder = make_run(make_plan(3, 2, 2)).finish()
    found = open_result(folder)
    (folder / "result.zarr/score/c/0/0").unlink()
    flip_byte(folder / "result.zarr/search_status/c/0", 0.3)
    (folder / "result.zarr/label/c/0").write_bytes(b"")
    with pytest.raises(DamagedResult, match=r"score/c/0/0.*missing"):
        found.score.load()
    with pytest.raises(DamagedResult, match=r"search_status/c/0.*bytes changed"):
        found.search_status.load()
    with pytest.raises(DamagedResult, match=r"label/c/0.*shorter"):
        found.label.load()


def test_a_result_that_lacks_a_shard_is_not_sealed(make_run: Any, make_plan: Any) -> None:
    run = make_run(make_plan(3, 2, 2))
    records = [run.record()]
    prepared = prepare_result(run.folder, run.recipe, records, {})
    files = list(prepared.files)
    for job in prepared.jobs:
        files += write_result(run.folder, run.recipe, records, job)
    some = [ref for ref in files if ref.file != "result.zarr/total/c/0"]
    with pytest.raises(DamagedResult, match=r"total/c/0.*not written"):
        seal(run.folder, run.recipe, records, some, run_id="x", items=ITEMS)
    (run.folder / "result.zarr/total/c/0").write_bytes(b"")
    with pytest.raises(DamagedResult, match=r"total/c/0.*shorter"):
        seal(run.folder, run.recipe, records, files, run_id="x", items=ITEMS)
    assert not (run.folder / "result.json").exists()


def test_a_full_disk_is_said_and_the_result_written_once_there_is_room(
    make_run: Any, small_disk: Path
) -> None:
    recipe, plan, block = one_output((100_000,))
    recipe_run = small_disk / "run"
    record = a_record(recipe_run, recipe, plan, block, part_room=small_disk)
    prepared = prepare_result(recipe_run, recipe, [record], {})
    with pytest.raises(OSError, match="No space left"):
        write_result(recipe_run, recipe, [record], prepared.jobs[0])
    assert not [file for file in result_files(recipe_run) if file.endswith(".tmp")]
    with pytest.raises(DamagedResult, match="not complete"):
        open_result(recipe_run)
    (small_disk / "ballast").unlink()
    files = list(prepared.files)
    for job in prepared.jobs:
        files += write_result(recipe_run, recipe, [record], job)
    seal(recipe_run, recipe, [record], files, run_id="x", items=ITEMS)
    np.testing.assert_array_equal(open_result(recipe_run).x.values, block.arrays["x"])


def no_kernel(*_: Any) -> Any:
    raise AssertionError


def one_output(shape: tuple[int, ...], dtype: str = "float64") -> tuple[Any, Plan, Any]:
    dims = tuple("ijkl"[: len(shape)])
    output = Output(name="x", dims=dims, dtype=dtype)
    stage: Stage[Any] = Stage(name="s", outputs=(output,), plan=no_kernel, kernel=no_kernel)
    recipe = Recipe(
        id="tests.one", version="1", title="One", parameters=Parameters, stages=(stage,)
    )
    coords = {dim: np.arange(n, dtype=np.int32) for dim, n in zip(dims, shape, strict=True)}
    plan = Plan(dim="i", coords=coords, tasks=tile(shape[0], max(1, shape[0])))
    builder = BlockBuilder((output,))
    values = np.random.default_rng(0).integers(0, 200, shape).astype(dtype)
    builder.add(0, shape[0], np.ones(shape[0], np.int8), {"x": values}, {})
    return recipe, plan, builder.build()


def a_record(
    folder: Path, recipe: Any, plan: Plan, block: Any, part_room: Path | None = None
) -> StageRecord:
    folder.mkdir(exist_ok=True)
    ref = save_plan(folder, "s", plan)
    part = write_part(folder, "parts/s.npz", block)
    if part_room is not None:
        room = os.statvfs(part_room)
        with (part_room / "ballast").open("wb") as file:
            file.write(b"x" * (room.f_bavail * room.f_bsize - 60_000))
    return StageRecord(stage="s", tasks=len(plan.tasks), plan=ref, parts=(part,))


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        ((1,), "int8"), ((1000,), "bool"), ((17, 3, 5), "complex64"), ((5, 400, 300), "float32"),
        ((40_000, 9), "float64"), ((100_000,), "int16"),
    ],
)  # fmt: skip
def test_arrays_of_any_shape_and_type_survive_many_shards(
    tmp_path: Path, shape: tuple[int, ...], dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.runs.layout.CHUNK_BYTES", 2**14)
    monkeypatch.setattr("workbench.runs.layout.SHARD_BYTES", 2**17)
    monkeypatch.setattr("workbench.runs.layout.JOB_BYTES", 2**17)
    recipe, plan, block = one_output(shape, dtype)
    record = a_record(tmp_path, recipe, plan, block)
    prepared = prepare_result(tmp_path, recipe, [record], {})
    files = list(prepared.files)
    for job in reversed(prepared.jobs):
        files += write_result(tmp_path, recipe, [record], WriteJob.from_dict(job.to_dict()))
    seal(tmp_path, recipe, [record], files, run_id="x", items=ITEMS)
    found = open_result(tmp_path)
    np.testing.assert_array_equal(found.x.copy().values, block.arrays["x"], strict=True)
    assert verify(tmp_path) == []
    for file in [name for name in result_files(tmp_path) if "/x/c/" in name]:
        (tmp_path / file).rename(tmp_path / "aside")
        with pytest.raises(DamagedResult, match=file):
            found.x.copy().load()
        (tmp_path / "aside").rename(tmp_path / file)


def test_what_finish_returned_is_checked_and_written(make_run: Any, make_plan: Any) -> None:
    plan = make_plan(4, 3, 2)
    summary = (
        Output(name="mean", unit="eV", long_name="Mean score"),
        Output(name="best", dims=("query",), dtype="str"),
        Output(name="bins", dims=("bin",), dtype="int32"),
    )
    base = make_run(plan)
    recipe = Recipe(
        id="tests.summary", version="1", title="S", parameters=Parameters,
        stages=base.recipe.stages, summary=summary, finish=no_kernel,
    )  # fmt: skip
    given = {"mean": 1.5, "best": ["a", "", "é", "d"], "bins": np.arange(3)}
    folder = make_run(plan, recipe=recipe).finish(**given)
    found = open_result(folder)
    assert found["mean"].item() == 1.5
    assert found["mean"].attrs["units"] == "eV"
    assert found.best.values.tolist() == given["best"]
    assert found.bins.dtype == np.int32
    assert verify(folder) == []
    records = [base.record()]
    with pytest.raises(RecipeError) as caught:
        add_summary(base.folder, recipe, records, {"best": ["a"], "bins": 3, "more": 1})
    for told in (
        "'more' is not declared", "'mean' is missing", "'best' has 1 entries along 'query'",
        "'bins' has shape ()",
    ):  # fmt: skip
        assert told in str(caught.value)
    prepared = prepare_result(base.folder, recipe, records, {})
    with pytest.raises(DamagedResult, match=r"mean/zarr\.json.*not written"):
        seal(base.folder, recipe, records, prepared.files, run_id="x", items=ITEMS)


def test_sweeping_removes_what_no_record_names(make_run: Any, make_plan: Any) -> None:
    run = make_run(make_plan(4, 3, 2), [[0, 1], [2, 3, 4, 5]])
    record = run.record()
    (run.folder / "parts/.x.npz.12345678.tmp").write_bytes(b"")
    (run.folder / "parts/lost.npz").write_bytes(b"")
    assert sorted(sweep(run.folder, [record])) == ["parts/.x.npz.12345678.tmp", "parts/lost.npz"]
    assert sweep(run.folder, [record]) == []
    assert Results(run.folder, run.recipe, [record])["score"].shape == (12, 2)


def test_files_stay_few_and_chunks_of_middling_size() -> None:
    for shape in [(10**6,), (10**6, 6, 6), (10**8,), (3, 5000, 5000), (7, 7), (0,), (0, 4), ()]:
        cut = grid(shape, "float64")
        chunk = 8 * int(np.prod(cut.chunks))
        assert chunk <= 2 * 2**20
        assert 8 * int(np.prod(cut.file_shape)) <= 66 * 2**20
        assert all(s % c == 0 for s, c in zip(cut.file_shape, cut.chunks, strict=True))
        total = 8 * int(np.prod(shape))
        assert len(list(file_keys("x", shape, cut.file_shape))) <= 1 + 2 * total / (64 * 2**20)
        if total > 2 * 2**20:
            assert chunk >= 2**19


@pytest.mark.parametrize("shape", [(10**8,), (20, 3000, 3000), (5,), ()])
def test_jobs_write_every_entry_once_in_whole_shards(shape: tuple[int, ...]) -> None:
    cut = grid(shape, "float64")
    jobs = write_jobs({"x": cut, "y": cut}, {"x": "float64", "y": "float64"})
    for name in "xy":
        pieces = [(a, b) for job in jobs for n, a, b in job.pieces if n == name]
        ends = [0, *(b for _, b in pieces)]
        assert [a for a, _ in pieces] == ends[:-1]
        assert ends[-1] == (shape[0] if shape else 1)
        if shape:
            assert all(a % cut.file_shape[0] == 0 for a, _ in pieces)


def test_the_completion_record_names_every_file(make_run: Any, make_plan: Any) -> None:
    folder = make_run(make_plan(3, 2, 2)).finish()
    told = json.loads((folder / "result.json").read_text())
    assert [entry["file"] for entry in told["files"]] == result_files(folder)
    assert told["run_id"] == folder.name
    assert told["items"] == ITEMS
    assert all(set(entry) == {"file", "bytes", "crc32c", "sha256"} for entry in told["files"])
    assert all(len(list(g)) == 1 for _, g in itertools.groupby(e["file"] for e in told["files"]))
