"""What scripts outside may rely on of runs: JSON, journals, the lock, the results' fields."""

import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

import workbench
from tests.packs import workbench as command, workbench_json
from workbench.process import boot_id
from workbench.registry import resolve

EXAMPLES = {"proteins.search": "globins", "materials.elastic": "alloys"}
STATES = {
    "queued", "starting", "running", "waiting", "stopping", "stopped", "interrupted", "failed",
    "completed", "completed_with_failures",
}  # fmt: skip


def time(value):
    """RFC 3339, UTC."""
    return isinstance(value, str) and value.endswith("Z") and datetime.fromisoformat(value)


def null_or(kind):
    return lambda value: value is None or not wrong(value, kind)


def state(value):
    return value in STATES


def wrong(value, kind, where="document"):
    """What of a value is not as promised; unknown keys are allowed."""
    if isinstance(kind, dict):
        if not isinstance(value, dict) or not set(kind) <= set(value):
            return [f"{where}: {value!r} lacks some of {sorted(kind)}"]
        return [p for key, one in kind.items() for p in wrong(value[key], one, f"{where}.{key}")]
    if isinstance(kind, list):
        if not isinstance(value, list):
            return [f"{where}: {value!r} is no list"]
        return [p for i, one in enumerate(value) for p in wrong(one, kind[0], f"{where}[{i}]")]
    if isinstance(kind, type):
        fits = type(value) is kind or (kind is float and type(value) is int)
    else:
        fits = kind(value)
    return [] if fits else [f"{where}: {value!r}"]


LISTED = {
    "run_id": str,
    "recipe": str,
    "version": str,
    "state": state,
    "folder": str,
    "result": null_or(str),
    "created": time,
    "ended": null_or(time),
    "items": {"total": int, "done": int, "failed": int, "not_run": int},
    "clusters": [str],
    "bytes": int,
    "driver": null_or({"host": str, "pid": int, "epoch": int, "job_id": null_or(str)}),
    "error": null_or({"code": str, "message": str}),
}
STAGE = {
    "name": str,
    "round": int,
    "tasks": int,
    "tasks_done": int,
    "tasks_failed": int,
    "keys_sha256": str,
}
SHOWN = {**LISTED, "stages": [STAGE]}
CARD = {"vendor": str, "model": str, "index": null_or(int), "uuid": null_or(str)}
RECEIPT = {
    "v": int,
    "epoch": int,
    "stage": str,
    "round": int,
    "batch": str,
    "tasks": [lambda pair: len(pair) == 2 and all(type(n) is int for n in pair)],
    "part": null_or({"file": str, "bytes": int, "crc32c": str}),
    "failed": [{"task": int, "items": [int], "code": str, "message": str, "attempts": int}],
    "cluster": str,
    "worker": str,
    "host": str,
    "job_id": null_or(str),
    "card": null_or(CARD),
    "code_hash": str,
    "started": time,
    "wall_s": float,
    "energy_j": null_or(float),
}
LOCK = {
    "v": int,
    "run_id": str,
    "host": str,
    "boot_id": str,
    "pid": int,
    "start_ticks": int,
    "job_id": null_or(str),
    "epoch": int,
    "renewed": time,
}

