from workbench.clusters.process.settings import LOCAL_SHRINK_AFTER_S
from workbench.clusters.process.size import Size


def test_grows_at_once_and_within_bounds():
    size = Size(1, 4, LOCAL_SHRINK_AFTER_S)
    assert [size.follow(work, 0.0) for work in (0, 2, 3, 100)] == [1, 2, 3, 4]


def test_shrinks_after_a_minute_in_which_fewer_would_do():
    size = Size(1, 4, LOCAL_SHRINK_AFTER_S)
    size.follow(4, 0.0)
    assert [size.follow(2, t) for t in (10.0, 69.9, 70.0)] == [4, 4, 2]


def test_work_that_comes_back_starts_the_minute_again():
    size = Size(0, 4, LOCAL_SHRINK_AFTER_S)
    size.follow(3, 0.0)
    assert [size.follow(0, 10.0), size.follow(3, 60.0)] == [3, 3]
    assert [size.follow(0, t) for t in (65.0, 120.0, 125.0)] == [3, 3, 0]


def test_new_bounds_hold_at_once():
    size = Size(2, 2, LOCAL_SHRINK_AFTER_S)
    assert size.follow(9, 0.0) == 2
    size.bound(5, 5)
    assert size.follow(0, 1.0) == 5
    size.bound(1, 3)
    assert size.follow(0, 2.0) == 3
