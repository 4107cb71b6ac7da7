"""Which cards a job uses, and that no two workers hold one."""

import json
import os
import subprocess
import sys
import threading

import pytest

from tests.needs import require_command, require_root
from workbench.errors import Refused
from workbench.kernel import Card
from workbench.pool.accelerators.hygon import Hygon
from workbench.pool.accelerators.nvidia import Nvidia
from workbench.pool.held import hold, pinned
from workbench.pool.probe import Probe
from workbench.pool.usable import usable_cards
from workbench.pool.vendor import FoundCard

ROWS = "".join(
    f"{index}, GPU-{os.getpid()}-{index}, NVIDIA A100-SXM4-80GB, 81920, 00000000:{index}7:00.0, "
    "Disabled\n"
    for index in range(4)
)


class OurDcu(Hygon):
    """Its cards have no UUIDs here, and holds are the whole computer's: other tests hold others."""

    name = f"hygon-{os.getpid()}"


HOLDER = """
import os, sys
from workbench.pool import plugins
from workbench.pool.held import hold
vendor = plugins.vendor("nvidia")
os.setuid(int(sys.argv[2]))
held = hold(vendor, int(sys.argv[1]), environ=os.environ, patience_s=0)
print(*(one.card.index for one in held), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def node(tmp_path):
    """Environment of a job on a node whose nvidia-smi shows four cards."""
    tool = tmp_path / "bin/nvidia-smi"
    tool.parent.mkdir()
    (tmp_path / "rows").write_text(ROWS)
    tool.write_text(f'#!/bin/sh\n[ "$1" = -L ] || cat {tmp_path}/rows\n')
    tool.chmod(0o755)
    tmp_path.chmod(0o755)
    hidden = ("CUDA_VISIBLE_DEVICES",)
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return {**kept, "PATH": f"{tool.parent}:{os.environ['PATH']}"}


def other_job(environ, wanted, *before, uid=None):
    """Another process that holds cards until its input ends; and their indexes."""
    uid = os.getuid() if uid is None else uid
    process = subprocess.Popen(
        [*before, sys.executable, "-c", HOLDER, str(wanted), str(uid)],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, [int(word) for word in process.stdout.readline().split()]


def held_by(environ, wanted=1, **more):
    """Indexes of the cards that this process could hold; they are let go again."""
    held = hold(Nvidia(), wanted, environ=environ, **more)
    indexes = [one.card.index for one in held]
    for one in held:
        one.close()
    return indexes


def test_two_jobs_without_a_word_from_the_scheduler_never_share_a_card(node):
    first, mine = other_job(node, 2)
    try:
        assert mine == [0, 1]
        assert held_by(node, 2) == [2, 3]
    finally:
        first.communicate()


def test_cards_come_free_when_their_holder_is_killed(node):
    first, mine = other_job(node, 4)
    assert mine == [0, 1, 2, 3]
    first.kill()
    first.communicate()
    assert held_by(node, 4, patience_s=0) == [0, 1, 2, 3]


def test_a_card_that_comes_free_soon_is_waited_for(node):
    first, _ = other_job(node, 4)
    ending = threading.Timer(1.0, first.kill)
    ending.start()
    assert held_by(node, 1, patience_s=30) == [0]
    ending.join()
    first.communicate()


def test_too_few_free_cards_are_refused_with_who_holds_them(node):
    first, _ = other_job(node, 3)
    try:
        with pytest.raises(Refused) as refused:
            hold(Nvidia(), 2, environ=node, patience_s=0)
    finally:
        first.communicate()
    message = refused.value.message
    assert message.startswith("Asked for 2 A100-SXM4-80GB cards, could hold 1 of 4")
    for index in (0, 1, 2):
        assert f"card {index} by process {first.pid} of user {os.getuid()}" in message
    assert "card 3" not in message
    assert held_by(node, 4) == [0, 1, 2, 3], "what was held for nothing is still held"


IN_A_TMP_OF_ITS_OWN = """
set -e
mount -t tmpfs none /tmp
chmod 755 /tmp
printf %s "$ROWS" >/tmp/rows
printf '#!/bin/sh\\n[ "$1" = -L ] || cat /tmp/rows\\n' >/tmp/nvidia-smi
chmod 755 /tmp/nvidia-smi
PATH=/tmp:$PATH exec "$@"
"""


def test_a_hold_is_seen_by_another_user_with_a_tmp_of_its_own(node):
    require_root("acting as another user")
    unshare = require_command("unshare", "util-linux")
    environ = {**node, "ROWS": ROWS, "PATH": "/bin:/usr/bin"}
    private = (unshare, "--mount", "sh", "-c", IN_A_TMP_OF_ITS_OWN, "sh")
    nobody = 65534
    with hold(Nvidia(), 1, environ=node)[0]:
        first, theirs = other_job(environ, 3, *private, uid=nobody)
        try:
            assert theirs == [1, 2, 3]
            with pytest.raises(Refused, match=f"card 1 by process [0-9]+ of user {nobody}"):
                hold(Nvidia(), 2, environ=node, patience_s=0)
        finally:
            first.communicate()


@pytest.mark.parametrize("value", ["", "NoDevFiles", "-1"])
def test_a_job_that_was_given_no_card_gets_none(node, value):
    with pytest.raises(Refused, match=f"may use 0: CUDA_VISIBLE_DEVICES={value} names 0 cards"):
        hold(Nvidia(), 1, environ={**node, "CUDA_VISIBLE_DEVICES": value})


@pytest.mark.parametrize(
    ("value", "indexes"),
    [
        ("2", [2]),
        ("3,1", [3, 1]),
        (f"GPU-{os.getpid()}-1", [1]),
        (f"GPU-{os.getpid()}-1,GPU-{os.getpid()}-3", [1, 3]),
        ("1-2", [1, 2]),
        ("all", [0, 1, 2, 3]),
    ],
    ids=["index", "indexes", "uuid", "uuids", "range", "all"],
)
def test_the_scheduler_says_which_cards_by_index_or_uuid(node, value, indexes):
    environ = {**node, "CUDA_VISIBLE_DEVICES": value}
    assert held_by(environ, len(indexes)) == indexes


def test_a_job_that_sees_only_its_own_cards_holds_those_whatever_they_are_called(node, tmp_path):
    """Under a device cgroup the tool counts from 0 what the scheduler calls card 2."""
    (tmp_path / "rows").write_text(ROWS.splitlines()[2].replace("2, ", "0, ", 1) + "\n")
    environ = {**node, "CUDA_VISIBLE_DEVICES": "2"}
    with hold(Nvidia(), 1, environ=environ)[0] as held:
        assert held.card.uuid == f"GPU-{os.getpid()}-2"
        assert held.environment["CUDA_VISIBLE_DEVICES"] == f"GPU-{os.getpid()}-2"


def test_without_a_tool_cards_are_numbered_as_the_site_says(tmp_path):
    environ = {"PATH": str(tmp_path)}
    with (
        hold(OurDcu(), 1, environ=environ, per_node=4, model="K100")[0] as first,
        hold(OurDcu(), 1, environ=environ, per_node=4, model="K100")[0] as second,
    ):
        assert first.card == Card(OurDcu.name, "K100", 0)
        assert second.card == Card(OurDcu.name, "K100", 1)


def test_nodes_that_one_computer_plays_have_their_own_cards():
    """Also under names that are longer than the kernel takes."""
    for name in ("rig", "r" * 200):
        first, second = (
            {"PATH": "", "WORKBENCH_NODE": f"{name}-{os.getpid()}-{node}"} for node in (1, 2)
        )
        with hold(OurDcu(), 1, environ=first, per_node=1)[0]:
            with hold(OurDcu(), 1, environ=second, per_node=1)[0] as other:
                assert other.card.index == 0
            with pytest.raises(Refused):
                hold(OurDcu(), 1, environ=first, per_node=1, patience_s=0)


def test_a_tool_that_fails_is_no_reason_to_guess(tmp_path):
    """Other jobs hold the same cards by their UUIDs."""
    tool = tmp_path / "hy-smi"
    tool.write_text("#!/bin/sh\necho 'driver not loaded' >&2; exit 3\n")
    tool.chmod(0o755)
    environ = {"PATH": f"{tmp_path}:/bin:/usr/bin"}
    with pytest.raises(Refused, match="hy-smi: exit 3, driver not loaded"):
        hold(Hygon(), 1, environ=environ, per_node=4)


def test_a_tool_that_hangs_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr("workbench.pool.probe.TIMEOUT_S", 0.2)
    tool = tmp_path / "hy-smi"
    tool.write_text("#!/bin/sh\nexec sleep 60\n")
    tool.chmod(0o755)
    probe = Probe.run(Hygon(), {"PATH": f"{tmp_path}:/bin:/usr/bin"})
    assert probe.there
    assert probe.cards == []
    assert "no answer within" in probe.words


def test_the_tool_is_not_told_what_is_visible(tmp_path):
    """Intel's goes by the mask itself, and would show the first of one card for every mask."""
    tool = tmp_path / "nvidia-smi"
    tool.write_text('#!/bin/sh\n[ -z "$CUDA_VISIBLE_DEVICES" ] && echo "No devices were found"\n')
    tool.chmod(0o755)
    environ = {"PATH": f"{tmp_path}:/bin", "CUDA_VISIBLE_DEVICES": "1"}
    assert Probe.run(Nvidia(), environ).words == "nvidia-smi shows 0 cards"