TEXT = "text"
HITS = {
    "query_index": "i4", "target_index": "i8", "target": TEXT, "domain": "i4",
    "evalue": "f8", "score": "f8", "bias": "f8", "c_evalue": "f8", "i_evalue": "f8",
    "domain_score": "f8", "domain_bias": "f8", "identity": "f8", "query_coverage": "f8",
    "target_coverage": "f8", "query_from": "i4", "query_to": "i4", "target_from": "i4",
    "target_to": "i4", "env_from": "i4", "env_to": "i4",
}  # fmt: skip
MODULI = [
    f"{name}_modulus_{average}"
    for name in ("bulk", "shear", "youngs")
    for average in ("voigt", "reuss", "hill")
]
# {variable: (dims, type, unit)}; a unit of None: none is promised
FIELDS = {
    "proteins.search": {
        "query": (("query",), TEXT, None),
        "domZ": (("query",), "i8", "1"),
        "hits_row_start": (("query_edge",), "i8", "1"),
        "search_status": (("search",), "i1", None),
        "search_query": (("search",), "i4", None),
        **{name: (("hit",), kind, None) for name, kind in HITS.items()},
    },
    "materials.elastic": {
        "structure": (("structure",), TEXT, None),
        "energy": (("structure",), "f8", "eV"),
        **{name: (("structure",), "f8", "GPa") for name in MODULI},
        "stable": (("structure",), "i1", "1"),
        "relax_status": (("structure",), "i1", None),
        "fit_status": (("structure",), "i1", None),
        "lattice": (("structure", "vector", "xyz"), "f8", "angstrom"),
        "elastic_tensor": (("structure", "voigt_i", "voigt_j"), "f8", "GPa"),
        "strain_status": (("strain",), "i1", None),
        "strain_structure": (("strain",), "i4", None),
    },
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    place = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(place))
        yield place
    workbench_json("cluster", "stop", "local", home=place)


@pytest.fixture(scope="module")
def runs(home):
    """``{recipe: (what start said, what wait said)}`` of the examples."""
    found = {}
    for recipe, example in EXAMPLES.items():
        code, started = workbench_json("run", "start", recipe, "--example", example, home=home)
        assert code == 0, started
        code, ended = workbench_json("run", "wait", started["run_id"], home=home)
        assert code == 0, ended
        found[recipe] = started, ended
    return found


@pytest.fixture(params=EXAMPLES)
def recipe(request):
    return request.param


def test_start_wait_and_show(runs, home, recipe):
    started, ended = runs[recipe]
    code, shown = workbench_json("run", "show", ended["run_id"], "--verify", home=home)
    assert (code, shown["verify"]) == (0, {"sound": True, "problems": []})
    for document in (started, ended, shown):
        assert wrong(document, SHOWN) == []
    assert started["state"] in ("queued", "starting")
    assert (ended["recipe"], ended["state"], ended["clusters"]) == (recipe, "completed", ["local"])
    assert ended["result"] == f"{ended['folder']}/result.zarr"
    assert {key: shown[key] for key in ended} == ended
    for stage in ended["stages"]:
        assert len(stage["keys_sha256"]) == 64
        assert stage["tasks_done"] == stage["tasks"] > 0


def test_list(runs, home):
    code, document = workbench_json("run", "list", home=home)
    assert code == 0
    assert wrong(document, {"runs": [LISTED], "next": null_or(str)}) == []
    ends = {ended["run_id"]: ended for _, ended in runs.values()}
    assert set(ends) == {run["run_id"] for run in document["runs"]}
    for run in document["runs"]:
        ended = ends[run["run_id"]]
        assert run == {key: value for key, value in ended.items() if key != "stages"}


def test_journal_and_lock(runs, recipe):
    run = workbench.open_run(runs[recipe][1]["run_id"])
    lines = [json.loads(line) for line in (run.folder / "tasks.1.jsonl").read_text().splitlines()]
    assert wrong(lines, [RECEIPT]) == []
    assert {line["v"] for line in lines} == {line["epoch"] for line in lines} == {1}
    done = {(line["stage"], n) for line in lines for pair in line["tasks"] for n in range(*pair)}
    stages = runs[recipe][1]["stages"]
    assert done == {(stage["name"], n) for stage in stages for n in range(stage["tasks"])}
    lock = json.loads((run.folder / "driver.lock").read_text())
    assert wrong(lock, LOCK) == []
    assert (lock["run_id"], lock["boot_id"], lock["epoch"]) == (run.id, boot_id(), 1)


