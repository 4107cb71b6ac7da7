"""A home in which nothing may be written is a finding with its fix, not a check that failed."""

import subprocess

import pytest

from tests.needs import require_root
from workbench.doctor.findings import together
from workbench.doctor.home import clock_findings, write_findings


@pytest.fixture
def read_only(tmp_path):
    """A file system that is mounted read-only."""
    require_root("mounting a read-only file system")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", tmp_path], check=True)
    yield tmp_path
    subprocess.run(["umount", "--lazy", tmp_path], check=True)


def test_a_read_only_home_is_told_with_its_fix(read_only, tmp_path_factory):
    (found,) = write_findings(read_only)
    assert found.state == "bad"
    assert f"nothing can be written in {read_only}: Read-only file system" in found.said
    assert "WORKBENCH_HOME" in found.fix
    (clock,) = clock_findings(read_only)
    assert (clock.state, "Read-only file system" in clock.said) == ("unknown", True)
    assert list(write_findings(tmp_path_factory.mktemp("home"))) == []


def test_a_file_that_a_check_may_not_read_is_no_defect_of_the_check():
    def refuse():
        raise PermissionError(13, "Permission denied", "/etc/secret")

    (found,) = together({"home": refuse}, 10)
    assert (found.state, found.said) == ("bad", "/etc/secret: Permission denied")
    assert "Tell the authors" not in found.fix
