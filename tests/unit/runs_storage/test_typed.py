"""What a recipe returned, as the type that it declared: every value survives or is refused."""

import numpy as np
import pytest

from workbench.errors import RecipeError
from workbench.recipe import Output
from workbench.runs.typed import typed


def output(dtype):
    return Output(name="y", dims=("i",), dtype=dtype)


@pytest.mark.parametrize(
    ("dtype", "given"),
    [
        ("int32", np.array([2**31 - 1, -(2**31)])),
        ("uint16", np.array([0, 65535], np.uint64)),
        ("float32", np.array([1.1, np.inf, -0.0, np.nan])),
        ("float64", np.array([1, 2])),
        ("complex128", np.array([1.0, 2.0])),
        ("str", np.array(["a", "é\0"], object)),
        ("str", ["a", ""]),
        ("str", np.array([], np.dtypes.StringDType())),
        ("float64", np.ma.array([1.0, 2.0])),
    ],
)
def test_values_that_the_declared_type_can_hold_are_kept(dtype, given):
    for casting in (True, False):
        found = typed(output(dtype), given, casting=casting)
        assert np.array_equal(
            found, np.asarray(given).astype(found.dtype), equal_nan=dtype != "str"
        )


@pytest.mark.parametrize(
    ("dtype", "given", "said"),
    [
        ("int32", np.array([0, 2**40]), "holds 1099511627776, which int32 cannot"),
        ("uint16", np.array([2**40 + 7], np.uint64), "which uint16 cannot"),
        ("int64", np.array([2**63], np.uint64), "which int64 cannot"),
        ("float32", np.array([1.0, 1e300]), r"holds 1e\+300, which float32 cannot"),
        ("float64", np.array([1j]), "is complex128, declared float64"),
        ("float64", np.array(["1"]), "is <U1, declared float64"),
        ("float64", np.ma.array([1.0, 2.0], mask=[False, True]), "is masked"),
        ("str", np.array([1, 2]), "is int64, declared str"),
        ("str", np.array([b"a"]), "is |S1, declared str"),
        ("str", ["a", None], "holds NoneType, declared str"),
    ],
)
def test_values_that_it_cannot_hold_are_refused(dtype, given, said):
    for casting in (True, False):
        with pytest.raises(RecipeError, match=said):
            typed(output(dtype), given, casting=casting)


def test_whole_numbers_may_come_as_floats_where_casting_is_allowed_only():
    assert typed(output("int64"), np.array([2.0])).tolist() == [2]
    assert typed(output("int64"), []).tolist() == []
    assert typed(output("str"), []).shape == (0,)
    for wrong in (2.5, np.nan, 1e300):
        with pytest.raises(RecipeError, match="which int64 cannot"):
            typed(output("int64"), np.array([wrong]))
    with pytest.raises(RecipeError, match="is float64, declared int64"):
        typed(output("int64"), np.array([2.0]), casting=False)
