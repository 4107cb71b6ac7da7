"""The pool: totals of partitions, whose cards are mine, what waits, in Python and on a terminal."""

import json
import os
import time

import pytest

from tests.packs import workbench, workbench_json
from workbench.pool.cards import FREE, MINE, OTHERS, OUT_OF_SERVICE, card_states
from workbench.pool.collect import latest
from workbench.pool.count import held_by, partitions_of
from workbench.pool.hostlist import expanded, folded
from workbench.pool.pool import Pool
from workbench.pool.schedulers.slurm import Slurm
from workbench.pool.seen import CardCount, Limits, Node, QueuedJob
from workbench.pool.site import Site, SiteAccelerator, SitePartition
from workbench.pool.snapshot import Shown

NEVER_SET_UP = "echo 'squeue: fatal: Could not establish a configuration source' >&2; exit 1"


def node(name, kind="dcu:k100", total=8, allocated=0, state="mixed", **more):
    cards = {kind: CardCount(total, allocated)} if total else {}
    return Node(name=name, partitions=("p",), state=state, cards=cards, note="x", **more)


def job(number, cards, state="running", user="me", partition="p", **more):
    return QueuedJob(
        job_id=number, name="j", user=user, partition=partition, state=state, cards=cards, **more
    )


def counted(nodes, jobs=(), site=None, limits=()):
    shown = Shown(list(nodes), list(jobs), list(limits))
    return partitions_of("slurm", shown, site or Site(), "me")


def totals(partition, kind="dcu:k100"):
    return vars(partition.accelerators[kind].cards)


def test_idle_cards_of_a_draining_node_are_out_of_service():
    [partition] = counted(
        [node("a", allocated=3, state="out_of_service"), node("b", allocated=2)]
    ).values()
    assert totals(partition) == {
        "total": 16, "free": 6, "allocated": 5, "out_of_service": 5, "mine": 0, "stranded": 0,
    }  # fmt: skip
    assert vars(partition.nodes) == {
        "total": 2, "idle": 0, "mixed": 1, "allocated": 0, "out_of_service": 1,
    }  # fmt: skip


def test_mine_are_a_part_of_those_in_use():
    nodes = [node("a", allocated=8), node("b", allocated=4)]
    jobs = [
        job("1", {"dcu:k100": 6}, nodes=("a", "b")),
        job("2", {"dcu": 2}, nodes=("a",)),  # names no model
        job("3", {"dcu:k100": 4}, nodes=("a",), user="other"),
        job("4", {"dcu:k100": 4}, state="pending"),
        job("5", {"dcu:k100": 4}, state="ended", nodes=("b",)),
    ]
    assert held_by(Shown(nodes, jobs, []), "me") == {("a", "dcu:k100"): 5, ("b", "dcu:k100"): 3}
    [partition] = counted(nodes, jobs).values()
    assert partition.accelerators["dcu:k100"].cards.mine == 8


def test_mine_are_never_more_than_those_in_use():
    nodes = [node("a", allocated=1)]
    jobs = [job("1", {"dcu": 8}, nodes=("a",)), job("2", {"dcu": 8}, nodes=("gone",))]
    [partition] = counted(nodes, jobs).values()
    assert partition.accelerators["dcu:k100"].cards.mine == 1


def test_free_cards_without_cpus_or_memory_are_stranded():
    full = {"cpus": 8, "memory_bytes": 10}
    nodes = [
        node("a", allocated=2, cpus_free=0, memory_free_bytes=5, **full),
        node("b", allocated=2, cpus_free=3, memory_free_bytes=0, **full),
        node("c", allocated=2, cpus_free=3, memory_free_bytes=5, **full),
        node("d", state="idle", cpus_free=8, memory_free_bytes=10, **full),
    ]
    [partition] = counted(nodes).values()
    assert partition.accelerators["dcu:k100"].cards.stranded == 12
    whole = Site(partitions={"p": SitePartition(whole_node=True)})
    [partition] = counted(nodes, site=whole).values()
    assert partition.accelerators["dcu:k100"].cards.stranded == 18


