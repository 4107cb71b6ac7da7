"""Resume under changed code asks; an edited comment does not; the same run has the same keys."""

import os
import pty
from subprocess import PIPE

from tests.faults.kit import WORKBENCH, kill, same, until
from workbench.runs.handle import Run

VALUES = {"n": 150, "seconds": 0.03}


def stopped(place):
    """A run that was stopped when some of it was finished."""
    run = place.start("faults.steps", **VALUES)
    until(run.finished, 30, "a first receipt")
    # Asked from here: on a busy computer a command would come too late.
    Run(run.folder).stop()
    assert run.wait() == "stopped", run.log()
    finished = run.finished()
    assert 0 < len(finished) < VALUES["n"]
    return run, finished


def edit(place, old, new):
    """Edit the pack where it is installed."""
    module = place.site / "fault_pack.py"
    text = module.read_text()
    assert old in text
    module.write_text(text.replace(old, new))


def answered(place, run, answer):
    """Resume at a terminal and answer what is asked; return the exit code and what was said."""
    mine, theirs = pty.openpty()
    words = ("run", "resume", run.id)
    child = place.spawn(WORKBENCH, *words, stdin=theirs, stdout=PIPE, stderr=PIPE)
    os.close(theirs)
    os.write(mine, f"{answer}\n".encode())
    said = child.communicate(timeout=60)[1].decode()
    os.close(mine)
    return child.returncode, said


def test_changed_code_is_said_and_asked_about_and_goes_on_when_accepted(place):
    run, finished = stopped(place)
    edit(place, "square = x**2", "square = x**2 + 1")
    code, document = place.json("run", "resume", run.id)
    assert (code, document["error"]["code"]) == (4, "code_changed")
    assert f"workbench run resume {run.id} --accept-code" in document["error"]["message"]
    assert run.state == "stopped"
    code, said = answered(place, run, "n")
    assert (code, run.state) == (4, "stopped")
    assert "was submitted" in said
    assert "Go on with today's code?" in said

    # The cluster still holds the older code: its workers are replaced.
    code, said = answered(place, run, "y")
    assert code == 0, said
    assert run.wait() == "completed", run.log()
    assert set(run.calls().values()) == {1}
    square = Run(run.folder).open()["square"].values
    later = {task for _, task in run.calls()} - {task for _, task in finished}
    assert [square[task] - task**2 for _, task in sorted(finished)] == [0] * len(finished)
    assert [square[task] - task**2 for task in sorted(later)] == [1] * len(later)
    hashes = {line["code_hash"] for line in run.receipts()}
    assert len(hashes) == 2


def test_a_driver_that_is_restarted_under_changed_code_asks_too(place):
    run = place.start("faults.steps", **VALUES)
    until(run.finished, 30, "a first receipt")
    edit(place, "square = x**2", "square = x * x")
    kill(run.driver(), "pid")
    assert run.wait() == "failed"
    assert run.describe()["error"]["code"] == "code_changed"
    finished = run.finished()
    assert place.call("run", "resume", run.id).returncode == 4
    assert place.call("run", "resume", run.id, "--accept-code", "--wait").returncode == 0, run.log()
    assert {run.calls()[task] for task in finished} == {1}


def test_an_edited_comment_asks_nothing_and_reruns_nothing(place, shared):
    run, _ = stopped(place)
    edit(place, "    square = x**2", "    # The square of it.\n    square = x**2  # done")
    assert place.call("run", "resume", run.id, "--wait").returncode == 0, run.log()
    assert set(run.calls().values()) == {1}
    assert len({line["code_hash"] for line in run.receipts()}) == 1
    undisturbed = shared.start("faults.steps", **VALUES)
    undisturbed.wait()
    same(run.result(), undisturbed.result())


def keys(place, table, *options):
    """Digests of the task keys of a run over this file."""
    run = place.start("faults.files", *options, table=table, side="", shards=5)
    assert run.wait() == "completed", run.log()
    return [stage["keys_sha256"] for stage in run.describe()["stages"]]


def test_the_same_run_elsewhere_has_the_same_keys(shared, place):
    here, there = shared.root / "here.txt", place.root / "deep" / "there.txt"
    there.parent.mkdir()
    for table in (here, there):
        table.write_text("1.5\n2.5\n" * 20)
    first = keys(shared, here)
    assert len(set(first)) == 2
    assert keys(place, there, "--folder", place.root / "far") == first
    here.write_text("1.5\n2.25\n" * 20)
    assert not set(keys(shared, here)) & set(first)
