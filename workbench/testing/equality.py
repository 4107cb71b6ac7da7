"""The same values, bit for bit, whatever computes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench import registry
from workbench.runs.handle import Run
from workbench.testing.arrays import differences
from workbench.testing.home import Home
from workbench.testing.suite import Suite

LONG_S = 3600.0


class EqualityTests(Suite):
    """Worker counts, order and batch sizes change no bit of data or coordinates."""

    @pytest.fixture(scope="class")
    @classmethod
    def unbroken(cls, home: Home) -> Path:
        """Give the folder of a run with one worker."""
        return home.run("one")

    def test_three_workers_give_equal_arrays(self, home: Home, unbroken: Path) -> None:
        """What a kernel keeps in its process between two tasks must not be seen in a value."""
        same(unbroken, home.run("three", WORKBENCH_BATCH_S="0"))

    def test_another_order_gives_equal_arrays(self, unbroken: Path, kept: Path) -> None:
        """Tasks alone, answered in a random order."""
        same(unbroken, kept)

    def test_larger_batches_give_equal_arrays(self, home: Home, unbroken: Path) -> None:
        """Batches as large as they can be, in another random order."""
        same(unbroken, home.shuffled(seed=2, batch_s=LONG_S))


def same(one: Path, other: Path) -> None:
    """Compare the task keys and the results of two runs.

    Raises
    ------
    AssertionError
        With the stage whose keys differ, or the first values that do, by name.
    """
    __tracebackhide__ = True
    _same_keys(one, other)
    with Run(one).open() as first, Run(other).open() as second:
        found = differences(first, second)
    assert not found, (
        "the values depend on how the run was computed (global randomness? something kept from "
        f"one task to the next?): {'; '.join(found)}"
    )


def alike(one: Path, other: Path) -> None:
    """Compare two runs of different device classes, say a card's with one on CPUs.

    The task keys have to be equal, and every value as near as its ``Output.tolerance`` says.

    Raises
    ------
    AssertionError
        With the stage whose keys differ, or the first values that do by more, by name.
    """
    __tracebackhide__ = True
    _same_keys(one, other)
    recipe = registry.resolve(Run(one).manifest.recipe)
    declared = [output for stage in recipe.stages for output in stage.outputs]
    declared += [column for output in declared for column in output.columns]
    tolerances = {output.name: output.tolerance for output in declared}
    with Run(one).open() as first, Run(other).open() as second:
        found = differences(first, second, tolerances)
    assert not found, f"the devices differ by more than Output.tolerance: {'; '.join(found)}"


def _same_keys(one: Path, other: Path) -> None:
    __tracebackhide__ = True
    keys = [
        {s["name"]: s["keys_sha256"] for s in Run(f).describe()["stages"]} for f in (one, other)
    ]
    assert keys[0] == keys[1], f"equal runs have different task keys: {keys[0]}, {keys[1]}"
