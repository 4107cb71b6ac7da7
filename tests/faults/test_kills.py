"""Kill -9 of everything at random moments: the run ends complete, and no finished task twice.

``WORKBENCH_FAULTS_SEED`` repeats the moments of an earlier run of these tests.
"""

import json
import logging
import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from subprocess import DEVNULL, PIPE

import pytest

from tests.faults.kit import WORKBENCH, Place, kill, same, until
from workbench.runs.manifest import read_manifest

LOG = logging.getLogger(__name__)
SEED = int(os.environ.get("WORKBENCH_FAULTS_SEED") or random.SystemRandom().randrange(10**6))
VALUES = {
    "faults.steps": {"n": 240, "seconds": 0.02},
    "faults.owners": {"n": 40, "probes": 6, "seconds": 0.03},
}
RECIPES = list(VALUES)
WORKERS = 2
TOGETHER = 3
VICTIMS = ("worker", "driver", "cluster", "shell")
# Their death leaves the cluster alone, which several runs then share.
OUTSIDE = ("driver", "shell")


@pytest.fixture(scope="module")
def unbroken():
    """``{recipe: (seconds, result)}`` of runs that nobody disturbed."""
    found = {}
    with Place() as place:
        for recipe, values in VALUES.items():
            begun = time.monotonic()
            run = place.start(recipe, **values)
            assert run.wait() == "completed", run.log()
            found[recipe] = time.monotonic() - begun, run.result()
            assert set(run.calls().values()) == {1}
    return found


def pid_of(victim, place, run, dice):
    if victim == "driver":
        return run.driver()
    cluster = place.cluster()
    if victim == "cluster":
        return cluster["pid"]
    workers = [worker["pid"] for worker in cluster["worker_processes"]]
    return dice.choice(workers) if workers else 0


def strike(pid, how):
    """Kill; say whether there was still something to kill."""
    try:
        kill(pid, how)
    except ProcessLookupError:
        return False
    return True


def disturbed(place, recipe, victim, how, moment, dice):
    """Start a run and kill once; return the run, what was finished then, and whether it hit."""
    begun = time.monotonic()
    run = place.start(recipe, **VALUES[recipe])
    time.sleep(max(0.0, begun + moment - time.monotonic()))
    pid = until(lambda: pid_of(victim, place, run, dice), 30, f"a {victim}")
    finished = run.finished()
    hit = strike(pid, how)
    # What a dead driver wrote it wrote before.
    return run, run.finished() if victim == "driver" else finished, hit


def orphaned(place, recipe, how, moment):
    """Start a run in a shell that is killed; the run is None where none had been made."""
    side = place.side()
    words = place.words(recipe, "--wait", **VALUES[recipe], side=side)
    # With something left to do the shell does not become the command.
    command = " ".join([WORKBENCH, *map(str, words), "; exit $?"])
    begun = time.monotonic()
    shell = place.spawn("bash", "-c", command, start_new_session=True, stdout=DEVNULL)
    time.sleep(max(0.0, begun + moment - time.monotonic()))
    run = made(place, side)
    finished = run.finished() if run else set()
    hit = strike(shell.pid, how)
    if how == "pid":
        # The command itself goes on without its shell.
        run = until(lambda: made(place, side), 60, "the run of a shell that was killed")
    elif (run := made(place, side)) and not known(place, run):
        assert place.call("run", "resume", run.id).returncode == 0
    return run, finished, hit


def known(place, run):
    """Whether anybody else knew of a run whose submitter was killed."""
    return run.driver() or (place.home / f"clusters/local/runs/{run.id}.json").exists()


def made(place, side):
    """The run that notes its calls in `side`, None where there is none."""
    for manifest in place.home.glob("runs/*/manifest.json"):
        if read_manifest(manifest.parent).parameters["side"] == str(side):
            return place.seen(manifest.parent, side)
    return None


def once(run, finished, workers):
    """Tasks that were finished before the kill have one call; few of the others have two."""
    calls = run.calls()
    again = {task for task, count in calls.items() if count > 1}
    assert set(calls) == run.finished()
    assert max(calls.values()) <= 2, run.log()
    assert not again & finished, f"{sorted(again & finished)} ran again: {run.log()}"
    largest = max(sum(b - a for a, b in line["tasks"]) for line in run.receipts())
    assert len(again) <= 2 * workers * largest, f"{len(again)} ran again, batches <= {largest}"


def moments(dice, count):
    """Random moments, one in each of `count` equal parts of a run."""
    return [(part + dice.random()) / count for part in range(count)]


def one(shared, recipe, victim, how, moment, dice, expected):
    """One run with one kill, to its end."""
    with ExitStack() as stack:
        place = shared or stack.enter_context(Place(workers=WORKERS))
        if victim == "shell":
            run, finished, hit = orphaned(place, recipe, how, moment)
        else:
            run, finished, hit = disturbed(place, recipe, victim, how, moment, dice)
        if run is not None:
            assert run.wait() == "completed", run.log()
            once(run, finished, place.workers)
            same(run.result(), expected)
        return hit


def rounds(victim, how, count, unbroken):
    """Kill in each of so many runs; return whether there was something to kill."""
    dice = random.Random(f"{SEED} {victim} {how}")
    LOG.warning("WORKBENCH_FAULTS_SEED=%d", SEED)
    with ExitStack() as stack:
        shared = None
        if victim in OUTSIDE:
            shared = stack.enter_context(Place(workers=WORKERS * TOGETHER))
        calls = []
        for number, part in enumerate(moments(dice, count)):
            recipe = RECIPES[number % len(RECIPES)]
            seconds, expected = unbroken[recipe]
            LOG.warning(
                "%s by %s: %s at %.2f of %.2f s", victim, how, recipe, part * seconds, seconds
            )
            mine = random.Random(dice.random())
            calls.append((shared, recipe, victim, how, part * seconds, mine, expected))
        with ThreadPoolExecutor(TOGETHER) as pool:
            return list(pool.map(lambda call: one(*call), calls))


def test_who_waits_restarts_driver_and_cluster(place, unbroken):
    recipe = "faults.owners"
    side = place.side()
    words = place.words(recipe, "--wait", "--json", **VALUES[recipe], side=side)
    waiting = place.spawn(WORKBENCH, *words, stdout=PIPE)
    run = until(lambda: made(place, side), 30, "a run")
    until(run.finished, 30, "a first receipt")
    finished = run.finished()
    kill(place.cluster()["pid"], "group")
    kill(run.driver(), "group")
    said = json.loads(waiting.communicate(timeout=100)[0])
    assert (waiting.returncode, said["state"], said["run_id"]) == (0, "completed", run.id)
    once(run, finished, place.workers)
    same(run.result(), unbroken[recipe][1])


@pytest.mark.parametrize("how", ["pid", "group"])
@pytest.mark.parametrize("victim", VICTIMS)
def test_three_kills(victim, how, unbroken):
    assert any(rounds(victim, how, 3, unbroken)), "all had ended before they could be killed"


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("how", ["pid", "group"])
@pytest.mark.parametrize("victim", VICTIMS)
def test_twenty_kills(victim, how, unbroken):
    assert any(rounds(victim, how, 20, unbroken)), "all had ended before they could be killed"
