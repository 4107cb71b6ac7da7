import math

import pytest

from workbench.driver.batches import Batch
from workbench.driver.lane import ALONE_S, SETTLE_S, Lane
from workbench.driver.share import Standing, last_s, wanted_workers, window, worth_it


def cluster(pace: float, *ends: float) -> Standing:
    return Standing(s_per_cost=pace, ends_s=tuple(sorted(ends)))


FAST, SLOW = cluster(1.0, 0.0, 0.0), cluster(10.0, 0.0)


@pytest.mark.parametrize(
    ("clusters", "tasks", "last"),
    [
        ([FAST], 1, 1.0),
        ([FAST], 3, 2.0),
        ([SLOW], 3, 30.0),
        ([FAST, SLOW], 20, 10.0),
        ([FAST, SLOW], 21, 10.0),
        ([cluster(1.0, 5.0, 9.0)], 2, 7.0),
    ],
)
def test_the_last_task_is_done_when_everybody_took_what_he_finishes_first(clusters, tasks, last):
    assert last_s(clusters, tasks, float(tasks)) == pytest.approx(last)


def test_very_many_tasks_are_shared_out_without_counting_them():
    assert last_s([FAST, SLOW], 10**6, 1e6) == pytest.approx(1e6 / 2.1)


@pytest.mark.parametrize(
    ("waiting", "worth"),
    [(100, True), (20, True), (19, True), (18, False), (3, False), (1, False)],
)
def test_a_slow_cluster_gets_no_task_that_the_others_finish_earlier(waiting, worth):
    found = worth_it(SLOW, [FAST], task=1.0, tasks=waiting, cost=float(waiting))
    assert found is worth


def test_a_cluster_without_company_gets_every_task():
    assert worth_it(SLOW, [], task=1.0, tasks=1, cost=1.0)


def test_a_slow_cluster_gets_the_last_task_where_the_fast_one_is_busy_for_longer():
    assert worth_it(SLOW, [cluster(1.0, 9.5)], task=1.0, tasks=1, cost=1.0)
    assert not worth_it(SLOW, [cluster(1.0, 8.5)], task=1.0, tasks=1, cost=1.0)


def test_what_a_cluster_has_in_hand_counts():
    busy = cluster(1.0, 3.0, 3.0)
    assert not worth_it(busy, [cluster(1.0, 0.0)], task=1.0, tasks=2, cost=2.0)
    assert worth_it(busy, [cluster(1.0, 0.0)], task=1.0, tasks=4, cost=4.0)


def test_clusters_grow_by_their_share_of_the_rest():
    assert wanted_workers([FAST], 100.0, within_s=10.0) == [10]
    both = wanted_workers([FAST, SLOW], 210.0, within_s=10.0)
    assert both == [20, 10]
    assert wanted_workers([FAST, SLOW], 0.0, within_s=10.0) == [1, 1]


@pytest.mark.parametrize(
    ("workers", "batch_s", "expected"), [(4, 0.0, 8), (4, 2.0, 8), (4, 4.0, 6), (10, 60.0, 11)]
)
def test_the_window_holds_two_seconds_of_work_beside_what_is_computed(workers, batch_s, expected):
    assert window(workers, batch_s) == expected


def batch(name: str, cost: float = 1.0) -> Batch:
    return Batch(name=name, tasks=[(0, 1)], attempt=1, last=False, cost=cost)


def known(pace: float) -> Lane:
    lane = Lane()
    lane.learn(1.0, done=1, failed=0, wall_s=pace)
    return lane


def test_a_lane_knows_when_its_workers_will_be_free():
    lane = known(2.0)
    for name in "abc":
        lane.take(batch(name), workers=2, clock=100.0)
    assert lane.standing(2, 101.0, guess=9.0).ends_s == pytest.approx((1.0, 3.0))
    lane.give_back("a", 2, clock=102.0)
    # The third began when the first was answered; the second takes longer than it should.
    assert lane.standing(2, 102.5, guess=9.0).ends_s == pytest.approx((0.5, 1.5))
    assert lane.standing(3, 102.5, guess=9.0).ends_s[0] == 0.0


def test_what_hangs_is_taken_to_hang_for_longer_and_longer():
    lane = known(2.0)
    lane.take(batch("a"), workers=1, clock=0.0)
    seen = [lane.standing(1, clock, guess=9.0).ends_s[0] for clock in (2.0, 12.0, 102.0)]
    assert seen == pytest.approx([0.0, 10.0, 100.0])


def test_a_cluster_of_unknown_speed_is_taken_for_the_slowest_and_has_to_settle():
    standing = Lane().standing(2, 0.0, guess=3.0)
    assert standing == Standing(s_per_cost=3.0, ends_s=(SETTLE_S, SETTLE_S))


def test_the_quick_estimate_is_never_too_low():
    lane = known(2.0)
    for number in range(7):
        lane.take(batch(str(number), cost=1.0 + number), workers=3, clock=0.0)
    exact = lane.standing(3, 0.0, guess=1.0).finish_s(2.0)
    assert lane.at_most_s(2.0, 3, guess=1.0) >= exact
    for number in range(7):
        lane.give_back(str(number), 3, clock=1.0)
    assert lane.at_most_s(2.0, 3, guess=1.0) == pytest.approx(4.0)


def test_the_first_batch_goes_alone_for_five_seconds_at_most():
    lane = Lane()
    assert not lane.waits(0.0, [])
    assert lane.alone([])
    lane.take(batch("a"), workers=4, clock=10.0)
    assert lane.waits(10.0 + ALONE_S - 0.1, [])
    assert not lane.waits(10.0 + ALONE_S, [])
    lane.give_back("a", 4, clock=11.0)
    lane.learn(1.0, done=1, failed=0, wall_s=1.0)
    lane.take(batch("b"), workers=4, clock=11.0)
    assert not lane.waits(11.0, [known(1.0)])
    assert not lane.alone([known(1.0)])


def failing() -> Lane:
    lane = Lane()
    lane.take(batch("a"), workers=4, clock=0.0)
    lane.give_back("a", 4, clock=1.0)
    lane.learn(1.0, done=0, failed=1, wall_s=1.0)
    return lane


def test_where_the_first_failed_one_task_at_a_time_goes_out_if_others_can_compute():
    lane, others = failing(), [Lane(), known(1.0)]
    assert not lane.waits(1.0, others)
    assert lane.alone(others)
    lane.take(batch("b"), workers=4, clock=1.0)
    assert lane.waits(math.inf, others)


def test_where_everybodys_first_failed_the_work_goes_on():
    lane, others = failing(), [failing()]
    lane.take(batch("b"), workers=4, clock=1.0)
    assert not lane.waits(1.0, others)
    assert not lane.alone(others)


def test_where_the_first_failed_others_are_awaited_for_five_seconds():
    lane, other = failing(), Lane()
    other.take(batch("a"), workers=4, clock=0.0)
    assert lane.waits(ALONE_S - 0.1, [other])
    assert not lane.waits(ALONE_S, [other])


def test_a_cluster_whose_first_task_takes_long_is_taken_to_be_that_slow():
    lane = Lane()
    lane.take(batch("a", cost=2.0), workers=4, clock=0.0)
    standing = lane.standing(4, 10.0, guess=1.0)
    assert standing.s_per_cost == pytest.approx(10.0)
    assert max(standing.ends_s) == pytest.approx(10.0)
