import json
from dataclasses import asdict
from pathlib import Path

import pytest

from workbench.clusters.handle import script_of
from workbench.clusters.login import listed, on_login_node
from workbench.clusters.process.submit import request_of
from workbench.clusters.small_job import WEEK_S, request, submit, way
from workbench.clusters.spec import ClusterSpec
from workbench.errors import Refused, WorkbenchError
from workbench.pool.site import Batch, Site
from workbench.pool.snapshot import Snapshot, Told

PARTITIONS = """\
PartitionName=gpu Default=NO DefaultTime=NONE MaxNodes=UNLIMITED MaxTime=04:00:00 State=UP
PartitionName=cpu Default=YES DefaultTime=NONE MaxNodes=UNLIMITED MaxTime=1-00:00:00 State=UP
PartitionName=free Default=NO DefaultTime=NONE MaxNodes=UNLIMITED MaxTime=UNLIMITED State=UP
PartitionName=closed Default=NO DefaultTime=NONE MaxNodes=UNLIMITED MaxTime=UNLIMITED State=DOWN
"""


@pytest.mark.parametrize(
    ("in_job", "kills", "here", "found"),
    [
        (False, False, False, "detached"),
        (False, False, True, "detached"),
        (True, False, False, "job"),
        (False, True, False, "job"),
        (True, True, True, "detached"),
        (True, False, True, "detached"),
    ],
)
def test_what_would_die_with_its_caller_gets_a_job(in_job, kills, here, found):
    assert way(in_job=in_job, kills_at_logout=kills, here=here) == found


def asked(text=PARTITIONS, *, share=1.0, **batch):
    snapshot = Snapshot(1, {"slurm": {"limits": Told(0.0, text)}}, asked=0.0)
    site = Site(batch=Batch(**batch), account="lab")
    words = {"name": "workbench-driver-1", "command": ("python", "-m", "x y")}
    return request(site, snapshot, **words, log=Path("/r/log"), share=share)


def test_a_small_job_goes_to_the_default_partition_for_as_long_as_that_allows():
    scheduler, found = asked()
    assert scheduler == "slurm"
    assert (found.partition, found.time_limit_s, found.cpus) == ("cpu", 86400, 1)
    assert (found.memory_bytes, found.account) == (2 * 2**30, "lab")


def test_the_site_file_says_where_how_long_and_how_large():
    _, found = asked(partition="gpu", time_limit_s=3600, memory_bytes=10**9, share=0.9)
    assert (found.partition, found.time_limit_s, found.memory_bytes) == ("gpu", 3240, 10**9)


def test_without_any_limit_it_lasts_a_week():
    assert asked(partition="free")[1].time_limit_s == WEEK_S


@pytest.mark.parametrize("named", ["nope", "closed"])
def test_a_partition_that_takes_no_jobs_is_refused(named):
    with pytest.raises(Refused, match=rf"partition '{named}' .*There are: gpu, cpu, free\."):
        asked(partition=named)


def test_without_a_scheduler_there_is_no_job():
    with pytest.raises(Refused, match="sees no scheduler"):
        asked(text="")


def test_a_request_reaches_the_process_that_submits_it_as_it_was():
    _, found = asked()
    assert request_of(json.loads(json.dumps(asdict(found), default=str))) == found


@pytest.mark.parametrize(
    ("host", "found"),
    [("gpu1", True), ("gpu1.site.org", True), ("GPU1", True), ("gpu11", False), ("head", False)],
)
def test_a_host_is_a_node_with_or_without_its_domain(host, found):
    assert listed(host, ["gpu1", "gpu2.site.org"]) is found


def test_the_site_file_says_whether_this_is_a_login_node(tmp_path, monkeypatch):
    file = tmp_path / "site.toml"
    monkeypatch.setenv("WORKBENCH_SITE", str(file))
    monkeypatch.delenv("WORKBENCH_LOGIN_NODE", raising=False)
    for said in (True, False):
        file.write_text(f"login_node = {str(said).lower()}")
        assert on_login_node() is said
        monkeypatch.setenv("WORKBENCH_LOGIN_NODE", str(int(not said)))
        assert on_login_node() is not said
        monkeypatch.delenv("WORKBENCH_LOGIN_NODE")


def test_a_host_without_a_scheduler_is_told_where_to_call():
    said = r"Call this where sbatch .* works, or name \[batch\] partition"
    with pytest.raises(Refused, match=said):
        asked("")


def test_what_breaks_on_the_way_to_a_job_is_one_line_and_says_what_checks_it(tmp_path):
    _, job = asked()
    with pytest.raises(Refused) as refused:
        submit("no-such-scheduler", job, tmp_path / "job.sh")
    assert "Traceback" not in refused.value.message
    assert "no-such-scheduler" in refused.value.message
    assert refused.value.message.endswith("workbench doctor checks the installation.")


def test_a_script_that_cannot_be_made_is_told_the_same_way(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path))
    with pytest.raises(WorkbenchError) as error:
        script_of(ClusterSpec(name="fold", partition="nowhere"))
    assert "Traceback" not in error.value.message
    assert error.value.message.endswith("workbench doctor checks the installation.")