def test_jobs_that_wait_are_counted_with_their_reasons():
    nodes = [node("a"), node("b", kind="dcu:z100")]
    jobs = [
        job("1", {"dcu:k100": 1}, "pending", reason="Priority"),
        job("2_[0-9]", {"dcu:k100": 1}, "pending", reason="Priority", tasks=10),
        job("3", {"dcu": 1}, "pending", reason="ReqNodeNotAvail, UnavailableNodes:a"),
        job("4", {}, "pending", reason="Resources"),
        job("5", {"dcu:k100": 1}, "pending", reason="Resources", partition="q,p"),
        job("6", {"dcu:k100": 1}, "pending", reason="Resources", partition=""),
        job("7", {"dcu:k100": 1}, "pending", reason="Resources", partition="elsewhere"),
    ]
    [partition] = counted(nodes, jobs).values()
    k100, z100 = partition.accelerators["dcu:k100"], partition.accelerators["dcu:z100"]
    assert k100.pending_reasons == {"Priority": 11, "ReqNodeNotAvail": 1, "Resources": 2}
    assert (k100.pending_jobs, z100.pending_jobs) == (14, 1)
    assert partition.pending_jobs == 14  # not that without a partition


def test_words_of_the_site_win_over_those_of_the_scheduler():
    site = Site(
        accelerators={"dcu:k100": SiteAccelerator(vendor="amd", model="M", memory_bytes=7)},
        partitions={"p": SitePartition(time_limit_s=60, accelerators=("npu:910b",))},
    )
    [partition] = counted(
        [node("a")], site=site, limits=[Limits(name="p", time_limit_s=90)]
    ).values()
    card = partition.accelerators["dcu:k100"]
    assert (card.vendor, card.model, card.memory_bytes) == ("amd", "M", 7)
    assert partition.time_limit_s == 60
    assert partition.accelerators["npu:910b"].cards.total == 0


@pytest.mark.parametrize(
    ("kind", "vendor"),
    [
        ("dcu:k100", "hygon"),
        ("gpu:A100", "nvidia"),
        ("gpu:NVIDIAA100_SXM4_40GB", "nvidia"),
        ("gpu:gputype:A100", "nvidia"),
        ("npu:910B3", "ascend"),
        ("mlu", "cambricon"),
        ("cambricon:x", "cambricon"),
        ("lustre", "unknown"),
    ],
)
def test_vendors_by_the_words_of_the_scheduler(kind, vendor):
    [partition] = counted([node("a", kind=kind)]).values()
    assert partition.accelerators[kind].vendor == vendor


def test_what_the_site_calls_no_card_is_none(home, programs):
    programs.slurm()
    home.mkdir(exist_ok=True)
    (home / "site.toml").write_text(
        '[accelerators."npu:910b"]\nvendor = "none"\n'
        '[accelerators."dcu:k100"]\nprice_per_hour = 1.5\npower_w = 300\n'
    )
    pool = Pool.now(starts=False)
    assert pool.partitions["npu"].accelerators == {}
    assert {each.kind for each in pool.cards().index} == {"dcu:k100", "gpu:a100"}
    _, document = workbench_json("pool", "show", home=home)
    card = shown(document, "dcu", "dcu:k100")
    assert (card["price_per_hour"], card["power_w"]) == (1.5, 300.0)
    assert "1.5 an hour" in workbench("pool", "show", home=home).stdout


