import signal

import pytest

from tests.faults.kit import Place


def pytest_configure():
    # Whoever ends the tests ends what they started, too: fixtures are left as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/faults/" in item.nodeid:
            item.add_marker(pytest.mark.faults)


@pytest.fixture
def place():
    """A home that a test may break."""
    with Place() as found:
        yield found


@pytest.fixture(scope="session")
def shared():
    """A home for tests that leave the cluster's process and the drivers alone."""
    with Place() as found:
        yield found
