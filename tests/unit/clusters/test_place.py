"""What a request means in a partition, on a pool that a captured Slurm shows."""

import os
from dataclasses import asdict, replace

import pytest

from workbench.clusters import place
from workbench.clusters.cluster import Cluster
from workbench.clusters.folder import ClusterFolder
from workbench.clusters.place import JobPartition
from workbench.clusters.spec import ClusterSpec
from workbench.clusters.status import first_status
from workbench.errors import Refused
from workbench.pool.count import partitions_of
from workbench.pool.estimate import usual_request
from workbench.pool.partition import Accelerator, CardTotals, Partition
from workbench.pool.seen import Limits, Node
from workbench.pool.site import read_site
from workbench.pool.snapshot import Shown
from workbench.process import identity

K100 = Accelerator("dcu:k100", "hygon", "K100", None, per_node=8, cards=CardTotals(total=16))
DCU = Partition("dcu", "slurm", time_limit_s=4 * 3600, accelerators={"dcu:k100": K100})
CPU = Partition("cpu", "slurm", time_limit_s=None)


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Write a site file; the pool is two partitions."""
    monkeypatch.setattr(place, "_partitions", lambda site: ({"dcu": DCU, "cpu": CPU}, []))

    def write(text=""):
        file = tmp_path / "site.toml"
        file.write_text(text, encoding="utf-8")
        monkeypatch.setattr(place, "load_site", lambda: read_site(file))

    write()
    return write


def asked(**changes):
    known = {"name": "fold", "partition": "dcu", "accelerator": "dcu:k100"}
    return ClusterSpec(**{**known, **changes})


def terms(tmp_path, **changes):
    return JobPartition.of(asked(**changes), tmp_path / "fold")


def test_what_is_left_out_gets_a_number(site, tmp_path):
    found = terms(tmp_path)
    assert (found.spec.minimum, found.spec.maximum, found.workers_per_job) == (1, 1, 1)
    assert found.time_limit_s == 3600
    request = found.request("wb-fold-12345678-1")
    assert request.card_words == ("--gres=dcu:k100:1",)
    assert request.command[1:4] == ("-P", "-m", "workbench.worker")
    assert request.memory_bytes > found.spec.memory_bytes


def test_a_partition_without_cards_gives_workers_without_cards(site, tmp_path):
    found = terms(tmp_path, partition="cpu", accelerator=None)
    assert found.request("wb-fold-12345678-1").card_words == ()
    assert found.settings("p")["vendor"] is None


def test_the_sites_words_stand_in_the_request(site, tmp_path):
    site(
        'account = "chem"\ninterface = "ib0"\n[partitions.dcu]\nwhole_node = true\n'
        'cpus_per_card = 4\nmemory_per_card = "8 GiB"\nmodules = ["dtk/24.04"]\n'
        'directives = ["--exclusive"]\n[accelerators."dcu:k100"]\nrequest = "--gres=dcu:K:{n}"\n'
    )
    found = terms(tmp_path, minimum=8, maximum=8)
    request = found.request("wb-fold-12345678-1")
    assert (found.workers_per_job, request.cpus, request.account) == (8, 32, "chem")
    assert request.card_words == ("--gres=dcu:K:8",)
    assert request.prologue == ("module load dtk/24.04",)
    assert request.directives == ("--exclusive",)
    assert found.settings("p")["interface"] == "ib0"


@pytest.mark.parametrize("accelerator", ["dcu:k100", None])
@pytest.mark.parametrize("text", ["", "whole_node = true\ncpus_per_card = 4\n"])
def test_what_is_asked_about_beforehand_is_what_is_submitted(site, tmp_path, text, accelerator):
    site(
        f'[partitions.dcu]\nmemory_per_card = "8 GiB"\ndirectives = "--mem={{memory_mb}}"\n'
        f'default_time = "0:30:00"\nprologue = ["true"]\n{text}'
    )
    found = terms(tmp_path, accelerator=accelerator)
    sent = asdict(found.request("wb-fold-12345678-1"))
    card = DCU.accelerators.get(accelerator or "")
    about, cards = usual_request(found.site, found.scheduler, DCU, card)
    own = ("name", "command", "log")
    assert asdict(about) | {key: sent[key] for key in own} == sent
    assert cards == (found.workers_per_job if accelerator else 0)
    assert about.memory_bytes > found.workers_per_job * 8 * 2**30


@pytest.mark.parametrize("whole", ["true", "false"])
def test_cards_that_the_site_file_alone_tells_of_start_a_cluster(
    site, tmp_path, monkeypatch, whole
):
    site(
        f'[partitions.q]\naccelerators = ["npu"]\nwhole_node = {whole}\n'
        '[accelerators.npu]\nvendor = "ascend"\nrequest = "-l npu={n}"\n'
    )
    there = Shown(
        nodes=[Node(name="n1", partitions=("q",), state="idle", cpus=8)], limits=[Limits(name="q")]
    )
    monkeypatch.setattr(
        place, "_partitions", lambda site: (partitions_of("sge", there, site, "ada"), [])
    )
    found = terms(tmp_path, partition="q", accelerator="npu", minimum=3, maximum=3)
    assert found.workers_per_job == 1
    assert found.request("wb-fold-12345678-1").card_words == ("-l npu=1",)
    settings = found.settings("p")
    assert (settings["vendor"], settings["per_node"]) == ("ascend", None)


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"partition": "dcuu"}, "partition", "Did you mean 'dcu'?"),
        ({"accelerator": "dcu:k10"}, "accelerator", "Did you mean 'dcu:k100'?"),
        ({"partition": "cpu"}, "accelerator", "It has no cards"),
        ({"minimum": 17, "maximum": 17}, "workers", "has 16 of dcu:k100 in all"),
        ({"time_limit_s": 5 * 3600.0}, "time", "allows 04:00:00, 05:00:00 was asked"),
    ],
)
def test_what_could_never_run_is_refused_and_says_what_there_is(
    site, tmp_path, changes, field, said
):
    with pytest.raises(Refused) as refused:
        terms(tmp_path, **changes)
    assert [(one.parameter, said in one.message) for one in refused.value.fields] == [(field, True)]


def test_all_that_speaks_against_a_request_is_told_at_once(site, tmp_path):
    site("[limits]\nworkers = 12\njobs = 3\n")
    with pytest.raises(Refused) as refused:
        terms(tmp_path, minimum=20, maximum=20, time_limit_s=9e4)
    fields = [one.parameter for one in refused.value.fields]
    assert fields == ["workers", "workers", "workers", "time"]


def test_a_home_that_no_job_script_can_carry_is_refused(site, tmp_path):
    with pytest.raises(Refused, match="WORKBENCH_HOME"):
        JobPartition.of(asked(), tmp_path / "my $(rm) folder" / "fold")


def test_a_time_limit_that_is_left_out_fits_the_partition(site, tmp_path, monkeypatch):
    short = replace(DCU, time_limit_s=120)
    monkeypatch.setattr(place, "_partitions", lambda site: ({"dcu": short}, []))
    assert terms(tmp_path).time_limit_s == 120


def test_a_living_cluster_is_not_made_larger_than_it_could_ever_be(site, tmp_path):
    spec = asked(minimum=1, maximum=1)
    files = ClusterFolder(tmp_path / "fold")
    files.make()
    files.write_spec(spec)
    files.write_status(first_status(files.path, spec, 1, identity(os.getpid())))
    with pytest.raises(Refused, match="need 17 cards") as error:
        Cluster(files).scale(17)
    assert error.value.code == "never_runs"
    assert files.read_request("scale") is None
