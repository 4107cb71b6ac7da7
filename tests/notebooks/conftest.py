import pytest

from tests.ui.place import Place


@pytest.fixture
def place():
    """A home of its own."""
    found = Place()
    yield found
    found.end()
