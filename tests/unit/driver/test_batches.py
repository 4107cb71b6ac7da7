import numpy as np
import pytest

from workbench.driver.batches import MAX_TASKS, Cutter, Pace
from workbench.driver.progress import Progress
from workbench.errors import ParameterError
from workbench.recipe import Plan, tile


def progress_of(n: int, **columns: object) -> Progress:
    plan = Plan(dim="x", coords={"x": np.arange(n)}, tasks=tile(n, 1, **columns))
    progress = Progress(plan)
    progress.prepare(retry=False)
    return progress


def drain(cutter: Cutter, s_per_task: float, workers: int = 2) -> list[int]:
    """Cut until nothing is left, as if every task took the same time; return the sizes."""
    sizes, seen = [], []
    pace = Pace()
    batch = cutter.first(pace)
    while batch is not None:
        n = sum(b - a for a, b in batch.tasks)
        seen += [t for a, b in batch.tasks for t in range(a, b)]
        sizes.append(n)
        pace.learn(cutter.cost(batch.tasks), n, s_per_task * n)
        batch = cutter.next(pace, cutter.waiting()[1] * s_per_task / workers)
    assert sorted(seen) == list(range(len(cutter.progress.state)))
    return sizes


def test_the_first_batch_is_one_task():
    assert drain(Cutter(progress_of(1000)), 0.001)[0] == 1


@pytest.mark.parametrize("s_per_task", [1e-6, 0.001, 0.1, 1.0, 30.0])
def test_batches_take_about_the_target_and_are_short_at_the_end(s_per_task):
    sizes = drain(Cutter(progress_of(3000)), s_per_task)
    assert max(sizes) <= max(1, 2.0 / s_per_task * 1.01, 16)
    assert sizes[-1] * s_per_task <= max(0.11, s_per_task)


@pytest.mark.parametrize(("workers", "longest_s"), [(1, 2.0), (100, 2.0), (3000, 60.0)])
def test_batches_are_longer_where_more_workers_report(workers, longest_s):
    cutter = Cutter(progress_of(100_000))
    cutter.serve(workers)
    sizes = drain(cutter, 0.01)
    assert max(sizes) * 0.01 == pytest.approx(longest_s, rel=0.01)


def test_a_length_that_is_set_holds_for_any_number_of_workers(monkeypatch):
    monkeypatch.setenv("WORKBENCH_BATCH_S", "3")
    cutter = Cutter(progress_of(100_000))
    cutter.serve(30_000)
    assert max(drain(cutter, 0.01)) == 300


def test_a_batch_grows_by_a_factor_of_sixteen_at_most():
    sizes = drain(Cutter(progress_of(100_000)), 1e-6)
    assert sizes[1] <= 16
    assert sizes[2] <= 16 * 16


def test_no_batch_is_larger_than_the_limit():
    cutter = Cutter(progress_of(3 * MAX_TASKS))
    assert max(drain(cutter, 1e-9)) <= MAX_TASKS


def test_costs_decide_how_many_tasks_go_together():
    costs = np.r_[np.full(500, 1.0), np.full(500, 10.0)]
    cutter = Cutter(progress_of(1000, cost=costs))
    pace = Pace()
    pace.learn(100.0, 100, 1.0)
    cheap = cutter.next(pace, 100.0)
    cutter.progress.todo.clear()
    cutter.progress.missed([(500, 1000)])
    dear = cutter.next(pace, 100.0)
    assert cheap is not None
    assert dear is not None
    count = [sum(b - a for a, b in batch.tasks) for batch in (cheap, dear)]
    assert count[0] == pytest.approx(10 * count[1], rel=0.3)


def test_what_failed_once_comes_last_and_for_good():
    progress = progress_of(4)
    cutter = Cutter(progress)
    progress.again.append(2)
    names = []
    pace = Pace()
    while (batch := cutter.next(pace, 40.0)) is not None:
        names.append((batch.tasks, batch.attempt, batch.last))
        pace.learn(1, 1, 10.0)
    assert names[-1] == ([(2, 3)], 2, True)


def test_batches_of_no_length_hold_one_task_each(monkeypatch):
    monkeypatch.setenv("WORKBENCH_BATCH_S", "0")
    assert set(drain(Cutter(progress_of(500)), 1e-6)) == {1}


def test_long_batches_hold_what_there_is(monkeypatch):
    monkeypatch.setenv("WORKBENCH_BATCH_S", "3600")
    cutter = Cutter(progress_of(500))
    assert cutter.budget_s() > 3600
    assert drain(cutter, 0.1, workers=1)[:3] == [1, 16, 161]


@pytest.mark.parametrize("given", ["soon", "-1", "nan", "inf", "2 s"])
def test_a_batch_length_that_is_no_number_of_seconds_is_refused(monkeypatch, given):
    monkeypatch.setenv("WORKBENCH_BATCH_S", given)
    with pytest.raises(ParameterError, match="WORKBENCH_BATCH_S is"):
        Cutter(progress_of(5))


def test_a_second_attempt_waits_for_who_may_make_it():
    progress = progress_of(6)
    progress.todo.clear()
    progress.again.extend([1, 3, 5])
    progress.alone.append(4)
    cutter, pace = Cutter(progress), Pace()
    assert cutter.next(pace, 1.0, eligible=lambda task: task in (3, 4)).tasks == [(3, 4)]
    assert cutter.next(pace, 1.0, eligible=lambda task: task == 4).tasks == [(4, 5)]
    assert cutter.next(pace, 1.0, eligible=lambda _: False) is None
    assert list(progress.again) == [1, 5]


def test_a_slow_first_batch_is_soon_forgotten():
    pace = Pace()
    pace.learn(1, 1, 5.0)
    for _ in range(5):
        pace.learn(1, 1, 0.1)
    assert pace.s_per_cost == pytest.approx(0.1, abs=0.06)


def test_what_waits_counts_second_attempts():
    progress = progress_of(10, cost=np.full(10, 2.0))
    cutter = Cutter(progress)
    progress.again.extend([1])
    progress.alone.append(2)
    progress.todo.popleft()
    progress.missed([(3, 10)])
    assert cutter.waiting() == (9, 18.0)
