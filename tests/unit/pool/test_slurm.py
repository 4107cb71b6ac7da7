"""Slurm's output, as version 22.05.8 printed it on a live controller."""

import pytest

from tests.unit.pool.conftest import DATA
from workbench.pool.hostlist import expanded
from workbench.pool.schedulers.slurm import Slurm
from workbench.pool.seen import CardCount, Limits, StartEstimate

slurm = Slurm()
CAPTURED = DATA / "slurm-22.05.8"


@pytest.fixture(scope="module")
def nodes():
    return {node.name: node for node in slurm.parse_nodes((CAPTURED / "nodes.txt").read_text())}


@pytest.fixture(scope="module")
def jobs():
    return {job.job_id: job for job in slurm.parse_jobs((CAPTURED / "jobs.txt").read_text())}


def test_nodes_show_cards_in_use_and_what_is_left(nodes):
    assert nodes["d1"].cards == {"dcu:k100": CardCount(8, 8)}
    assert nodes["d1"].state == "mixed"
    assert nodes["d1"].partitions == ("dcu", "all")
    assert nodes["g1"].cards == {"gpu:a100": CardCount(4, 4)}
    assert nodes["n1"].cards == {"npu:910b": CardCount(8, 2)}
    assert (nodes["n1"].cpus, nodes["n1"].cpus_free) == (8, 6)
    assert nodes["n1"].memory_free_bytes == 14000 * 2**20


def test_a_drained_node_is_out_of_service_and_says_why(nodes):
    assert nodes["d2"].state == "out_of_service"
    assert nodes["d2"].note == "IDLE+DRAIN: disk fails"


def test_a_node_that_is_reserved_for_others_is_out_of_service(nodes):
    assert (nodes["c1"].state, nodes["c1"].cards) == ("out_of_service", {})


LINE = "NodeName=x CPUAlloc=0 CPUTot=64 Gres=dcu:k100:8 GresUsed={used} State={state} Partitions=p"


def one(state="IDLE", used="dcu:k100:0", **replaced):
    line = LINE.format(state=state, used=used)
    for old, new in replaced.items():
        line = line.replace(f"{old}=", f"{new} {old}_=")
    [node] = slurm.parse_nodes(line)
    return node


# State words: scontrol(1); the cloud ones were captured from a controller of 4,000 cloud nodes.
@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("IDLE", "idle"),
        ("IDLE+CLOUD+POWERED_DOWN", "idle"),
        ("MIXED+CLOUD+NOT_RESPONDING+POWERING_UP", "mixed"),
        ("IDLE+PLANNED", "idle"),
        ("ALLOCATED", "allocated"),
        ("ALLOCATED+COMPLETING", "allocated"),
        ("IDLE+CLOUD+DRAIN+POWERED_DOWN", "out_of_service"),
        ("DOWN+CLOUD+POWERED_DOWN", "out_of_service"),
        ("DOWN*", "out_of_service"),
        ("IDLE*", "out_of_service"),
        ("MIXED+DRAIN", "out_of_service"),
        ("IDLE+MAINT+RESERVED", "out_of_service"),
        ("IDLE+NOT_RESPONDING", "out_of_service"),
        ("SOMETHING_NEW", "out_of_service"),
    ],
)
def test_states_of_nodes(words, state):
    assert one(words).state == state


@pytest.mark.parametrize(
    ("gres", "used", "cards"),
    [
        ("gpu:a100:4(S:0-1)", "gpu:a100:2(IDX:0,2)", {"gpu:a100": CardCount(4, 2)}),
        ("gpu:8", "gpu:3", {"gpu": CardCount(8, 3)}),
        ("gres/gpu:a100:2", "gres/gpu:a100:1(IDX:0)", {"gpu:a100": CardCount(2, 1)}),
        (
            "gpu:a100:2,gpu:v100:2,mps:400,shard:8",
            "gpu:a100:1(IDX:0),gpu:v100:0(IDX:N/A)",
            {"gpu:a100": CardCount(2, 1), "gpu:v100": CardCount(2, 0)},
        ),
        ("dcu:K100-64GB-LS:2", "dcu:K100-64GB-LS:2", {"dcu:K100-64GB-LS": CardCount(2, 2)}),
        (
            "gpu:a100:4,gpu:h200:4",
            "gpu:5",
            {"gpu:a100": CardCount(4, 4), "gpu:h200": CardCount(4, 1)},
        ),
        (
            "gpu:a100:4,gpu:h200:4",
            "gpu:3,gpu:h200:3",
            {"gpu:a100": CardCount(4, 0), "gpu:h200": CardCount(4, 3)},
        ),
        ("gpu:2080:4", "gpu:2080:1(IDX:3)", {"gpu:2080": CardCount(4, 1)}),
        ("(null)", "gpu:0", {}),
    ],
)  # fmt: skip
def test_kinds_of_cards(gres, used, cards):
    line = f"NodeName=x Gres={gres} GresUsed={used} State=IDLE Partitions=p"
    [node] = slurm.parse_nodes(line)
    assert node.cards == cards


