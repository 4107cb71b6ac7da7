import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from workbench.clusters.jobs import (
    GONE,
    MOST_ENDED,
    Ledger,
    job_name,
    living_jobs,
    owner_of,
)
from workbench.home import place_hash


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "dcu"
    made.mkdir()
    return made


def test_a_job_stands_on_disk_before_it_is_submitted(folder):
    jobs = Ledger(folder).intend(2, workers=1, time_limit_s=60)
    assert [job.name for job in jobs] == [job_name(folder, 1), job_name(folder, 2)]
    assert living_jobs(folder) == [job.name for job in jobs]


def test_a_successor_knows_what_its_predecessor_knew(folder):
    first = Ledger(folder)
    a, b, c = first.intend(3, workers=2, time_limit_s=60)
    first.accepted(a, "4711", 5.0)
    first.cancel(b, "fewer workers are needed")
    first.ended(c, GONE, reason="TIMEOUT", plain="", exit=None, explained=True)

    second = Ledger(folder)
    assert {job.name: (job.job_id, job.accepted, job.cancelled) for job in second} == {
        a.name: ("4711", 5.0, ""),
        b.name: (None, None, "fewer workers are needed"),
    }
    assert [job.workers for job in second] == [2, 2]
    (new,) = second.intend(1, workers=1, time_limit_s=60)
    assert new.name == job_name(folder, 4), "a number is never used twice"
    assert living_jobs(folder) == [a.name, b.name, new.name]


def test_numbers_rise_also_when_every_job_has_ended(folder):
    first = Ledger(folder)
    (job,) = first.intend(1, workers=1, time_limit_s=60)
    first.ended(job, GONE, reason="", plain="", exit=None, explained=True)
    for _ in range(3):
        ledger = Ledger(folder)
    assert ledger.intend(1, workers=1, time_limit_s=60)[0].number == 2


def test_a_line_that_was_cut_by_a_kill_is_no_line(folder):
    first = Ledger(folder)
    (job,) = first.intend(1, workers=1, time_limit_s=60)
    with (folder / "jobs.jsonl").open("a") as file:
        file.write('{"v":1,"event":"accepted","job":"' + job.name)
    assert [found.job_id for found in Ledger(folder)] == [None]


def test_only_names_of_this_folder_are_ours(folder, tmp_path):
    assert owner_of(job_name(folder, 7)) == ("dcu", place_hash(folder))
    other = tmp_path / "elsewhere" / "dcu"
    assert owner_of(job_name(other, 7)) != owner_of(job_name(folder, 7))
    for name in ("bash", "wb-dcu-1", "wb--12345678-1", "xwb-dcu-12345678-1", "wb-dcu-1234567g-1"):
        assert owner_of(name) is None


def test_the_list_keeps_the_living_and_the_latest_that_ended(folder):
    ledger = Ledger(folder)
    for job in ledger.intend(MOST_ENDED + 10, workers=1, time_limit_s=60)[:-1]:
        ledger.ended(job, GONE, reason="", plain="", exit=0, explained=True)
    shown = ledger.show()
    assert [entry["state"] for entry in shown] == ["gone"] * MOST_ENDED + ["submitted"]
    assert shown[-2]["name"] == job_name(folder, MOST_ENDED + 9)


def test_who_reads_the_list_is_not_disturbed_by_a_note(folder):
    ledger = Ledger(folder)
    first, second = ledger.intend(2, workers=1, time_limit_s=60)
    reading = iter(ledger)
    assert next(reading) is first
    ledger.intend(1, workers=1, time_limit_s=60)
    assert list(reading) == [second]


def test_notes_of_several_threads_are_taken_one_after_the_other(folder, monkeypatch):
    ledger = Ledger(folder)
    append, writing, most = ledger._journal.append, [], []

    def slow(lines):
        writing.append(lines)
        most.append(len(writing))
        time.sleep(0.01)
        append(lines)
        writing.pop()

    monkeypatch.setattr(ledger._journal, "append", slow)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: ledger.intend(1, workers=1, time_limit_s=60), range(8)))
    assert max(most) == 1
    assert living_jobs(folder) == [job_name(folder, number) for number in range(1, 9)]
