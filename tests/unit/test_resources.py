import os
import subprocess
import sys

import psutil
import pytest

from workbench.resources import Resources, this_computer

GB = 10**9


def tree(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root / "cgroup", root / "fs"


def test_no_limit_leaves_affinity_and_free_memory(tmp_path):
    found = this_computer(*tree(tmp_path, {"cgroup": "0::/\n", "fs/cpu.max": "max 100000\n"}))
    assert found.cpus == len(os.sched_getaffinity(0))
    assert 0 < found.memory_bytes <= psutil.virtual_memory().total


def test_affinity_counts_and_not_the_machine():
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "from workbench.resources import this_computer; print(this_computer().cpus)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert found.stdout == "1\n"


@pytest.mark.parametrize(
    ("files", "cpus", "memory"),
    [
        pytest.param(
            {
                "cgroup": "0::/job/step\n",
                "fs/job/cpu.max": "100000 100000\n",
                "fs/job/step/cpu.max": "max 100000\n",
                "fs/job/step/memory.max": "2000000000\n",
                "fs/job/step/memory.current": "700000000\n",
                "fs/job/step/memory.stat": "anon 5\ninactive_file 200000000\n",
            },
            1,
            1_500_000_000,
            id="version 2, a parent's quota",
        ),
        pytest.param(
            {
                "cgroup": "4:memory:/job\n3:cpu,cpuacct:/job\n",
                "fs/cpu,cpuacct/job/cpu.cfs_quota_us": "150000\n",
                "fs/cpu,cpuacct/job/cpu.cfs_period_us": "100000\n",
                "fs/memory/job/memory.limit_in_bytes": "1000000000\n",
                "fs/memory/job/memory.usage_in_bytes": "400000000\n",
                "fs/memory/job/memory.stat": "total_inactive_file 100000000\n",
            },
            1,
            700_000_000,
            id="version 1",
        ),
        pytest.param(
            {
                "cgroup": "0::/host/path/that/is/not/here\n",
                "fs/cpu.max": "50000 100000\n",
                "fs/memory.max": "max\n",
                "fs/memory.current": "5\n",
            },
            1,
            None,
            id="inside a container, half a CPU",
        ),
        pytest.param(
            {
                "cgroup": "4:memory:/\n2:cpu:/\n",
                "fs/cpu/cpu.cfs_quota_us": "-1\n",
                "fs/cpu/cpu.cfs_period_us": "100000\n",
                "fs/memory/memory.limit_in_bytes": "9223372036854771712\n",
                "fs/memory/memory.usage_in_bytes": "5\n",
            },
            len(os.sched_getaffinity(0)),
            None,
            id="version 1, unlimited",
        ),
    ],
)
def test_cgroup_limits(tmp_path, files, cpus, memory):
    found = this_computer(*tree(tmp_path, files))
    assert found.cpus == cpus
    if memory is None:
        assert found.memory_bytes > 0
    else:
        assert found.memory_bytes == min(memory, psutil.virtual_memory().available)


def test_default_workers_have_a_cpu_and_half_a_gigabyte_each():
    assert Resources(8, 100 * GB).workers == 8
    assert Resources(8, 2 * GB).workers == 3
    assert Resources(8, GB // 10).workers == 1


def test_too_many_workers_are_warned_of():
    there = Resources(2, 10 * GB)
    for usual in (there, Resources(8, 2 * GB)):
        assert usual.warnings(usual.workers, usual.share_bytes(usual.workers)) == []
    assert there.warnings(2, there.share_bytes(2)) == []
    [cpus] = there.warnings(3, GB)
    assert cpus.startswith("3 workers on 2 cores: each has 1.0 GB and they take turns.")
    [little] = Resources(64, GB).warnings(4, GB // 4)
    assert little.startswith("4 workers on 64 cores: each has 0.2 GB, too little")
    [memory] = there.warnings(2, 8 * GB)
    assert "10.0 GB" in memory