@pytest.mark.parametrize("word", ["(null)", "N/A", ""])
def test_a_node_in_no_partition(word):
    [node] = slurm.parse_nodes(f"NodeName=x Gres=(null) State=IDLE Partitions={word} BootTime=None")
    assert node.partitions == ()


def test_cards_in_use_by_what_the_site_accounts_for_when_nothing_better_is_told():
    line = "NodeName=x Gres=gpu:a100:4 State=MIXED Partitions=p AllocTRES=cpu=2,gres/gpu=3"
    [node] = slurm.parse_nodes(line)
    assert node.cards == {"gpu:a100": CardCount(4, 3)}


def test_jobs_show_cards_by_every_way_of_asking(jobs):
    assert jobs["29"].cards == {"dcu:k100": 2}
    assert jobs["30"].cards == {"dcu": 6}
    assert jobs["5"].cards == {"dcu": 16}  # two nodes
    assert jobs["32"].cards == {"gpu": 2}  # --gpus-per-task, two tasks
    assert jobs["33"].cards == {"gpu": 2}  # --gpus
    assert jobs["40"].cards == {}


def test_accounted_cards_count_once_beside_their_model():
    text = (
        "7|0123456789abcdef|me|p|RUNNING|None|N/A|N/A|2|2|n[1-2]|0|"
        "cpu=4,gres/gpu=6,gres/gpu:a100=6|gres:gpu:a100:6|N/A|N/A|x\n"
    )
    [job] = slurm.parse_jobs(text)
    assert job.cards == {"gpu:a100": 6}
    assert job.nodes == ("n1", "n2")


def test_jobs_that_wait_run_and_ended(jobs):
    waits, runs = jobs["31"], jobs["29"]
    assert (waits.state, waits.reason, waits.start) == ("pending", "Resources", None)
    assert (runs.state, runs.nodes, runs.exit) == ("running", ("d1",), None)
    assert (runs.start, runs.end) == ("2026-11-26T07:56:47Z", "2026-11-26T08:01:47Z")
    assert jobs["34"].start == "2026-11-26T08:56:47Z"
    assert jobs["35_[2-9%2]"].tasks == 8
    ended = {number: jobs[number] for number in ("37", "38", "39", "42")}
    assert {number: job.exit for number, job in ended.items()} == {
        "37": 3, "38": -9, "39": 0, "42": 0,
    }  # fmt: skip
    assert {number: job.outside for number, job in ended.items()} == {
        "37": False, "38": False, "39": False, "42": True,
    }  # fmt: skip
    assert ended["42"].reason == "CANCELLED"


def test_a_name_with_line_breaks_is_a_name(jobs):
    assert jobs["39"].name == "new\nline|x é"


def test_a_name_cannot_pretend_to_be_another_job():
    fields = "|me|p|RUNNING|None|N/A|N/A|1|1|n1|0|cpu=1|N/A|N/A|N/A|"
    forged = f"2|aaaaaaaaaaaaaaaa{fields.replace('RUNNING', 'CANCELLED')}mine"
    text = f"1|0123456789abcdef{fields}evil\n{forged}\n2|0123456789abcdef{fields}mine\n"
    jobs = slurm.parse_jobs(text)
    assert [(job.job_id, job.state) for job in jobs] == [("1", "running"), ("2", "running")]
    assert jobs[0].name.startswith("evil\n2|aaaa")


def test_the_word_between_jobs_is_another_at_every_call():
    assert slurm.jobs_command() != slurm.jobs_command()


def test_an_answer_in_another_form_is_no_empty_list():
    with pytest.raises(ValueError, match="CLUSTER: other"):
        slurm.parse_jobs("CLUSTER: other\n1 cpu wrap")
    assert slurm.parse_jobs("") == []


