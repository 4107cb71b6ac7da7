"""The table of a result: columns, order, conditions, pages, CSV, items."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray

from workbench import Output, ParameterError, Stage
from workbench.runs.items import items_page
from workbench.runs.table import Condition, ResultTable

HIT = Output(
    name="hits",
    dims=("query", "hit"),
    kind="rows",
    key=("query_index", "score"),
    columns=(
        Output(name="query_index", dtype="int64"),
        Output(name="score", unit="bit"),
        Output(name="name", dtype="str"),
        Output(name="long", dtype="int32"),
    ),
)


def recipe(**more):
    stages = (Stage(name="search", outputs=(HIT,), plan=None, kernel=None),)
    told = {"summary": (), "stages": stages, "table": "hits", "items": "", "columns": ()}
    return SimpleNamespace(**{**told, "order": (), "stage": lambda name: stages[0], **more})


@pytest.fixture
def dataset():
    text = np.dtypes.StringDType()
    return xarray.Dataset(
        {
            "query_index": ("hit", np.array([1, 0, 1, 0])),
            "score": ("hit", np.array([3.0, np.nan, 1.0, 2.0]), {"units": "bit"}),
            "name": ("hit", np.array(["b", "a,c", "B", "d"], text)),
            "long": ("hit", np.array([4, 3, 2, 1], np.int32)),
            "search_status": ("search", np.array([1, 2, 0], np.int8)),
            "search_query": ("search", np.array([0, 1, 1], np.int32)),
        },
        {"query": ("query", np.array(["Q0", "Q1"], text))},
    )


def table(dataset, **more):
    return ResultTable(recipe(**more), dataset)


def test_an_owner_is_told_by_its_name(dataset):
    page = table(dataset).page()
    assert [column["name"] for column in page["columns"]] == ["query", "score", "name", "long"]
    assert page["rows"][0] == ["Q1", 3.0, "b", 4]
    assert page["rows"][1][1] is None


def test_columns_that_matter_come_first(dataset):
    page = table(dataset, columns=("long",)).page()
    assert [column["name"] for column in page["columns"]] == ["query", "long", "score", "name"]


@pytest.mark.parametrize(
    ("sort", "descending", "longs"),
    [
        ("score", False, [2, 1, 4, 3]),
        ("score", True, [4, 1, 2, 3]),  # what is missing stays last
        ("name", False, [2, 3, 4, 1]),
        ("query", False, [3, 1, 4, 2]),
        ("long", True, [4, 3, 2, 1]),
    ],
)
def test_rows_are_sorted(dataset, sort, descending, longs):
    rows = table(dataset).page(sort=sort, descending=descending)["rows"]
    assert [row[3] for row in rows] == longs


def test_the_recipes_own_order_is_the_default(dataset):
    assert [row[3] for row in table(dataset, order=("score",)).page()["rows"]] == [2, 1, 4, 3]


@pytest.mark.parametrize(
    ("column", "operator", "value", "longs"),
    [
        ("score", ">=", "2", [4, 1]),
        ("score", "!=", "2", [4, 3, 2]),
        ("name", "contains", "B", [4, 2]),
        ("name", "=", "b", [4]),
        ("query", "=", "Q0", [3, 1]),
        ("long", "<", "2.5", [2, 1]),
    ],
)
def test_conditions_choose_rows(dataset, column, operator, value, longs):
    page = table(dataset).page(filters=[Condition(column, operator, value)])
    assert [row[3] for row in page["rows"]] == longs
    assert (page["total"], page["unfiltered"]) == (len(longs), 4)


@pytest.fixture
def extremes():
    """Whole numbers that no float holds, flags, infinities."""
    return xarray.Dataset(
        {
            "score": ("hit", np.array([np.inf, np.nan, -np.inf, 0.5])),
            "large": ("hit", np.array([2**64 - 1, 2**64 - 2, 2**53 + 1, 7], np.uint64)),
            "flag": ("hit", np.array([True, False, True, False])),
        }
    )


def dense(dataset):
    outputs = [Output(name=str(name), dims=("hit",)) for name in dataset]
    stages = (SimpleNamespace(name="all", outputs=outputs),)
    return ResultTable(recipe(stages=stages, table="hit"), dataset)


@pytest.mark.parametrize(
    ("column", "operator", "value", "places"),
    [
        ("large", "=", "18446744073709551615", [0]),
        ("large", ">", "18446744073709551614", [0]),
        ("large", "<", "9007199254740993", [3]),
        ("large", ">", "1e300", []),
        ("flag", "=", "true", [0, 2]),
        ("flag", "!=", "Yes", [1, 3]),
        ("flag", "=", "0", [1, 3]),
        ("flag", "=", "99999999999999999999", []),
        ("score", "<", "9" * 400, [2, 3]),
        ("score", "=", "inf", [0]),
        ("score", "<", "1", [2, 3]),
    ],
)
def test_conditions_on_extremes_are_exact(extremes, column, operator, value, places):
    found = dense(extremes).select(filters=[Condition(column, operator, value)])
    assert found.tolist() == places


@pytest.mark.parametrize(
    ("sort", "descending", "places"),
    [
        ("large", True, [0, 1, 2, 3]),
        ("flag", True, [0, 2, 1, 3]),
        ("score", True, [0, 3, 2, 1]),
        ("score", False, [2, 3, 0, 1]),
    ],
)
def test_extremes_are_sorted(extremes, sort, descending, places):
    assert dense(extremes).select(sort=sort, descending=descending).tolist() == places


def test_extremes_are_shown_as_they_are(extremes):
    shown = dense(extremes).page()["rows"]
    assert [row[0] for row in shown] == ["inf", None, "-inf", 0.5]
    assert [row[1] for row in shown] == [str(2**64 - 1), str(2**64 - 2), str(2**53 + 1), 7]
    assert [row[2] for row in shown] == [True, False, True, False]


def test_pages_follow_each_other(dataset):
    shown = table(dataset)
    pages = [shown.page(sort="long", offset=n, limit=2)["rows"] for n in (0, 2, 4)]
    assert [[row[3] for row in page] for page in pages] == [[1, 2], [3, 4], []]


@pytest.mark.parametrize(
    "condition",
    [
        Condition("nam", "=", "x"),
        Condition("long", "=", "nan"),
        Condition("long", "=", "x"),
        Condition("long", "~=", "1"),
    ],
)
def test_conditions_that_cannot_be_met_are_refused(dataset, condition):
    with pytest.raises(ParameterError):
        table(dataset).page(filters=[condition])


def test_csv_quotes_and_leaves_holes_empty(dataset):
    text = table(dataset).csv(None, 0, 10)
    assert text.splitlines()[:3] == ["query,score [bit],name,long", "Q1,3.0,b,4", 'Q0,,"a,c",3']
    assert table(dataset).csv(None, 3, 10) == "Q0,2.0,d,1\n"


def test_items_come_failed_ones_first_with_their_reason(dataset):
    failures = [{"stage": "search", "items": [1], "code": "x", "message": "why", "attempts": 2}]
    page = items_page(recipe(), dataset, failures)
    assert [(item["name"], item["state"]) for item in page["items"]] == [
        ("Q1 (1)", "failed"),
        ("Q1 (2)", "not_run"),
        ("Q0 (0)", "done"),
    ]
    assert page["items"][0]["message"] == "why"
    assert page["counts"] == {"done": 1, "failed": 1, "not_run": 1}
    (stage,) = page["stages"]
    assert stage == {"stage": "search", "dim": "search", "counts": page["counts"]}
    done = items_page(recipe(), dataset, failures, state="done")
    assert ([item["index"] for item in done["items"]], done["total"]) == ([0], 1)


def structures(status, **attrs):
    text = np.dtypes.StringDType()
    found = {
        "group": ("structure", np.array([225, -1, 194], np.int32)),
        "n_hits": ("owner", np.array([0, -1], np.int32)),
        "relax_status": ("structure", np.array(status, np.int8)),
        "structure_owner": ("structure", np.array([0, 0, 1], np.int32)),
    }
    coords = {"structure": np.array(["a", "b", "c"], text), "owner": np.array(["x", "y"], text)}
    group = Output(name="group", dims=("structure",), dtype="int32")
    hits = Output(name="n_hits", dims=("owner",), dtype="int32")
    stages = (SimpleNamespace(name="relax", outputs=(group, hits)),)
    return xarray.Dataset(found, coords, attrs), stages


@pytest.mark.parametrize("state", [0, 2])
def test_a_whole_number_that_was_not_computed_is_empty_and_last(state):
    dataset, stages = structures([1, state, 1])
    shown = table(dataset, stages=stages, table="structure")
    assert [row[1] for row in shown.page()["rows"]] == [225, None, 194]
    for descending, order in ((False, [194, 225, None]), (True, [225, 194, None])):
        rows = shown.page(sort="group", descending=descending)["rows"]
        assert [row[1] for row in rows] == order
    rows = shown.page(filters=[Condition("group", "<", "200")])["rows"]
    assert [row[1] for row in rows] == [194]
    assert shown.csv(None, 0, 9).splitlines()[1:] == ["a,225", "b,", "c,194"]


def test_a_whole_number_of_an_owner_is_empty_where_one_of_its_items_is_not_done():
    def cells(*status, **attrs):
        dataset, stages = structures(status, **attrs)
        rows = table(dataset, stages=stages, table="owner").page()["rows"]
        return [row[1] for row in rows]

    assert cells(1, 2, 1) == [None, -1]
    assert cells(1, 1, 1) == [0, -1]
    # What belongs together is put together when all of the stage is done.
    assert cells(1, 1, 1, partial=1) == [0, None]