def test_every_card_has_one_byte(home, programs, monkeypatch):
    programs.slurm()
    monkeypatch.setattr("workbench.pool.cards.user_name", lambda: "root")
    found = card_states(latest(Site(scheduler="slurm")))
    by_nodes = {
        each.nodes: found.states[each.start : each.start + each.count * each.per_node]
        for each in found.index
    }
    assert by_nodes == {
        "d[1-2]": bytes([MINE] * 8 + [OUT_OF_SERVICE] * 8),
        "g1": bytes([MINE] * 4),
        "n1": bytes([MINE] * 2 + [FREE] * 6),
    }
    monkeypatch.setattr("workbench.pool.cards.user_name", lambda: "ada")
    assert set(card_states(latest(Site(scheduler="slurm"))).states) == {
        OTHERS, OUT_OF_SERVICE, FREE,
    }  # fmt: skip


def test_the_payload_tells_where_the_index_ends(home, programs):
    programs.slurm()
    found = card_states(latest(Site(scheduler="slurm")))
    payload = found.payload()
    length = int.from_bytes(payload[:4], "little")
    head = json.loads(payload[4 : 4 + length])
    assert payload[4 + length :] == found.states
    assert head["meanings"][OUT_OF_SERVICE] == "out of service"
    assert head["index"][0]["kind"] == "dcu:k100"
    assert sum(each["count"] * each["per_node"] for each in head["index"]) == len(found.states)


LINE = (
    "NodeName={name} Arch=x86_64 CoresPerSocket=1 CPUAlloc=1 CPUEfctv=64 CPUTot=64 CPULoad=N/A "
    "AvailableFeatures=(null) ActiveFeatures=(null) Gres={kind}:8 GresDrain=N/A "
    "GresUsed=gpu:0,{kind}:{used},npu:0 NodeAddr={name} NodeHostName={name}  RealMemory=512000 "
    "AllocMem=0 FreeMem=N/A Sockets=64 Boards=1 State=MIXED+CLOUD+POWERED_DOWN ThreadsPerCore=1 "
    "TmpDisk=0 Weight=1 Owner=N/A MCS_label=N/A Partitions={partition}  BootTime=None "
    "SlurmdStartTime=None LastBusyTime=Unknown CfgTRES=cpu=64,mem=500G,billing=64 AllocTRES=cpu=1 "
    "CapWatts=n/a CurrentWatts=0 AveWatts=0 ExtSensorsJoules=n/s ExtSensorsWatts=0 "
    "ExtSensorsTemp=n/s"
)


def test_a_pool_of_32000_cards_is_small_and_read_quickly():
    lines = [
        LINE.format(name=f"{p}{i:04}", kind=kind, used=i % 9, partition=p)
        for p, kind, n in (("d", "dcu:k100", 2800), ("g", "gpu:a800", 700), ("n", "npu:910b", 500))
        for i in range(1, n + 1)
    ]
    text = "\n".join(lines)
    began = time.process_time()
    nodes = Slurm().parse_nodes(text)
    read_s = time.process_time() - began
    assert len(nodes) == 4000
    assert read_s < 1.0  # 0.04 s on a quiet machine

    class Snapshot:
        by_scheduler = {"slurm": Shown(nodes, [], [])}

    found = card_states(Snapshot())
    assert len(found.states) == 32_000
    assert len(found.payload()) < 40_000


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["a"], "a"),
        (["d1", "d2", "d3", "g1"], "d[1-3],g1"),
        (["d09", "d10"], "d[09-10]"),
        (["d9", "d10"], "d[9-10]"),
        (["d1", "d3"], "d1,d3"),
        (["d01", "d2"], "d01,d2"),
        (["r1n1", "r1n2", "r2n1"], "r1n[1-2],r2n1"),
    ],
)
def test_names_of_nodes_are_folded_so_that_they_unfold(names, text):
    assert folded(names) == text
    assert list(expanded(text)) == names


@pytest.fixture
def slurm(home, programs):
    programs.slurm()
    programs.put(
        "sbatch",
        'case "$*" in\n'
        "*partition=gpu*)\n"
        " echo 'allocation failure: Requested node configuration is not available' >&2; exit 1 ;;\n"
        "*) echo 'sbatch: Job 7 to start at 2099-01-01T00:00:00 using 1 processors' >&2 ;;\nesac",
    )
    return programs