def test_result(runs, recipe):
    with workbench.open_run(runs[recipe][1]["run_id"]).open() as dataset:
        found = {str(name): variable for name, variable in dataset.variables.items()}
        for name, (dims, kind, unit) in FIELDS[recipe].items():
            assert found[name].dims == dims, name
            wanted = np.dtypes.StringDType() if kind == TEXT else np.dtype(kind)
            assert found[name].dtype == wanted, name
            if unit is not None:
                assert found[name].attrs["units"] == unit, name
        for name, variable in found.items():
            if name.endswith("_status"):
                assert variable.attrs["flag_values"] == [0, 1, 2]
                assert variable.attrs["flag_meanings"] == "not_run done failed"
                assert set(variable.values.tolist()) == {1}
        if recipe == "proteins.search":
            assert (dataset.attrs["Z"], dataset.attrs["max_hits"]) == (2000, None)
            assert dataset.sizes["query_edge"] == dataset.sizes["query"] + 1
            keys = [found[name].values for name in ("domain", "target_index", "query_index")]
            assert np.array_equal(np.lexsort(keys), np.arange(dataset.sizes["hit"]))
        else:
            assert dataset["voigt_i"].values.tolist() == ["xx", "yy", "zz", "yz", "xz", "xy"]
            assert set(found["stable"].values.tolist()) <= {1, 0, -1}


def test_a_result_is_opened_on_the_command_line(runs, home, recipe):
    ended = runs[recipe][1]
    code, document = workbench_json("run", "open", ended["run_id"], home=home)
    assert (code, document["result"]) == (0, ended["result"])
    assert set(FIELDS[recipe]) <= set(document["variables"])
    suffixes = {figure.partition(".")[2] for figure in document["figures"]}
    assert suffixes == {"svg", "vl.json"}
    table = home / f"{recipe}.csv"
    for code, word in ((0, "rows"), (4, "is there already")):
        done = command("run", "open", ended["run_id"], "--csv", str(table), home=home)
        assert done.returncode == code
        assert word in done.stderr
    header, *rows = table.read_text(encoding="utf-8").splitlines()
    assert header.count(",") == rows[0].count(",") > 0
    said = command("run", "open", ended["run_id"], home=home).stdout
    lines = said.splitlines()
    assert lines[0] == ended["result"]
    # The table begins with what the recipe wants to be seen first.
    shown = resolve(recipe)
    [head] = [n for n, line in enumerate(lines) if line.split()[1:2] == [shown.columns[0]]]
    assert lines[head].split()[1:5] == list(shown.columns[:4])
    units = {"proteins.search": ["bit"], "materials.elastic": ["GPa"] * 3}
    assert lines[head + 1].split() == units[recipe]


def test_the_recipes_check_of_itself_stands_beside_the_result(runs):
    folder = Path(runs["materials.elastic"][1]["folder"])
    audit = json.loads((folder / "audit.json").read_text())
    assert audit["sample"] == len(audit["structures"]) > 0
    assert audit["largest_relative_difference"] < 1e-4
    assert not Path(runs["proteins.search"][1]["folder"], "audit.json").exists()


def test_python_does_the_same(runs, home, recipe):
    """Submitted, listed and opened from Python, like an earlier run but for one value."""
    earlier = runs[recipe][1]["run_id"]
    value = {"proteins.search": {"evalue": 1e-3}, "materials.elastic": {"fmax": 2e-4}}[recipe]
    run = workbench.submit(recipe, like=earlier, **value)
    assert run.wait(timeout_s=60)["state"] == "completed"
    assert next(iter(workbench.runs(limit=1))).id == run.id
    before = workbench.open_run(earlier).manifest
    assert run.manifest.like == earlier
    assert dict(run.manifest.parameters) == {**run.manifest.parameters, **value}
    assert {name: entry.sha256 for name, entry in run.manifest.inputs.items()} == {
        name: entry.sha256 for name, entry in before.inputs.items()
    }
    with run.open() as dataset:
        assert dataset.attrs["run_id"] == run.id
        if recipe == "proteins.search":
            assert dataset["evalue"].values.max() <= 1e-3
    workbench_json("run", "delete", run.id, home=home)


def test_an_error_is_told_in_fields(home):
    code, document = workbench_json(
        "run", "start", "proteins.search", "--set", "evalue=0", home=home
    )
    kind = {"error": {"code": str, "message": str, "fields": [{"parameter": str, "message": str}]}}
    assert (code, wrong(document, kind)) == (2, [])
    named = {field["parameter"] for field in document["error"]["fields"]}
    assert named == {"queries", "database", "evalue"}
