"""One bad item among 1,000: named, tried once more alone, quarantined; the rest is complete."""

import numpy as np
import pytest

from tests.faults.kit import bits, kill, same, until
from workbench.runs.handle import Run

N = 1000
BAD = 617
# It takes seconds; Dask alone needs more than a minute before it gives such a task up.
WITHIN_S = 45
FAULTS = {
    "raise": ("raised", "this item is bad"),
    "nan": ("nan", "NaN"),
    "shape": ("shape", "has shape (8,)"),
    "exit": ("died", "ended while it computed this item, 2 times"),
    "memory-at-once": ("memory", "more memory than there is"),
    "memory-slowly": ("memory", "more memory than there is"),
    "memory-shared": ("died", "ended while it computed this item, 2 times"),
}


@pytest.fixture(scope="module")
def good(shared):
    """The result of a run in which nothing is bad."""
    run = shared.start("faults.steps", n=N)
    assert run.wait() == "completed", run.log()
    return Run(run.folder).open().load()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_item_is_named_and_the_rest_is_complete(shared, good, fault):
    code, word = FAULTS[fault]
    mended = shared.root / f"mended-{fault}"
    run = shared.start("faults.steps", n=N, bad=f"{BAD}:{fault}", mended=mended)
    assert run.wait(within_s=WITHIN_S) == "completed_with_failures", run.log()
    assert run.describe()["items"] == {"total": N, "done": N - 1, "failed": 1, "not_run": 0}
    [failure] = Run(run.folder).failures()
    assert (failure["stage"], failure["items"], failure["code"]) == ("main", [BAD], code)
    assert word in failure["message"]
    # Its worker's name, as other records tell it, also where the driver wrote the record.
    assert failure["worker"] in {line["worker"] for line in run.receipts() if not line["failed"]}
    calls = run.calls()
    assert calls.pop(("main", BAD)) == 2
    # Who takes its process along also takes the rest of what that had in hand, twice.
    again = [task for task, count in calls.items() if count > 1]
    assert max(calls.values()) <= (3 if code == "died" else 1)
    largest = max(sum(b - a for a, b in line["tasks"]) for line in run.receipts())
    assert len(again) <= 2 * shared.workers * largest
    found = Run(run.folder).open().load()
    others = np.arange(N) != BAD
    assert found["main_status"].values.tolist() == np.where(others, 1, 2).tolist()
    for name in ("square", "waves"):
        assert np.isnan(found[name].values[BAD]).all()
        assert np.array_equal(found[name].values[others], good[name].values[others])

    mended.touch()
    assert shared.call("run", "retry", run.id, "--wait").returncode == 0, run.log()
    again = run.calls()
    assert again.pop(("main", BAD)) == 3
    assert again == calls
    same(run.result(), {name: bits(good[name].values) for name in good.variables})


def test_a_retry_of_what_is_still_bad_fails_again_and_loses_nothing(shared):
    run = shared.start("faults.steps", n=N, bad="3:raise 999:nan")
    assert shared.call("run", "wait", run.id).returncode == 5
    said = shared.call("run", "show", run.id).stdout
    assert "failed: main of 3: ValueError: this item is bad" in said
    assert "failed: main of 999: the kernel returned NaN" in said
    assert f"workbench run retry {run.id}" in said
    before = run.result()
    assert shared.call("run", "retry", run.id, "--wait").returncode == 5
    calls = run.calls()
    assert (calls.pop(("main", 3)), calls.pop(("main", 999))) == (4, 4)
    assert set(calls.values()) == {1}
    same(run.result(), before)


def test_of_a_task_of_many_items_nan_fails_one_and_an_error_all(shared):
    run = shared.start("faults.steps", n=100, size=10, bad="14:nan 57:raise")
    assert run.wait() == "completed_with_failures", run.log()
    failed = {tuple(entry["items"]) for entry in Run(run.folder).failures()}
    assert failed == {(14,), tuple(range(50, 60))}
    assert run.describe()["items"]["failed"] == 11


def test_all_items_bad_is_a_failed_run_with_the_reason(shared):
    bad = " ".join(f"{item}:raise" for item in range(5))
    run = shared.start("faults.steps", n=5, bad=bad)
    assert run.wait() == "failed"
    assert "this item is bad" in run.describe()["error"]["message"]
    assert shared.call("run", "wait", run.id).returncode == 1


def test_a_retry_whose_driver_is_killed_computes_the_failed_items_and_no_other(shared):
    bad = " ".join(f"{item}:raise" for item in range(0, 80, 2))
    mended = shared.root / "mended-retry"
    run = shared.start("faults.steps", n=80, seconds=0.05, bad=bad, mended=mended)
    assert run.wait() == "completed_with_failures", run.log()
    first = run.calls()
    mended.touch()
    assert shared.call("run", "retry", run.id).returncode == 0
    until(lambda: len(run.calls()) and run.calls().total() > first.total() + 5, 30, "a retry")
    finished = {
        ("main", task)
        for line in run.receipts()
        if line["epoch"] == 2
        for start, stop in line["tasks"]
        for task in range(start, stop)
    }
    kill(run.driver(), "pid")
    assert run.wait() == "completed", run.log()
    again = run.calls() - first
    assert {task for _, task in again} == set(range(0, 80, 2))
    assert {again[task] for task in finished} <= {1}
    assert run.describe()["items"] == {"total": 80, "done": 80, "failed": 0, "not_run": 0}