def test_a_uuid_that_two_cards_share_names_neither():
    cards = [FoundCard(card=Card("hygon", "K100", index, "0x1")) for index in (0, 1)]
    usable = usable_cards(Hygon(), Probe(cards, "", there=True), {}).cards
    assert [found.card.uuid for found in usable] == [None, None]


def test_a_process_with_the_cards_environment_sees_it_alone(node):
    environ = {**node, "HIP_VISIBLE_DEVICES": "0", "CUDA_VISIBLE_DEVICES": "1,2"}
    with hold(Nvidia(), 1, environ=environ)[0] as held:
        given = pinned(environ, held)
    uuid = f"GPU-{os.getpid()}-1"
    assert given["CUDA_VISIBLE_DEVICES"] == uuid
    assert given["HIP_VISIBLE_DEVICES"] == "0", "another vendor's variable was touched"
    told = json.loads(given["WORKBENCH_CARD"])
    assert (told["vendor"], told["index"], told["uuid"]) == ("nvidia", 1, uuid)
    with hold(OurDcu(), 1, environ={"PATH": ""}, per_node=1)[0] as dcu:
        shown = pinned({"ROCR_VISIBLE_DEVICES": "3", "PATH": ""}, dcu)
    assert "ROCR_VISIBLE_DEVICES" not in shown
    assert shown["HIP_VISIBLE_DEVICES"] == "0"
