"""What Binder would build and start, as far as that goes without a container."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from packaging.specifiers import SpecifierSet
from playwright.sync_api import expect, sync_playwright

from tests.tree import ROOT
from tests.ui.lab import TOKEN, Desk, Lab, chromium
from tools.binder_link import LAB, NOTEBOOK, link

BINDER = ROOT / "binder"
MOST_BYTES = 1.5e9
MOMENT_MS = 250
PICTURES = os.environ.get("WORKBENCH_PICTURES")


def requirements():
    """Lines of binder/requirements.txt that name something."""
    lines = (BINDER / "requirements.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_the_same_folders_are_installed_as_by_make():
    make = (ROOT / "Makefile").read_text()
    (line,) = [one for one in make.splitlines() if one.startswith("DISTRIBUTIONS := ")]
    ours = line.split()[2:]
    folders = [one for one in requirements() if not one.startswith("-")]
    extension = "extensions/jupyterlab-workbench"
    assert {Path(one).as_posix() for one in folders} == {
        one.replace("$(EXTENSION)", extension) for one in ours
    }


def test_pip_takes_the_requirements_from_the_root():
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--no-index"),
            *("--no-build-isolation", "--disable-pip-version-check", "--root-user-action=ignore"),
            *("-r", "binder/requirements.txt"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Preparing metadata (pyproject.toml): finished") == 4


def test_the_python_is_one_that_every_distribution_takes():
    kind, _, version = (BINDER / "runtime.txt").read_text().strip().partition("-")
    assert kind == "python"
    for folder in [one for one in requirements() if not one.startswith("-")]:
        project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]
        assert SpecifierSet(project["requires-python"]).contains(f"{version}.0")


@pytest.fixture
def environment(tmp_path):
    """What a visitor's container has: an empty home, our Python first on PATH."""
    kept = {name: value for name, value in os.environ.items() if name in ("LANG", "TMPDIR")}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**kept, "PATH": path, "HOME": str(tmp_path)}


def test_the_build_is_checked_and_tidied(tmp_path, environment):
    script = shutil.copy(BINDER / "postBuild", tmp_path)
    left = tmp_path / "extensions/panel/node_modules"
    left.mkdir(parents=True)
    subprocess.run([script], cwd=tmp_path, env=environment, check=True, timeout=120)
    assert not left.exists()


def test_a_build_without_its_recipes_fails(tmp_path, environment):
    for name in ("workbench", "jupyter"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 3\n")
        (tmp_path / name).chmod(0o755)
    lame = {**environment, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run([BINDER / "postBuild"], cwd=tmp_path, env=lame, check=False)
    assert done.returncode == 3


def test_runs_do_not_fall_into_the_checkout(tmp_path, environment):
    (tmp_path / "workbench").mkdir()
    asked = [BINDER / "start", "workbench", "run", "list"]
    subprocess.run(asked, cwd=tmp_path, env=environment, check=True, timeout=60)
    assert list((tmp_path / "workbench").iterdir()) == []
    assert (tmp_path / "workbench-home/runs").is_dir()


def test_the_link_names_the_notebook_and_the_panel():
    assert (ROOT / NOTEBOOK).exists()
    found = link("git@github.com:ada/search.git")
    assert found.startswith("https://mybinder.org/v2/gh/ada/search/HEAD?urlpath=lab%2Ftree%2F")
    with pytest.raises(SystemExit, match="no repository on GitHub"):
        link("")


class Container(Lab):
    """JupyterLab as Binder starts it: by binder/start, in the checkout."""

    before = (str(BINDER / "start"),)

    def resident(self):
        """Bytes of memory by role, of everything that runs for the visitor."""
        found = {}
        for process in self.place.processes():
            with suppress(psutil.Error):
                words = " ".join(process.cmdline())
                role = next((name for name, word in ROLES.items() if word in words), "other")
                found[role] = found.get(role, 0) + process.memory_info().rss
        return found


ROLES = {
    "server": "--ServerApp",
    "kernel": "ipykernel_launcher",
    "recipes": "workbench.answers",
    "scheduler": "workbench.clusters",
    "driver": "workbench.driver",
    "figures": ".vl.json",
    "workers": "multiprocessing",
}


@pytest.fixture
def container(place):
    """A visitor's container, but for its walls."""
    shutil.copytree(ROOT / "notebooks", place.work / "notebooks")
    del place.env["JUPYTERLAB_SETTINGS_DIR"]
    place.env["HOME"] = str(place.root)
    found = Container(place)
    found.start()
    yield found
    found.kill()


def test_one_link_opens_panel_and_notebook_within_the_memory_of_binder(container, capsys):
    with sync_playwright() as playwright, chromium(playwright) as browser:
        desk = Desk(browser, container)
        address = container.url.removesuffix("lab") + LAB
        page = desk.page
        page.goto(f"{address}&token={TOKEN}")
        panel = page.get_by_role("region", name="Science workbench")
        expect(panel.get_by_role("button", name="Protein search").first).to_be_visible()
        notebook = page.locator(".jp-NotebookPanel:visible")
        expect(notebook.get_by_role("heading", name="A first run")).to_be_visible()
        expect(page.get_by_text("official Jupyter news")).to_have_count(0)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Run All Cells$")).click()
        last = notebook.get_by_text("'sound': True")
        seen = []
        while not last.count():
            seen.append(container.resident())
            page.wait_for_timeout(MOMENT_MS)
            assert len(seen) < 400, notebook.inner_text()
        expect(notebook.locator(".vega-embed canvas")).to_have_count(2)
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / "binder.png")
        desk.close()
    most = max(seen, key=lambda one: sum(one.values()))
    with capsys.disabled():
        told = ", ".join(f"{role} {size / 1e6:.0f}" for role, size in sorted(most.items()))
        print(f"\n  resident, MB: {sum(most.values()) / 1e6:.0f} ({told})")  # noqa: T201
    assert {"server", "kernel", "scheduler", "driver", "workers"} <= most.keys()
    assert sum(most.values()) < MOST_BYTES
