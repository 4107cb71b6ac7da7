"""The rig, once for all tests of one run."""

import signal

import pytest

from tests.needs import require_sge, require_slurm
from tools.rig.big import BigSlurm
from tools.rig.sge import Sge
from tools.rig.slurm import Slurm


def pytest_configure():
    # Whoever ends the tests ends the rig, too: fixtures are left as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/slurm/" in item.nodeid:
            item.add_marker(pytest.mark.slurm)
            if item.get_closest_marker("timeout") is None:
                # Every worker is four processes that start on a computer with other work, too.
                item.add_marker(pytest.mark.timeout(900))


@pytest.fixture(scope="session")
def slurm():
    """A Slurm of five nodes and three vendors' cards, with accounts and limits."""
    require_slurm()
    with Slurm.start(accounting=True) as rig:
        yield rig


@pytest.fixture(scope="session")
def big_slurm():
    """A Slurm of 4,000 nodes and 32,000 cards."""
    require_slurm()
    with BigSlurm.start() as rig:
        yield rig


@pytest.fixture(scope="session")
def sge():
    """A Grid Engine of one node with six cards."""
    require_sge()
    with Sge.start() as rig:
        yield rig