def shown(document, partition, kind):
    [found] = [p for p in document["partitions"] if p["name"] == partition]
    return next(a for a in found["accelerators"] if a["name"] == kind)


def test_the_command_shows_the_document_of_the_contract(slurm, home):
    code, document = workbench_json("pool", "show", home=home)
    assert code == 0
    assert (document["scheduler"], document["stale"], document["problems"]) == ("slurm", False, [])
    assert document["age_s"] < 60
    dcu = shown(document, "dcu", "dcu:k100")
    assert (dcu["vendor"], dcu["model"], dcu["per_node"]) == ("hygon", "K100", 8)
    cards = dcu["cards"]
    assert cards["free"] + cards["allocated"] + cards["out_of_service"] == cards["total"] == 16
    assert (cards["allocated"], cards["out_of_service"]) == (8, 8)
    assert (dcu["pending_jobs"], dcu["pending_reasons"]) == (1, {"Resources": 1})
    assert [p["name"] for p in document["partitions"]][-1] == "local"


def test_the_command_shows_when_a_job_would_start_and_that_this_is_a_guess(slurm, home):
    code, document = workbench_json("pool", "show", home=home)
    start = shown(document, "dcu", "dcu:k100")["start"]
    assert code == 0
    assert start["at"] == "2099-01-01T00:00:00Z"
    assert (start["cards"], start["source"]) == (1, "sbatch --test-only")
    gpu = shown(document, "gpu", "gpu:a100")["start"]
    assert (gpu["at"], "waits for them" in gpu["refused"]) == (None, True)
    text = workbench("pool", "show", home=home).stdout
    assert "Slurm's estimate" in text
    assert "time limits" in text
    assert "no start in sight" in text


def test_a_scheduler_that_is_too_busy_to_say_says_nothing_of_the_start(slurm, home):
    slurm.put("sbatch", "echo 'sbatch: error: Socket timed out on send/recv operation' >&2; exit 1")
    _, document = workbench_json("pool", "show", home=home)
    assert shown(document, "gpu", "gpu:a100")["start"] is None


def test_at_most_four_questions_a_look_and_each_only_once(slurm, home):
    for _ in range(2):
        workbench_json("pool", "show", home=home)
    asked = slurm.calls("sbatch")
    assert len(asked) == len(set(asked)) == 6  # partitions with cards: 3, and `all` with 3


def test_people_see_a_table_with_reasons_in_plain_words(slurm, home):
    done = workbench("pool", "show", home=home)
    assert done.returncode == 0
    [row] = [line for line in done.stdout.splitlines() if line.strip().startswith("dcu ")][:1]
    words = row.split()
    assert (words[:4], words[5:9]) == (["dcu", "dcu:k100", "0", "8"], ["8", "1", "1", "h"])
    assert "dcu:k100: K100 (hygon), 8 a node" in done.stdout
    assert "1 job waits (Resources). It is next" in done.stdout
    assert "This computer (local)" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_controller_that_is_down_is_shown_with_the_age_of_the_data(slurm, home):
    workbench("pool", "show", home=home, WORKBENCH_POLL_S="0.1")
    slurm.slurm(before="echo 'Unable to contact slurm controller' >&2; exit 1")
    time.sleep(0.2)
    done = workbench("pool", "show", home=home, WORKBENCH_POLL_S="0.1")
    assert done.returncode == 0
    assert "STALE" in done.stdout
    assert " s old" in done.stdout
    assert "dcu:k100" in done.stdout
    assert "Unable to contact slurm controller" in done.stderr
    _, document = workbench_json("pool", "show", home=home, WORKBENCH_POLL_S="0.1")
    assert document["stale"] is True
    assert document["problems"] == ["slurm: Unable to contact slurm controller"]


