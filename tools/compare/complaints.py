"""What users of the peers complain about, and the tests that show what became of it here."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Complaint(NamedTuple):
    """A complaint, where it stands, and the test that shows it solved, or why it is not."""

    where: str
    what: str
    test: str = ""
    why_not: str = ""


DASK_LABEXTENSION = (
    Complaint(
        "#189",
        "clusters end with the Jupyter server and are not found again",
        "tests/slurm/test_process_deaths.py::"
        "test_a_killed_cluster_finds_its_running_and_waiting_jobs_again",
    ),
    Complaint(
        "#204, #82",
        "clusters made in code or elsewhere never show in the list",
        "extensions/jupyterlab-workbench/tests/test_clusters.py::"
        "test_a_cluster_is_started_found_resized_and_stopped",
    ),
    Complaint(
        "#68, #78",
        "a cluster on Slurm fails, and the words are useless",
        "tests/slurm/test_refused.py::test_a_refusal_is_told_in_slurms_words_and_in_plain_ones",
    ),
    Complaint(
        "#91, #151",
        "cores and kind of card cannot be chosen but in a hidden file",
        "tests/slurm/test_cards.py::test_jobs_hold_the_cards_that_slurm_names",
    ),
    Complaint(
        "#41, #26, #147, #255",
        "dashboards stay grey behind a hub or on another host",
        "tests/slurm/test_safety.py::test_dashboards_answer_under_their_secret_alone",
    ),
    Complaint(
        "#152, #113",
        "addresses that are dead are kept in the layout and asked for each second",
        "tests/ui/test_first_visit.py::test_what_is_deleted_is_named_and_gone",
    ),
    Complaint(
        "#84",
        "a restart of the notebook's kernel loses what was injected",
        "extensions/jupyterlab-workbench/tests/test_clusters.py::test_the_code_connects",
    ),
    Complaint(
        "#128, #218",
        "sites hide the manager, as it does not fit their schedulers",
        "tests/slurm/test_first_day.py::test_the_page_works_as_it_stands",
    ),
)
NVDASHBOARD = (
    Complaint(
        "#47, #34, #61, #45",
        "cards of other nodes cannot be seen",
        "extensions/jupyterlab-workbench/tests/test_pool.py::test_cards_come_as_bytes_with_their_age",
    ),
    Complaint(
        "#184, #209",
        "slices of a card (MIG)",
        why_not="a slice counts as the scheduler names it; the load of one is not shown",
    ),
    Complaint(
        "#114, #28",
        "counters of NVLink and PCIe are taken for granted",
        why_not="no such counter is read, so none is missed and none is shown",
    ),
    Complaint(
        "#31, #69, #136",
        "nothing is shown, or it dies, on nodes without a card",
        "extensions/jupyterlab-workbench/tests/test_pool.py::test_this_computer_is_a_partition",
    ),
    Complaint(
        "by construction",
        "no card but NVIDIA's",
        "tests/slurm/test_sizes.py::test_a_run_over_different_cards_outlives_one_of_its_clusters",
    ),
    Complaint(
        "distributed#4117",
        "which job holds which card is not told",
        "tests/slurm/test_sizes.py::test_two_workers_never_share_a_card",
    ),
    Complaint(
        "distributed#8168, #4044",
        "load and memory of cards over time",
        why_not="the pool says who holds a card, not how busy it computes",
    ),
)


def missing() -> list[str]:
    """Return the tests that are named and not there."""
    named = [one.test for one in (*DASK_LABEXTENSION, *NVDASHBOARD) if one.test]
    return [name for name in named if not _is_there(name)]


def _is_there(name: str) -> bool:
    file, _, test = name.partition("::")
    path = ROOT / file
    return path.exists() and f"def {test}(" in path.read_text()
