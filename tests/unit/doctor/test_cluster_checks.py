"""What is judged of a cluster's jobs and nodes, from what they tell."""

import pytest

from workbench.doctor.compare import card_findings, node_findings
from workbench.doctor.jobs import status_findings

HERE = {
    "python": "3.12.4",
    "executable": "/opt/wb/bin/python",
    "packages": {"dask": "2026.8.0", "numpy": "2.4.6"},
    "code": {"science-workbench": "aa", "mylab": "bb"},
    "broken": {},
}
REPORT = {
    "host": "n1",
    "name": "wb-c-1-0",
    "address": "tls://10.2.0.9:4000",
    "scheduler": "tls://10.2.0.5:3000",
    "interface": "ib0",
    "software": HERE,
    "folders": [{"path": "/u/wb/.doctor-x", "wrote": "n1.7", "read": True, "error": ""}],
    "scratch": {"path": "/local/x", "free_bytes": 10**12, "type": "xfs"},
    "limits": {
        "open_files": 65536,
        "memory_limit_bytes": 2**31,
        "memory_free_bytes": 2**33,
        "cpus": 4,
    },
    "unreached": [],
}
FOLDER = REPORT["folders"][0]


def node(seen=True, skew_s=0.0, **changed):
    report = {**REPORT, **changed}
    found = node_findings(HERE, report, seen={FOLDER["path"]: seen}, skew_s=skew_s)
    return [one for one in found if one.state != "good"]


def test_a_node_that_is_as_it_should_be():
    assert node() == []


@pytest.mark.parametrize(
    ("changed", "check", "state", "word"),
    [
        ({"software": {**HERE, "python": "3.11.2"}}, "python", "bad", "3.12.4 here"),
        ({"software": {**HERE, "python": "3.12.1"}}, "python", "warning", "3.12.4 here"),
        (
            {"software": {**HERE, "packages": {"dask": "2026.7.0"}}},
            "packages",
            "bad",
            "dask 2026.7.0 (here 2026.8.0); numpy missing (here 2.4.6)",
        ),
        (
            {"software": {**HERE, "code": {"science-workbench": "aa", "mylab": "cc"}}},
            "packs",
            "bad",
            "mylab",
        ),
        ({"folders": [{**FOLDER, "error": "No such file"}]}, "shared folder", "bad", "/u/wb: No"),
        ({"folders": [{**FOLDER, "read": False}]}, "shared folder", "bad", "something else"),
        ({"seen": False}, "shared folder", "bad", "has not been seen on this side"),
        ({"skew_s": 90.0}, "clock", "bad", "90 s apart"),
        ({"unreached": ["tls://10.2.0.10:4000 (timed out)"]}, "network", "bad", "10.2.0.10"),
        ({"scratch": {**REPORT["scratch"], "type": "tmpfs"}}, "scratch", "warning", "memory"),
        ({"scratch": {**REPORT["scratch"], "free_bytes": 1}}, "scratch", "warning", "0.0 GB"),
        ({"limits": {**REPORT["limits"], "open_files": 256}}, "limits", "warning", "256 open"),
        (
            {"limits": {**REPORT["limits"], "memory_limit_bytes": 2e8}},
            "limits",
            "warning",
            "0.2 GB",
        ),
    ],
)
def test_what_is_wrong_with_a_node_is_told_with_its_fix(changed, check, state, word):
    (finding,) = node(**changed)
    assert (finding.check, finding.state) == (check, state)
    assert word in finding.said
    assert finding.fix


CARD = {
    "vendor": "hygon",
    "model": "K100",
    "index": 3,
    "uuid": None,
    "tool": "hy-smi shows 8 cards",
    "listed": True,
    "computed": {"words": "torch 2.4 on cuda:0", "on_card": True, "right": True},
}


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({}, "good"),
        ({"listed": False}, "bad"),
        ({"listed": None}, "good"),
        ({"computed": {**CARD["computed"], "on_card": False}}, "warning"),
        ({"computed": {**CARD["computed"], "right": False}}, "bad"),
        ({"computed": {"error": "exit 1: no driver"}}, "bad"),
        ({"computed": {"slow_s": 120.0}}, "unknown"),
        ({"computed": None}, "bad"),
    ],
)
def test_the_card_of_a_worker(changed, state):
    (finding,) = card_findings([{**CARD, **changed}])
    assert finding.state == state
    assert "hygon K100 3 (hy-smi shows 8 cards)" in finding.said


def test_cards_that_are_alike_are_told_together():
    others = [{**CARD, "index": 0}, {**CARD, "index": 1, "computed": {"error": "exit 1"}}]
    alike, other = card_findings([CARD, *others])
    assert (alike.state, other.state) == ("good", "bad")
    assert "K100 0, 3 (" in alike.said


def job(state, **more):
    usual = dict.fromkeys(("reason", "plain", "start", "exit", "log_tail"))
    return {"name": "wb-c-1", "job_id": "7", "state": state, **usual, **more}


def cluster(*jobs, state="running", connected=0, **more):
    status = {
        "name": "c",
        "state": state,
        "reason": "",
        "problem": "",
        "warnings": [],
        "own_job": None,
        "pid": 4711,
        "workers": {"asked": 1, "min": 1, "max": 1, "connected": connected},
        "jobs": list(jobs),
        **more,
    }
    return [(one.check, one.state, one.said, one.fix) for one in status_findings(status)]


def test_a_cluster_without_a_worker_says_what_its_jobs_say():
    waits = job(
        "pending", reason="Resources", plain="It waits for cards.", start="2026-11-26T12:00Z"
    )
    (_, state, said, _), (_, waiting, why, fix) = cluster(waits)
    assert (state, waiting) == ("warning", "warning")
    assert "0 of 1 workers" in said
    assert "It waits for cards. Its start is expected at 2026-11-26T12:00Z" in why
    assert "pool show" in fix


@pytest.mark.parametrize(
    ("log", "fix"),
    [
        ("ModuleNotFoundError: No module named 'workbench'", "'python' in the site file"),
        ("the interface 'ib7', but n1 has no such interface with", "'interface'"),
        ("bash: /nope/python: No such file or directory", "'python' in the site"),
        ("Asked for 2 cards, but this job may use 1: x", "'request' of that card"),
        ("it began", "workbench cluster logs c --job 7"),
    ],
)
def test_a_job_that_failed_is_told_with_its_log_and_what_to_do(log, fix):
    found = cluster(job("failed", exit=1, plain="It ended by itself.", log_tail=f"first\n{log}\n"))
    check, state, said, told = found[1]
    assert (check, state) == ("job", "bad")
    assert f"7 is failed (exit 1): It ended by itself. Its log ends: first | {log}" in said
    assert fix in told


def test_earlier_failures_count_less_where_others_are_connected():
    found = cluster(job("failed"), job("connected", job_id="8"), connected=1)
    assert [(check, state) for check, state, *_ in found] == [
        ("cluster", "good"), ("job", "good"), ("job", "warning")
    ]  # fmt: skip


def test_a_cluster_that_does_not_run_cannot_be_looked_at():
    (_, state, said, fix), *_ = cluster(state="stopped", reason="on request")
    assert (state, "on request" in said, "cluster start c" in fix) == ("bad", True, True)


def test_a_cluster_whose_own_process_waits_in_the_queue_says_so():
    ((_, state, said, _),) = cluster(
        state="starting", pid=0, own_job={"name": "wb-c", "job_id": "9"}
    )
    assert (state, "its own process is job 9" in said) == ("warning", True)
