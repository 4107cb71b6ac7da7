"""A drafted site file: it loads, shows every key, and no scheduler's name breaks it."""

import re

import pytest

from workbench.doctor.drafted import Facts, drafted
from workbench.pool import keys
from workbench.pool.partition import Accelerator, CardTotals, NodeTotals, Partition
from workbench.pool.site import (
    Batch,
    Bounds,
    Site,
    SiteAccelerator,
    SitePartition,
    read_site,
)
from workbench.testing.hostile import HOSTILE

FACTS = Facts(
    host="login1",
    date="2026-11-26",
    user="ada",
    interfaces={"lo": "127.0.0.1", "ib0": "10.2.0.5"},
    leads_out="ib0",
    login=True,
    kills=False,
)


def accelerator(name="dcu:k100", vendor="hygon"):
    return Accelerator(name, vendor, name.upper(), None, per_node=8, cards=CardTotals(total=16))


def partition(name="dcu", *kinds, **more):
    return Partition(
        name=name,
        scheduler="slurm",
        time_limit_s=86400,
        cpus=64,
        memory_bytes=512 * 10**9,
        nodes=NodeTotals(total=2),
        accelerators={kind.name: kind for kind in kinds},
        **more,
    )


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "site.toml"
        path.write_text(text)
        return read_site(path)

    return read


def test_a_draft_loads_and_says_what_the_scheduler_shows(read):
    kinds = (accelerator(), accelerator("gpu:x9", vendor="unknown"))
    text = drafted([partition("cpu", default=True), partition("dcu", *kinds)], ["slurm"], FACTS)
    site = read(text)
    assert (site.scheduler, site.interface, site.kills_at_logout) == ("slurm", "ib0", False)
    dcu = site.accelerators["dcu:k100"]
    assert (dcu.vendor, dcu.request) == ("hygon", ("--gres=dcu:k100:{n}",))
    assert site.accelerators["gpu:x9"].vendor is None
    assert "Whose they are is not known" in text
    assert set(site.partitions) == {"cpu", "dcu"}
    assert '#cpus_per_card = 8\n#memory_per_card = "64 GB"\n' in text


def test_what_logind_kills_is_said_to_be_killed(read):
    facts = Facts(**{**vars(FACTS), "kills": True, "leads_out": None})
    site = read(drafted([partition()], ["sge", "slurm"], facts))
    assert (site.kills_at_logout, site.scheduler, site.interface) == (True, None, None)


def test_every_key_stands_there_with_its_help():
    text = drafted([partition("dcu", accelerator())], ["slurm"], FACTS)
    for of in (Site, Batch, Bounds, SiteAccelerator, SitePartition):
        for each in keys.declared(of):
            if each.metadata["reader"].inner is None:
                shown = re.escape(each.metadata["help"])
                assert re.search(rf"^#?{keys.name_of(each)} = .*  # {shown}$", text, re.MULTILINE)


def test_every_key_that_is_commented_out_can_be_used_as_it_stands(read):
    text = drafted([partition("dcu", accelerator())], ["slurm"], FACTS)
    used = re.sub(r"^#(\w+ = )(?!\"\")", r"\1", text, flags=re.MULTILINE)
    site = read(used)
    assert site.partitions["dcu"].cpus_per_card == 8
    assert site.batch.memory_bytes == 2 * 2**30
    assert site.runs is not None


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_of_a_scheduler_breaks_a_draft(read, name):
    parts = [partition(name, accelerator(name), accounts=(name,)), partition("dcu", accelerator())]
    site = read(drafted(parts, ["slurm"], FACTS))
    assert "dcu" in site.partitions
    assert site.prologue == ()
