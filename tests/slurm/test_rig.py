"""The rig is the Slurm that the other tests take it for, and leaves nothing behind."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from tests.needs import require_slurm
from tools.rig.faults import kill_job_processes
from tools.rig.processes import RigError, listening_below, processes_with, until
from tools.rig.sge import PORTS
from tools.rig.slurm import Slurm

ABANDONED = """
import os
from tools.rig.slurm import Slurm
rig = Slurm.start()
rig.wait_job(rig.submit("--partition=dcu", "--gres=dcu:k100:1"), "RUNNING")
print(rig.folder, flush=True)
os._exit(0)
"""

WHO = (
    "import os, pwd, workbench.home as h; print(pwd.getpwuid(os.geteuid())[0], h.workbench_home())"
)


def living(folder):
    """Processes that belong to the rig in a folder."""
    return [
        *listening_below(folder),
        *processes_with(SLURM_CONF=str(folder / "slurm.conf")),
        *(p for p in psutil.process_iter(["cmdline"]) if str(folder) in str(p.info["cmdline"])),
    ]


def test_cards_of_three_vendors_are_there(slurm):
    cards = slurm.call("sinfo", "-h", "-N", "-o", "%N %G", "-p", "dcu,gpu,npu").split("\n")
    assert {line.split("(")[0] for line in cards if line} == {
        "dcu1 dcu:k100:8", "dcu2 dcu:k100:8", "gpu1 gpu:a100:4", "npu1 npu:910b:8"
    }  # fmt: skip


def test_a_job_sees_its_cards(slurm, tmp_path):
    out = tmp_path / "out"
    words = ("--partition=gpu", "--gres=gpu:a100:2", f"--output={out}")
    job = slurm.submit(*words, wrap="echo $CUDA_VISIBLE_DEVICES")
    slurm.wait_job(job)
    assert out.read_text() == "0,1\n"


def test_a_node_has_a_name_of_its_own(slurm, tmp_path):
    job = slurm.submit("--partition=npu", f"--output={tmp_path}/out", wrap="hostname")
    slurm.wait_job(job)
    assert (tmp_path / "out").read_text() == "npu1\n"


def test_everything_listens_on_loopback(slurm):
    pids = {process.pid for process in living(slurm.folder)}
    listening = [c for c in psutil.net_connections("inet") if c.pid in pids and not c.raddr]
    assert len(listening) >= 6  # the controller and five nodes
    assert {connection.laddr.ip for connection in listening} == {"127.0.0.1"}


def test_what_a_job_detached_is_killed_with_its_number(slurm):
    job = slurm.submit("--partition=cpu", wrap="(setsid sleep 600 &) ; sleep 600")
    slurm.wait_job(job, "RUNNING")
    mark = {"SLURM_CONF": str(slurm.conf), "SLURM_JOB_ID": job}
    until(lambda: len(processes_with(**mark)) >= 3, 10, "the job's processes")
    slurm.cancel(job)
    assert kill_job_processes(job) >= 1
    slurm.wait_job(job)
    assert processes_with(**mark) == []


def test_the_controller_comes_back_with_its_jobs(slurm):
    job = slurm.submit("--partition=cpu")
    slurm.wait_job(job, "RUNNING")
    with slurm.controller_down():
        assert "Unable to contact slurm controller" in slurm.call("squeue", check=False)
    assert slurm.job_states()[job][0] == "RUNNING"
    slurm.cancel(job)


def test_a_rig_of_a_killed_process_is_cleared_away():
    require_slurm()
    found = subprocess.run(
        [sys.executable, "-c", ABANDONED],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    folder = Path(found.stdout.strip())
    assert len(living(folder)) >= 8
    with Slurm.start() as other:
        assert other.folder != folder
        assert not folder.exists()
        assert living(folder) == []
    assert not other.folder.exists()
    assert living(other.folder) == []


@pytest.fixture
def place():
    """A folder that other users can pass, unlike those that pytest makes."""
    with tempfile.TemporaryDirectory() as found:
        Path(found).chmod(0o755)
        yield Path(found)


def test_a_rig_for_people_lasts_until_it_is_stopped(place, tmp_path):
    require_slurm()

    def rig(*words, code=0):
        done = subprocess.run(
            [sys.executable, "-m", "tools.rig", *map(str, words)],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    assert "Users of the rig cannot pass" in rig("start", tmp_path / "rig", code=1)
    folder = place / "rig"
    assert rig("start", folder).splitlines() == [
        f"export WORKBENCH_HOME={folder}/homes/root/workbench",
        f"export SLURM_CONF={folder}/slurm.conf",
        f"export WORKBENCH_SITE={folder}/site.toml",
    ]
    assert "exists" in rig("start", folder, code=1)
    shown = dict(line.split(maxsplit=1) for line in rig("status", folder).splitlines())
    assert shown["slurmctld"].startswith("process ")
    assert rig("run", folder, "sinfo", "-h", "-n", "npu1", "-p", "npu", "-o", "%T") == "idle\n"
    as_user = ("run", "--user", "wbeve", folder, sys.executable, "-c", WHO)
    assert rig(*as_user) == f"wbeve {folder}/homes/wbeve/workbench\n"
    assert rig("stop", folder) == ""
    assert not folder.exists()
    assert living(folder) == []
    assert "no rig" in rig("status", folder, code=2)


def test_a_job_of_higher_priority_takes_the_cards(slurm):
    low = slurm.submit("--partition=spare", "--gres=npu:910b:2")
    slurm.wait_job(low, "RUNNING")
    high = slurm.preempt()
    slurm.wait_job(high, "RUNNING")
    assert slurm.job_states()[low][0] == "PENDING"
    slurm.cancel(high, low)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--partition=nope",), "invalid partition specified"),
        (("--partition=short", "--time=5"), "Requested time limit is invalid"),
        (("--partition=dcu", "--gres=dcu:k200:1"), "Requested node configuration is not available"),
        (("--partition=dcu", "--nodes=3"), "Node count specification invalid"),
    ],
)
def test_what_can_never_run_is_refused(slurm, words, said):
    with pytest.raises(RigError, match=said):
        slurm.submit(*words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--account=staff",), "Invalid account or account/partition combination"),
        (("--partition=private",), "User's group not permitted to use this partition"),
        (("--qos=strict", "--gres=dcu:k100:3"), "QOSMaxGRESPerUser"),
        (("--qos=strict", "--time=2:00:00"), "QOSMaxWallDurationPerJobLimit"),
        (("--qos=nope",), "Invalid qos specification"),
    ],
)
def test_limits_bind_users(slurm, words, said):
    with pytest.raises(RigError, match=said):
        slurm.submit("--partition=dcu", *words, user="wbeve")


def test_so_many_jobs_and_no_more(slurm):
    words = ("--partition=dcu", "--account=few")
    jobs = [slurm.submit(*words, user="wbada") for _ in range(3)]
    with pytest.raises(RigError, match="AssocMaxSubmitJobLimit"):
        slurm.submit(*words, user="wbada")
    slurm.cancel(*jobs)


def test_some_limits_make_jobs_wait_for_ever(slurm):
    job = slurm.submit("--partition=dcu", "--qos=small", "--gres=dcu:k100:3", user="wbada")
    # Slurm tells a reason when it has looked at the job.
    until(lambda: slurm.job_states()[job] != ("PENDING", "None"), 20, "a reason")
    assert slurm.job_states()[job] == ("PENDING", "QOSMaxGRESPerUser")
    slurm.cancel(job)


def test_accounting_keeps_what_ended(slurm):
    job = slurm.submit("--partition=dcu", "--gres=dcu:k100:1", wrap="exit 3", user="wbada")
    slurm.wait_job(job)
    words = ("sacct", "-X", "-n", "-P", "-j", job, "-o", "user,state,exitcode,alloctres")
    until(lambda: "FAILED" in slurm.call(*words), 20, "sacct tells of the job")
    assert slurm.call(*words).strip().startswith("wbada|FAILED|3:0|")
    assert "gres/dcu=1" in slurm.call(*words)


def test_the_big_pool_has_cards_of_every_state(big_slurm):
    shown = big_slurm.call("sinfo", "-h", "-o", "%P %D %t").splitlines()
    count = {(words[0], words[2].strip("~#*")): 0 for words in map(str.split, shown)}
    for partition, nodes, state in map(str.split, shown):
        count[partition, state.strip("~#*")] += int(nodes)
    assert sum(count.values()) == 4000
    assert count["dcu", "drain"] == 16
    assert count["dcu", "idle"] == 2800 - 16 - 8 * 300
    # Other tests of the same controller may have drained some more.
    assert count["npu", "idle"] + count["npu", "drain"] == 500 - 100 - count.get(("npu", "down"), 0)
    assert "Resources" in {reason for _, reason in big_slurm.job_states().values()}


def test_grid_engine_shares_out_its_cards(sge, tmp_path):
    words = ("qsub", "-terse", "-b", "y", "-j", "y", "-o", str(tmp_path / "out"), "-l", "dcu=3")
    first, second = (sge.call(*words, "sleep", "600").strip() for _ in range(2))

    def states():
        lines = map(str.split, sge.call("qstat").splitlines()[2:])
        return {line[0]: line[4] for line in lines}

    shared = {first: "r", second: "qw"}
    until(lambda: states() == shared, 20, "one runs, one waits", every_s=0.2)
    assert states() == shared
    sge.call("qdel", first)
    until(lambda: second in sge.call("qstat", "-s", "r"), 20, "the other one runs", every_s=0.2)
    sge.call("qdel", second)


def test_grid_engine_is_out_of_reach_from_here(sge):
    assert f":{int(PORTS['SGE_QMASTER_PORT']):04X} " in sge.call("cat", "/proc/net/tcp")
    ports = {connection.laddr.port for connection in psutil.net_connections("inet")}
    assert ports.isdisjoint(map(int, PORTS.values()))
