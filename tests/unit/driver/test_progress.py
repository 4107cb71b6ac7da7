from typing import Any

import numpy as np

from workbench.driver.progress import DONE, FAILED, NOT_RUN, SKIPPED, Progress
from workbench.recipe import Plan, tile


def receipt(tasks: list[list[int]], failed: Any = (), part: str | None = "p") -> dict[str, Any]:
    entries = [
        {"task": t, "items": items, "code": "raised", "message": "", "attempts": n}
        for t, items, n in failed
    ]
    ref = None if part is None else {"file": part, "bytes": 1, "crc32c": "0"}
    return {"tasks": tasks, "failed": entries, "part": ref}


def progress_of(n: int, size: int = 1) -> Progress:
    return Progress(Plan(dim="x", coords={"x": np.arange(n)}, tasks=tile(n, size)))


def test_receipts_change_the_state_and_the_rest_is_left_to_do():
    progress = progress_of(10)
    progress.apply(receipt([[0, 3], [5, 6]]))
    progress.prepare(retry=False)
    assert list(progress.todo) == [(3, 5), (6, 10)]
    assert progress.count() == {"tasks": 10, "tasks_done": 4, "tasks_failed": 0}


def test_a_failure_is_tried_again_once_also_by_the_next_driver():
    progress = progress_of(4)
    progress.apply(receipt([[0, 4]], failed=[(1, [1], 1), (2, [2], 2)]))
    progress.prepare(retry=False)
    assert list(progress.again) == [1]
    assert not progress.todo


def test_done_beats_failed_and_the_later_failure_counts():
    progress = progress_of(4)
    progress.apply(receipt([[0, 4]], failed=[(1, [1], 1), (2, [2], 1)]))
    progress.apply(receipt([[1, 2]], part="q"))
    progress.apply(receipt([[2, 3]], failed=[(2, [2], 2)], part=None))
    assert progress.state.tolist() == [DONE, DONE, FAILED, DONE]
    assert progress.failures[2]["attempts"] == 2


def test_a_part_no_longer_speaks_for_what_was_computed_again():
    progress = progress_of(4)
    progress.apply(receipt([[0, 4]], failed=[(1, [1], 2)], part="old"))
    progress.apply(receipt([[1, 2]], part="new"))
    assert progress.parts["old"]["tasks"] == [(0, 1), (2, 4)]
    assert progress.parts["new"]["tasks"] == [(1, 2)]


def test_retry_takes_just_what_failed():
    progress = progress_of(6)
    progress.apply(receipt([[0, 6]], failed=[(1, [1], 2), (4, [4], 2)]))
    progress.prepare(retry=True)
    assert list(progress.todo) == [(1, 2), (4, 5)]


def test_retry_takes_the_chosen_items_and_what_failed_with_them():
    progress = progress_of(6)
    progress.apply(receipt([[0, 6]], failed=[(1, [1], 2), (4, [4], 2)]))
    progress.prepare(retry=[4, 5])
    assert list(progress.todo) == [(4, 5)]
    assert not progress.again


def test_a_fold_takes_the_place_of_its_sources():
    progress = progress_of(4)
    progress.apply(receipt([[0, 2]], part="a"))
    progress.apply(receipt([[2, 4]], part="b"))
    ref = {"file": "c", "bytes": 2, "crc32c": "0"}
    progress.compacted({"sources": ["a", "b"], "part": ref, "tasks": [[0, 4]]})
    assert list(progress.parts) == ["c"]


def test_items_of_a_failed_owner_are_skipped_and_not_run():
    owners = np.array([0, 0, 1, 1, 2, 2])
    plan = Plan(
        dim="s",
        owner="o",
        coords={"o": [1, 2, 3], "s_o": ("s", owners)},
        tasks=tile(6, 1),
    )
    progress = Progress(plan)
    progress.skip(np.array([False, True, False]))
    progress.prepare(retry=False)
    assert progress.state[2] == SKIPPED
    assert list(progress.todo) == [(0, 2), (4, 6)]
    assert progress.item_status().tolist() == [NOT_RUN] * 6


def test_item_status_names_single_items_of_a_task():
    progress = progress_of(6, size=3)
    progress.apply(receipt([[0, 2]], failed=[(1, [4], 2)]))
    assert progress.item_status().tolist() == [DONE, DONE, DONE, DONE, FAILED, DONE]


def test_a_lost_part_is_computed_again_unless_another_one_holds_it():
    progress = progress_of(6)
    progress.apply(receipt([[0, 4]], part="lost"))
    progress.apply(receipt([[2, 3]], part="kept"))
    assert progress.drop("lost") == 3
    progress.prepare(retry=False)
    assert list(progress.todo) == [(0, 2), (3, 6)]


def test_a_lost_file_has_its_task_computed_again():
    progress = progress_of(6, size=2)
    entry = {"output": "o", "item": 3, "file": "f", "bytes": 1, "crc32c": "0"}
    progress.apply({**receipt([[0, 3]]), "files": [entry]})
    progress.lose_file(("o", 3))
    progress.prepare(retry=False)
    assert list(progress.todo) == [(1, 2)]
