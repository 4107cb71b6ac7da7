"""The page on the first day, typed on a real Slurm by somebody who has nothing."""

import re
import time
from pathlib import Path
from subprocess import PIPE

from tests.slurm.kit import WORKBENCH, Place
from tests.tree import ROOT

PAGE = (ROOT / "docs/first-day-on-a-cluster.md").read_text()
BIN = Path(WORKBENCH).parent
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands():
    """The commands of the page, in order."""
    blocks = CONSOLE.findall(PAGE)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def wait(place, words, done):
    """Wait for what the reader of the page waits for."""
    deadline = time.monotonic() + 90
    while not done(document := place.json(*words)):
        assert time.monotonic() < deadline, document
        time.sleep(0.3)


def test_the_page_works_as_it_stands(slurm):
    """From a home without any site file to a result that opens."""
    assert len(commands()) >= 10
    with Place(slurm, WORKBENCH_SITE="") as place:
        shown = {}
        for command in commands():
            if command.startswith("workbench cluster show"):
                wait(place, ("cluster", "show", "dcu"), lambda s: s["workers"]["connected"] == 4)
            if command.startswith("workbench run list"):
                (run,) = (place.home / "runs").glob("*-search-*")
                assert place.json("run", "wait", run.name)["state"] == "completed"
            child = place.spawn("bash", "-c", f'PATH="{BIN}:$PATH"; {command}', stdout=PIPE)
            shown[command] = child.communicate(timeout=120)[0]
            assert child.returncode == 0, command
        drafted = (place.home / "site.toml").read_text().splitlines()

    def said(words):
        return next(out for command, out in shown.items() if command.startswith(words))

    assert "dcu:k100" in said("workbench pool show")
    assert "--gres=dcu:k100:1" in said("workbench cluster script")
    assert "each side reads what the other wrote" in said("workbench doctor dcu")
    assert "Finished, 5 of 5 items" in said("workbench run list")
    assert "<xarray.Dataset>" in said("workbench run open")
    told = re.search(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[1]
    assert [line for line in told.splitlines() if line not in drafted] == []