def test_without_a_scheduler_this_computer_is_the_pool(home, programs):
    done = workbench("pool", "show", home=home)
    assert done.returncode == 0
    assert "No scheduler is seen from here" in done.stdout
    code, document = workbench_json("pool", "show", home=home)
    assert (code, document["scheduler"], document["stale"]) == (0, "local", False)
    [local] = document["partitions"]
    assert (local["name"], local["title"], local["nodes"]["total"]) == ("local", "This computer", 1)
    assert local["cpus"] >= 1
    assert local["memory_bytes"] > 0


def test_programs_that_were_never_set_up_are_no_scheduler(home, programs):
    programs.slurm(before=NEVER_SET_UP)
    _, document = workbench_json("pool", "show", home=home)
    assert (document["scheduler"], document["stale"]) == ("local", False)
    assert document["problems"] == []
    calls = len(programs.calls())
    workbench("pool", "show", home=home, WORKBENCH_POLL_S="0")
    assert len(programs.calls()) == calls, "they are asked again at every look"


def test_programs_that_were_never_set_up_are_remarked_and_nothing_is_bad(home, programs):
    programs.slurm(before=NEVER_SET_UP)
    shown = workbench("pool", "show", home=home)
    assert "Slurm's programs are here, but no slurm.conf: not used" in shown.stdout
    assert "Warning" not in shown.stderr
    document = json.loads(workbench("doctor", "--json", home=home).stdout)
    found = {one["said"]: one["state"] for one in document["findings"]}
    assert found["Slurm's programs are here, but no slurm.conf: not used"] == "good"
    assert [one for one in document["findings"] if one["check"] == "scheduler" and one["fix"]] == []


def test_programs_that_were_never_set_up_are_bad_where_the_site_file_asks_for_them(home, programs):
    programs.slurm(before=NEVER_SET_UP)
    home.mkdir()
    (home / "site.toml").write_text('scheduler = "slurm"\n')
    _, document = workbench_json("pool", "show", home=home)
    assert "slurm is installed here, but was not set up" in " ".join(document["problems"])
    done = workbench("doctor", "--json", home=home)
    document = json.loads(done.stdout)
    states = [one["state"] for one in document["findings"] if one["check"] == "scheduler"]
    assert (done.returncode, states) == (1, ["bad"])


def test_a_site_file_with_mistakes_is_told_with_its_lines(home, programs):
    home.mkdir(exist_ok=True)
    (home / "site.toml").write_text('schedular = "slurm"\n\n[limits]\njobs = 0\n')
    done = workbench("pool", "show", home=home)
    assert done.returncode == 2
    assert "site.toml:1: schedular" in done.stderr
    assert "site.toml:4: limits.jobs" in done.stderr
    assert "Did you mean 'scheduler'?" in done.stderr


def test_cards_of_this_computer_are_those_that_its_tools_show(home, programs, monkeypatch):
    rows = "0, GPU-aaaa, NVIDIA A100-SXM4-80GB, 81920, 00000000:07:00.0, Disabled"
    programs.put("nvidia-smi", f'[ "$1" = -L ] || echo "{rows}"')
    _, document = workbench_json("pool", "show", home=home)
    [card] = document["partitions"][0]["accelerators"]
    assert card["vendor"] == "nvidia"
    assert card["memory_bytes"] == 81920 * 2**20
    assert {name: card["cards"][name] for name in ("total", "free", "allocated")} == {
        "total": 1, "free": 1, "allocated": 0,
    }  # fmt: skip
    assert "1 A100-SXM4-80GB (nvidia), 1 free" in workbench("pool", "show", home=home).stdout


def test_python_has_the_same_pool(home, programs):
    programs.slurm()
    pool = Pool.now(starts=False)
    assert pool.partitions["npu"].accelerators["npu:910b"].cards.free == 6
    assert pool.to_json()["partitions"][0]["name"] == "dcu"
    assert programs.calls("sbatch") == []
    assert os.environ["WORKBENCH_HOME"] == str(home)
