import os
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.needs import require_slurm
from tests.tree import ROOT
from tests.ui.lab import Desk, Lab, chromium
from tests.ui.place import Place
from tests.ui.rig import RigPlace
from tools.rig.slurm import Slurm

BUILT = ROOT / "extensions/jupyterlab-workbench/jupyterlab_workbench/labextension/package.json"
PICTURES = Path(os.environ.get("WORKBENCH_PICTURES", ROOT / "test-results/ui"))


@pytest.fixture(scope="session")
def place():
    """A home of its own."""
    found = Place()
    yield found
    found.end()


@pytest.fixture(scope="session")
def finished(place):
    """A finished run of six items, which nobody changes."""
    return place.run()["run_id"]


@pytest.fixture(scope="session")
def flawed(place):
    """One with a failed item, which nobody changes."""
    return place.run(fail="[2]")["run_id"]


@pytest.fixture(scope="session")
def lab(place):
    """A JupyterLab that lasts for all tests; whoever kills it starts it again."""
    if not BUILT.exists():
        pytest.fail("the panel is not built: make dev")
    found = Lab(place)
    found.start()
    yield found
    found.kill()


@pytest.fixture(scope="session")
def rig_place():
    """A home on a Slurm with three vendors' cards."""
    require_slurm()
    with Slurm.start() as rig:
        found = RigPlace(rig)
        try:
            yield found
        finally:
            found.end()


@pytest.fixture(scope="session")
def rig_lab(rig_place):
    """A JupyterLab that sees that Slurm."""
    found = Lab(rig_place)
    found.start()
    yield found
    found.kill()


@pytest.fixture
def rig_desk(browser, rig_lab):
    """A window of that one."""
    found = Desk(browser, rig_lab)
    yield found
    found.close()


# Playwright's event loop runs until it is left: tests elsewhere need their own.
@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright, chromium(playwright) as found:
        yield found


@pytest.fixture
def desk(browser, lab):
    """A window; its test fails for any error on the console and any request to elsewhere."""
    found = Desk(browser, lab)
    yield found
    found.close()


@pytest.fixture
def picture(request):
    """Keep a picture of a page, or of a part of it."""

    def keep(seen, name):
        PICTURES.mkdir(parents=True, exist_ok=True)
        seen.screenshot(path=PICTURES / f"{name}.png")

    return keep