def test_limits():
    limits = {each.name: each for each in slurm.parse_limits((CAPTURED / "limits.txt").read_text())}
    assert limits["dcu"] == Limits(name="dcu", time_limit_s=3600, default_time_s=600)
    assert limits["cpu"].default is True
    assert limits["gpu"].time_limit_s is None
    line = (
        "PartitionName=x AllowAccounts=chem,bio Default=NO MaxNodes=4 MaxTime=2-12:00:00 State=DOWN"
    )
    [other] = slurm.parse_limits(line)
    assert other.time_limit_s == 60 * 3600
    assert (other.up, other.accounts) == (False, ("chem", "bio"))


def test_when_a_job_would_start():
    said = "sbatch: Job 20 to start at 2026-11-26T07:55:18 using 1 processors on nodes d1"
    found = slurm.parse_test("", said, "2026-11-26T07:50:00Z")
    assert isinstance(found, StartEstimate)
    assert found.at == "2026-11-26T07:55:18Z"


# The words of sbatch --test-only and sbatch of version 22.05.8, and of slurm_errno.c.
@pytest.mark.parametrize(
    ("said", "plain", "permanent"),
    [
        (
            "sbatch: error: invalid partition specified: nope\n"
            "allocation failure: Invalid partition name specified",
            "no such partition",
            True,
        ),
        (
            "sbatch: error: Batch job submission failed: Requested node configuration is not "
            "available",
            "never start",
            True,
        ),
        ("sbatch: error: Invalid generic resource (gres) specification", "site file", True),
        (
            "sbatch: error: Batch job submission failed: Invalid account or account/partition "
            "combination specified",
            "may not use this partition",
            True,
        ),
        ("Requested time limit is invalid (missing or exceeds some limit)", "less time", True),
        (
            "sbatch: error: QOSMaxSubmitJobPerUserLimit\n"
            "Batch job submission failed: Job violates accounting/QOS policy",
            "as many jobs",
            False,
        ),
        ("sbatch: error: AssocMaxSubmitJobLimit", "as many jobs", False),
        ("More processors requested than permitted", "more CPUs", True),
        ("Unable to contact slurm controller (connect failure)", "does not answer", False),
        ("sbatch: error: Socket timed out on send/recv operation", "too busy", False),
        ("sbatch: error: words that nobody knows", "words that nobody knows", False),
        ("", "no reason", False),
    ],
)
def test_refusals_in_plain_words(said, plain, permanent):
    found = slurm.parse_test("", said, "")
    assert plain in found.plain
    assert found.permanent is permanent
    assert all(line in found.words for line in said.splitlines())


def test_nodes_that_are_out_of_service_are_no_refusal():
    said = "allocation failure: Requested node configuration is not available"
    found = slurm.parse_test("", said, "2026-11-26T08:00:00Z")
    assert (found.at, found.words) == (None, said)
    assert "waits for them" in found.why_not
    too_much = f"sbatch: error: Memory specification can not be satisfied\n{said}"
    assert "that much memory" in slurm.parse_test("", too_much, "").plain


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("Priority", "before it"),
        ("AssocGrpGRES", "cards"),
        ("AssocGrpCPURunMinutesLimit", "account allows"),
        ("QOSMaxGRESPerUser", "cards"),
        ("ReqNodeNotAvail, UnavailableNodes:d[1-2]", "maintenance"),
        ("Dependency", "another job"),
        ("RaisedSignal:9(Killed)", "signal"),
        ("TIMEOUT", "time limit"),
        ("SomethingNew", "SomethingNew"),
    ],
)
def test_reasons_in_plain_words(reason, said):
    assert said in slurm.plain_reason(reason)


def test_a_refused_cancel_of_a_job_that_ended():
    assert slurm.gone("scancel: error: Kill job error on job id 5: Invalid job id specified")
    assert not slurm.gone("scancel: error: Unable to contact slurm controller")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ()),
        ("g1", ("g1",)),
        ("d[1-2],g1", ("d1", "d2", "g1")),
        ("dcu[0001-0003,0009]", ("dcu0001", "dcu0002", "dcu0003", "dcu0009")),
        ("r[1-2]n[01-02]x", ("r1n01x", "r1n02x", "r2n01x", "r2n02x")),
    ],
)
def test_lists_of_nodes(text, names):
    assert expanded(text) == names


def test_a_list_of_nodes_is_bounded():
    assert len(expanded("x[1-999999999]")) == 100_000


def test_accounts_for_a_partition():
    said = "Batch job submission failed: Invalid account or account/partition combination specified"
    assert slurm.accounts_command("Requested nodes are busy", "ada") is None
    assert "user=ada" in slurm.accounts_command(said, "ada")
    assert slurm.parse_accounts("chem|\nbio|gpu\nphys|dcu\nchem|dcu\n", "dcu") == ["chem", "phys"]
