"""File systems and quotas, from what the kernel and the commands print."""

from pathlib import Path

import pytest

from workbench.doctor.home import clock_finding, purge_findings, shared_finding
from workbench.doctor.mounts import mount_of, mounted, parse_mounts, room_finding
from workbench.doctor.quota import judged, parse_quota

# The form of proc(5): optional fields stand before the dash.
MOUNTS = parse_mounts(
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
    "40 22 0:35 / /tmp rw,nosuid shared:2 master:1 - tmpfs tmpfs rw,size=8g\n"
    "41 22 0:36 / /u rw,relatime - nfs4 store:/export/u rw,vers=4.2\n"
    "42 22 0:37 / /lustre/my\\040scratch rw,noatime - lustre 10.1.1.1@o2ib:/scratch rw,flock\n"
    "43 41 0:38 / /u rw - autofs systemd-1 rw\n"
    "44 43 0:39 / /u/ada rw - nfs4 store:/export/ada rw\n"
)


def test_the_innermost_and_latest_file_system_holds_a_path():
    held = {path: mount_of(Path(path), MOUNTS) for path in ("/u/ada/x", "/u/eve", "/usr")}
    assert {path: mount.type for path, mount in held.items()} == {
        "/u/ada/x": "nfs4", "/u/eve": "autofs", "/usr": "ext4"
    }  # fmt: skip
    assert mount_of(Path("/lustre/my scratch/ada"), MOUNTS).source == "10.1.1.1@o2ib:/scratch"
    assert mount_of(Path("/lustre/my scratchpad"), MOUNTS).type == "ext4"


def test_this_computer_has_a_file_system(tmp_path):
    assert tmp_path.is_relative_to(mounted(tmp_path).point)


@pytest.mark.parametrize(
    ("path", "state"),
    [
        ("/u/ada/wb", "good"),
        ("/tmp/wb", "warning"),
        ("/srv/wb", "unknown"),
        ("/var/tmp/x", "warning"),
    ],
)
def test_a_folder_that_looks_like_this_hosts_own_is_told_where_jobs_go_elsewhere(path, state):
    mount = mount_of(Path(path), MOUNTS)
    assert shared_finding("home", Path(path), mount, jobs=True).state == state
    assert shared_finding("home", Path(path), mount, jobs=False).state == "good"


def test_scratch_is_told_to_be_cleaned_perhaps(monkeypatch):
    monkeypatch.setenv("SCRATCH", "/big/ada")
    mount = mount_of(Path("/lustre/my scratch/x"), MOUNTS)
    (by_variable,) = purge_findings(Path("/big/ada/wb"), mount)
    assert "$SCRATCH" in by_variable.said
    assert "noatime" in by_variable.said
    (by_name,) = purge_findings(Path("/u/scratch/ada/wb"), None)
    assert by_name.state == "unknown"
    assert list(purge_findings(Path("/u/ada/wb"), mount)) == []


@pytest.mark.parametrize(
    ("free", "files", "state"),
    [(10**12, 10**6, "good"), (10**12, None, "good"), (5 * 10**9, None, "warning"),
     (10**12, 500, "warning"), (10**12, 0, "bad"), (10**6, None, "bad")],
)  # fmt: skip
def test_room_is_judged_in_bytes_and_in_files(free, files, state):
    assert room_finding("space", Path("/u"), free, files).state == state


@pytest.mark.parametrize(("off", "state"), [(0.0, "good"), (5.0, "warning"), (120.0, "bad")])
def test_clocks_that_differ_are_told(off, state):
    assert clock_finding("that of n1", off).state == state


# quota(1) of quota-tools 4.06 with -w -p; lfs-quota(1) of Lustre 2.15.
QUOTA = """\
Disk quotas for user ada (uid 1000):
     Filesystem  blocks   quota   limit   grace   files   quota   limit   grace
/dev/sda1  2097152  10485760 12582912       0   12000       0       0       0
store:/export/u 9437184*  8388608 10485760 1764150000     120    1000    2000       0
"""
LFS = """\
Disk quotas for usr ada (uid 1000):
     Filesystem  kbytes   quota   limit   grace   files   quota   limit   grace
/lustre/a-very-long-name
                [953674316]       0  976562500       -   1000000       0 1000000       -
uid 1000 is using default file quota setting
"""


def test_tables_of_quotas_are_read():
    disk, store = parse_quota(QUOTA)
    assert (disk.place, disk.used_bytes, disk.limit_bytes) == ("/dev/sda1", 2 * 2**30, 10 * 2**30)
    assert (disk.files, disk.limit_files) == (12000, 0)
    assert judged(disk).state == "good"
    assert (store.place, judged(store).state) == ("store:/export/u", "bad")


def test_a_long_name_stands_on_a_line_of_its_own():
    (row,) = parse_quota(LFS)
    assert (row.place, row.limit_bytes, row.limit_files) == (
        "/lustre/a-very-long-name", 976562500 * 1024, 10**6
    )  # fmt: skip
    assert judged(row).state == "bad"


@pytest.mark.parametrize("text", ["", "Disk quotas for user root (uid 0): none\n", "no such user"])
def test_no_table_is_no_quota(text):
    assert parse_quota(text) == []
