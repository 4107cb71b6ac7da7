import pytest
from pytest_jupyter.jupyter_server import *  # noqa: F403 - fixtures, and the hooks for coroutines

from tests.ui.client import Client
from tests.ui.place import Place


@pytest.fixture(scope="session")
def place():
    """A home with two ended runs: one is complete, in the other two of six items failed."""
    found = Place()
    try:
        found.good = found.run()["run_id"]
        found.bad = found.run(fail="[2, 4]")["run_id"]
        yield found
    finally:
        found.end()


@pytest.fixture(autouse=True)
def in_place(place, jp_environ, monkeypatch):
    for name in ("WORKBENCH_HOME", "PYTHONPATH", "TMPDIR"):
        monkeypatch.setenv(name, place.env[name])
    monkeypatch.setattr("tempfile.tempdir", place.env["TMPDIR"])


@pytest.fixture
def jp_server_config():
    """The server refuses to serve any route that forgot to ask who is there."""
    return {
        "ServerApp": {
            "allow_unauthenticated_access": False,
            "jpserver_extensions": {"jupyterlab_workbench": True},
        }
    }


@pytest.fixture
def client(jp_serverapp, http_server_client, jp_auth_header, jp_base_url):
    """Somebody who is logged in."""
    return Client(http_server_client, jp_base_url, jp_auth_header)


@pytest.fixture
def stranger(jp_serverapp, http_server_client, jp_base_url):
    """Somebody who is not."""
    return Client(http_server_client, jp_base_url, {"Authorization": "token wrong"})
