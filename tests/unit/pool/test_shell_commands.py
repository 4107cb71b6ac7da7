"""Commands of several programs, run by a real shell; the programs print captured output."""

import os
import re

import pytest

from tests.unit.pool.conftest import DATA
from workbench.pool.commands import asking, run, submitting
from workbench.pool.schedulers.lsf import Lsf
from workbench.pool.schedulers.pbs import Pbs
from workbench.pool.schedulers.sge import Sge
from workbench.pool.schedulers.slurm import Slurm

PBS = DATA / "pbs-2022.1.1"
ENDED = """{"Jobs":{"99.pbs-01":{"Job_Name":"mine","Job_Owner":"me@x","job_state":"F",
"queue":"debug","Exit_status":271,"Resource_List":{"ngpus":1},"comment":"gone"}}}"""


@pytest.fixture
def system(programs):
    """What shells need besides."""
    for name in ("id", "date"):
        (programs.folder / name).symlink_to(f"/bin/{name}" if name != "id" else "/usr/bin/id")
    return programs


def ask(scheduler, command):
    answer = run(command, asking(scheduler))
    assert answer.good, answer
    return answer.out


def test_pbs_asks_for_nodes_and_queues(system):
    (system.folder / "queues").write_text((PBS / "limits.txt").read_text())
    first = (PBS / "nodes.txt").read_text().partition('\n}\n{\n    "timestamp"')[0] + "\n}\n"
    (system.folder / "nodes").write_text(first)
    system.put("pbsnodes", f"cat {system.folder}/nodes")
    system.put("qstat", f"cat {system.folder}/queues")
    pbs = Pbs()
    nodes = pbs.parse_nodes(ask(pbs, pbs.nodes_command()))
    assert [node.partitions for node in nodes][1] == ("run_next", "debug", "prod")
    assert system.calls() == ["pbsnodes -a -F json", "qstat -Q -f -F json"]


def test_pbs_asks_for_all_jobs_and_mine_that_ended(system):
    (system.folder / "ended").write_text(ENDED)
    system.put(
        "qstat", f'case "$*" in *-x*) cat {system.folder}/ended ;; *) cat {PBS}/jobs.txt ;; esac'
    )
    system.put("qselect", "echo 99.pbs-01")
    pbs = Pbs()
    jobs = {job.job_id: job for job in pbs.parse_jobs(ask(pbs, pbs.jobs_command()))}
    assert jobs.keys() == {"359322", "412020", "1147579", "99"}
    assert (jobs["99"].state, jobs["99"].exit, jobs["99"].outside) == ("ended", -15, True)
    [selected] = system.calls("qselect")
    assert re.fullmatch(r"qselect -H -u \w+ -tm\.gt\.\d{12}", selected)
    assert system.calls("qstat")[-1] == "qstat -x -f -F json 99.pbs-01"


def test_pbs_without_jobs_that_ended_asks_no_further(system):
    system.put("qstat", f"cat {PBS}/jobs.txt")
    system.put("qselect", "")
    pbs = Pbs()
    assert len(pbs.parse_jobs(ask(pbs, pbs.jobs_command()))) == 3
    assert len(system.calls("qstat")) == 1


def test_pbs_finds_jobs_by_name_as_words(system):
    (system.folder / "ended").write_text(ENDED)
    system.put("qstat", f"cat {system.folder}/ended")
    system.put("qselect", '[ "$3" = "mine; id" ] && echo 99.pbs-01; true')
    pbs = Pbs()
    [job] = pbs.parse_jobs(ask(pbs, pbs.find_command(["other", "mine; id"])))
    assert job.name == "mine"
    assert [call.split(" -u")[0] for call in system.calls("qselect")] == [
        "qselect -x -N other", "qselect -x -N mine; id",
    ]  # fmt: skip


def test_a_server_that_is_down_is_an_error_of_the_whole_command(system):
    system.put("qstat", "echo 'qstat: cannot connect to server pbs-01 (errno=111)' >&2; exit 2")
    system.put("qselect", "")
    pbs = Pbs()
    for command in (pbs.jobs_command(), pbs.limits_command()):
        assert not run(command, asking(pbs)).good
    system.put("qselect", "exit 2")
    assert not run(pbs.find_command(["x"]), asking(pbs)).good


def test_lsf_asks_for_four_tables_of_which_two_may_be_missing(system):
    hosts, gpus, queues, groups = (
        (DATA / "lsf-10.1/nodes.txt").read_text().split("== workbench ==\n")
    )
    for name, text in (("hosts", hosts), ("gpus", gpus), ("queues", queues), ("groups", groups)):
        (system.folder / f"{name}.txt").write_text(text)
    where = system.folder
    system.put(
        "bhosts", f'case "$1" in -gpu) cat {where}/gpus.txt ;; *) cat {where}/hosts.txt ;; esac'
    )
    system.put("bqueues", f"cat {where}/queues.txt")
    system.put("bmgroup", f"cat {where}/groups.txt")
    lsf = Lsf()
    nodes = {node.name: node for node in lsf.parse_nodes(ask(lsf, lsf.nodes_command()))}
    assert nodes["gpu-01"].partitions == ("gpu", "frozen")
    assert nodes["gpu-01"].cards["gpu:TeslaV100_SXM2_16GB"].allocated == 2
    system.put("bmgroup", "echo 'No host group found' >&2; exit 1")
    system.put("bhosts", f'case "$1" in -gpu) exit 1 ;; *) cat {where}/hosts.txt ;; esac')
    assert not any(node.cards for node in lsf.parse_nodes(ask(lsf, lsf.nodes_command())))
    system.put("bqueues", "echo 'LSF is down. Please wait ...' >&2; exit 1")
    assert not run(lsf.nodes_command(), asking(lsf)).good


def test_lsf_asks_for_the_year_in_times(system):
    year = system.folder / "year"
    system.put("bjobs", f"""echo '{{"RECORDS":[]}}'; echo "$LSB_DISPLAY_YEAR" > {year}""")
    lsf = Lsf()
    for command in (lsf.jobs_command(), lsf.find_command(["x"])):
        assert lsf.parse_jobs(ask(lsf, command)) == []
    assert year.read_text() == "Y\n"


def test_grid_engine_asks_for_everybodys_jobs_and_for_mine(system):
    system.put("qstat", f"cat {DATA}/sge-8.1.9/jobs.txt")
    system.put("qconf", "")
    sge = Sge()
    assert len(sge.parse_jobs(ask(sge, sge.jobs_command()))) == 17
    ask(sge, sge.find_command(["x"]))
    everybody, mine = (call.split() for call in system.calls("qstat"))
    assert everybody[everybody.index("-u") + 1] == "*"
    assert mine[mine.index("-u") + 1] not in ("*", "$(id")


def test_who_we_are_reaches_the_scheduler_and_chooses_none(monkeypatch):
    monkeypatch.setenv("SLURM_JWT", "secret")
    monkeypatch.setenv("SLURM_CONF", "/etc/x.conf")
    monkeypatch.setenv("SLURM_PARTITION", "other")
    given = submitting(Slurm())
    assert (given["SLURM_JWT"], given["SLURM_CONF"]) == ("secret", "/etc/x.conf")
    assert "SLURM_PARTITION" not in given
    assert "SLURM_JWT" not in Slurm.kept_variables
    assert given.get("HOME") == os.environ.get("HOME")
