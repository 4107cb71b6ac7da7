"""The rig, once for all tests of one run."""

import signal

import pytest

from tests.needs import require_slurm
from tools.rig.slurm import Slurm


def pytest_configure():
    # Whoever ends the tests ends the rig, too: fixtures are left as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/slurm/" in item.nodeid:
            item.add_marker(pytest.mark.slurm)


@pytest.fixture(scope="session")
def slurm():
    """A Slurm of five nodes and three vendors' cards, shared by all tests of one run."""
    require_slurm()
    with Slurm.start() as rig:
        yield rig
