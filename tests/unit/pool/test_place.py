"""What a cluster asks for that a partition, or the site, could never give."""

import os

import pytest

from workbench.clusters.cluster import Cluster
from workbench.clusters.folder import ClusterFolder, identity
from workbench.clusters.launch import first_status
from workbench.clusters.place import JobPartition, check_place
from workbench.clusters.spec import ClusterSpec
from workbench.errors import Refused


@pytest.fixture
def folder(home, programs):
    programs.slurm()
    home.mkdir()
    return home / "clusters" / "dcu"


def refused(folder, **asked):
    """The problems of a request, by what they are about."""
    with pytest.raises(Refused) as error:
        check_place(ClusterSpec(name="dcu", **asked), folder)
    assert error.value.code == "never_runs"
    return {problem.parameter: problem.message for problem in error.value.fields}


def test_everything_that_speaks_against_a_request_is_told_at_once(folder):
    asked = {"partition": "dcu", "accelerator": "dcu:k100", "minimum": 1, "maximum": 1000}
    problems = refused(folder, **asked, time_limit_s=1e9)
    assert set(problems) == {"workers", "time"}
    assert "in all" in problems["workers"]


def test_a_name_that_is_nearly_right_is_told(folder):
    assert "'dcu'" in refused(folder, partition="dcuu")["partition"]
    assert "dcu:k100" in refused(folder, partition="dcu", accelerator="dcu:k10")["accelerator"]


@pytest.mark.parametrize(("table", "most"), [("workers = 4", 4), ("jobs = 4", 4)])
def test_a_limit_of_the_site_holds(folder, home, table, most):
    (home / "site.toml").write_text(f"[limits]\n{table}\n")
    check_place(ClusterSpec(name="dcu", partition="dcu", minimum=0, maximum=most), folder)
    said = refused(folder, partition="dcu", minimum=0, maximum=most + 1)["workers"]
    assert str(home / "site.toml") in said


def test_jobs_of_whole_nodes_are_counted_as_jobs(folder, home):
    (home / "site.toml").write_text("[limits]\njobs = 1\n[partitions.dcu]\nwhole_node = true\n")
    asked = {"name": "dcu", "partition": "dcu", "accelerator": "dcu:k100"}
    per_job = JobPartition.of(ClusterSpec(**asked), folder).workers_per_job
    assert per_job > 1
    check_place(ClusterSpec(**asked, minimum=per_job, maximum=per_job), folder)
    with pytest.raises(Refused, match="need 2 jobs"):
        check_place(ClusterSpec(**asked, minimum=1, maximum=per_job + 1), folder)


def test_a_living_cluster_is_not_made_larger_than_it_could_ever_be(folder):
    spec = ClusterSpec(name="dcu", partition="dcu", accelerator="dcu:k100", minimum=1, maximum=1)
    files = ClusterFolder(folder)
    files.make()
    files.write_spec(spec)
    files.write_status(first_status(files, spec, 1, identity(os.getpid())))
    with pytest.raises(Refused, match="need 17 cards") as error:
        Cluster(files).scale(17)
    assert error.value.code == "never_runs"
    assert files.read_request("scale") is None
