"""What is judged of this host, where the facts are given."""

import pytest

from workbench.doctor.home import mode_findings
from workbench.doctor.network import addresses, guess, interface_findings, is_loopback
from workbench.doctor.session import at_logout
from workbench.doctor.site_file import SiteLook, name_findings, path_findings
from workbench.doctor.software import software, software_findings
from workbench.pool.partition import Accelerator, Partition
from workbench.pool.site import Batch, Site, SiteAccelerator, SitePartition

THERE = {"lo": "127.0.0.1", "eth0": "10.1.0.5", "ib0": "10.2.0.5"}


def interface(name=None, there=THERE, leads_out="eth0", jobs=True):
    (finding,) = interface_findings(Site(interface=name), there, leads_out, jobs=jobs)
    return finding


@pytest.mark.parametrize(
    ("given", "state"),
    [
        ({"name": "ib0"}, "good"),
        ({"name": "ib1"}, "bad"),
        ({"name": "lo"}, "warning"),
        ({"name": "lo", "jobs": False}, "good"),
        ({}, "warning"),
        ({"there": {"lo": "127.0.0.1", "eth0": "10.1.0.5"}}, "good"),
        ({"there": {"lo": "127.0.0.1"}, "leads_out": None}, "bad"),
        ({"there": {"lo": "127.0.0.1"}, "leads_out": None, "jobs": False}, "good"),
    ],
)
def test_interfaces(given, state):
    assert interface(**given).state == state


def test_a_missing_interface_is_told_with_those_that_are_there():
    said = interface("ib1").said
    assert all(word in said for word in ("'ib1'", "eth0 (10.1.0.5)", "ib0 (10.2.0.5)"))


def test_the_guess_is_no_loopback():
    there = addresses()
    found = guess(there)
    assert found is None or not is_loopback(there[found])
    assert guess({"lo": "127.0.0.1", "x0": "10.9.9.9"}) == "x0"
    assert guess({"lo": "127.0.0.1"}) is None


@pytest.mark.parametrize(
    ("kills", "lingers", "in_session", "told", "state"),
    [
        (False, False, True, False, "good"),
        (True, False, True, False, "bad"),
        (True, True, True, False, "good"),
        (True, False, False, False, "warning"),
        (True, False, True, True, "good"),
        (None, False, True, False, "unknown"),
    ],
)
def test_what_ends_at_logout(kills, lingers, in_session, told, state):
    assert at_logout(kills, lingers=lingers, in_session=in_session, told=told).state == state


@pytest.mark.parametrize(
    ("mode", "state"),
    [(0o700, "good"), (0o711, "warning"), (0o750, "warning"), (0o770, "bad"), (0o702, "bad")],
)
def test_who_may_see_the_home(tmp_path, mode, state):
    tmp_path.chmod(mode)
    (finding,) = mode_findings(tmp_path)
    assert finding.state == state
    assert state == "good" or finding.fix == f"chmod 700 {tmp_path}"


@pytest.fixture
def look(tmp_path, monkeypatch):
    """Look at a site file of this text."""
    path = tmp_path / "site.toml"
    monkeypatch.setenv("WORKBENCH_SITE", str(path))

    def look(text=None, mode=0o600):
        if text is not None:
            path.write_text(text)
            path.chmod(mode)
        look = SiteLook()
        return look, [(finding.state, finding.said) for finding in look.take()]

    return look


def test_all_problems_of_a_site_file_are_told(look):
    looked, found = look('interfaze = "ib0"\n[partitions.gpu]\ncpus_per_card = -1\n')
    assert [state for state, _ in found] == ["bad", "bad"]
    assert ":1: interfaze" in found[0][1]
    assert ":3: partitions.gpu.cpus_per_card" in found[1][1]
    assert looked.site == Site()


def test_a_site_file_that_others_can_change_is_bad(look):
    looked, found = look('interface = "ib0"\n', mode=0o620)
    assert found[0][0] == "bad"
    assert "can be changed by others" in found[0][1]
    assert looked.site.interface == "ib0"


def test_a_site_file_that_is_named_and_not_there_is_bad(look):
    assert [state for state, _ in look()[1]] == ["bad"]


def test_names_that_no_scheduler_shows_are_told():
    gpu = Partition(
        "gpu", "slurm", accelerators={"gpu:a100": Accelerator("gpu:a100", "", "", None)}
    )
    site = Site(
        batch=Batch(partition="gpus"),
        partitions={"gpu": SitePartition(), "gqu": SitePartition()},
        accelerators={"gpu:a100": SiteAccelerator(), "gpu:a10": SiteAccelerator()},
    )
    found = list(name_findings(site, {"gpu": gpu}))
    assert [(one.state, one.said.split(":")[0]) for one in found[:1]] == [
        ("warning", "[partitions.gqu]")
    ]
    assert "[accelerators.gpu:a10]" in found[1].said
    assert "Did you mean 'gpu:a100'?" in found[1].said
    assert (found[2].state, "Did you mean 'gpu'?" in found[2].said) == ("bad", True)


def test_paths_that_cannot_be_used_are_told(tmp_path):
    (python, runs) = path_findings(Site(python=str(tmp_path / "python"), runs="/proc/1/x"))
    assert (python.state, runs.state) == ("warning", "bad")
    assert list(path_findings(Site(runs=str(tmp_path / "new")))) == []


def test_a_package_that_is_missing_is_told():
    here = software()
    assert {finding.state for finding in software_findings(here)} == {"good"}
    del here["packages"]["zarr"]
    missing = [finding for finding in software_findings(here) if finding.state == "bad"]
    assert [(one.said, one.fix) for one in missing] == [("not installed: zarr", "pip install zarr")]
