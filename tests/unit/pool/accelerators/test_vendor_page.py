"""The vendor of docs/add-a-vendor.md, installed and used as it stands there."""

import json
import os
import re
import subprocess
import sys
import tomllib

import pytest

from tests.packs import install
from tests.tree import ROOT


def blocks(language):
    """The page's code blocks in a language."""
    page = (ROOT / "docs/add-a-vendor.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


VENDOR, TEST = blocks("python")
(OUTPUT,) = blocks("text")
# What a job of a worker does with it: nothing here knows MetaX.
JOB = """
import json, os
from workbench.pool import plugins
from workbench.pool.held import hold, pinned
(held,) = hold(plugins.vendor("metax"), 1, environ=os.environ)
print(json.dumps([held.card.index, held.found.bus, pinned(os.environ, held)]))
"""


@pytest.fixture
def environment(tmp_path):
    """What somebody has who followed the page, on a node with two cards."""
    site = tmp_path / "site"
    site.mkdir()
    described = tomllib.loads(blocks("toml")[0])["project"]
    points = described["entry-points"]["workbench.vendors"]
    modules = {"mylab_metax": VENDOR}
    install(site, described["name"], points, modules, group="workbench.vendors")
    (tmp_path / "table").write_text(OUTPUT)
    tool = tmp_path / "bin/mx-smi"
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\ncat {tmp_path}/table\n")
    tool.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if name != "CI"}
    path = f"{tool.parent}:{os.environ['PATH']}"
    node = f"page-{os.getpid()}"
    return {**kept, "PYTHONPATH": str(site), "PATH": path, "WORKBENCH_NODE": node}


def test_the_page_begins_with_a_whole_vendor_of_about_45_lines():
    assert len([line for line in VENDOR.splitlines() if line.strip()]) <= 45


def test_a_job_holds_and_pins_its_cards_without_a_change_of_ours(environment):
    given = {**environment, "MACA_VISIBLE_DEVICES": "1", "CUDA_VISIBLE_DEVICES": "1"}
    done = subprocess.run(
        [sys.executable, "-c", JOB], env=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    index, bus, shown = json.loads(done.stdout)
    assert (index, bus) == (1, "0000:21:00.0")
    assert shown["MACA_VISIBLE_DEVICES"] == "1"
    assert "CUDA_VISIBLE_DEVICES" not in shown


def test_the_page_test_passes(environment, tmp_path):
    (tmp_path / "test_metax.py").write_text(TEST)
    (tmp_path / "mx-smi-2.2.8.txt").write_text(OUTPUT)
    options = ["-q", "-p", "no:cacheprovider", "--import-mode=importlib", "-W", "error"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "test_metax.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert "skipped" not in done.stdout
