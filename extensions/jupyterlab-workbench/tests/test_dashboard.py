"""The Dask dashboard behind the login: its pages and its WebSockets, its secret kept."""

import re

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from workbench import service

BOKEH = "bokeh"


@pytest.fixture(scope="session")
def dashed(place):
    """A cluster that runs."""
    yield place.call("cluster", "start", "dashed", "--workers", "1")
    place.call("cluster", "stop", "dashed")


@pytest.fixture
def secret(dashed):
    return service.open_cluster("dashed").connection().dashboard.split("/")[-2]


async def test_its_pages_come_without_its_secret(client, secret):
    page = await client.send("GET", "clusters", "dashed", "dashboard", "status")
    assert page.code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    text = page.body.decode()
    assert secret not in text
    assert "default-src 'none'" not in page.headers["Content-Security-Policy"]
    script = re.search(r'src="[^"]*/dashboard/(static/js/bokeh.min.js)', text)[1]
    found = await client.send("GET", "clusters", "dashed", "dashboard", *script.split("/"))
    assert found.code == 200
    assert found.headers["Content-Type"].startswith(("text/javascript", "application/javascript"))


async def test_what_it_does_not_have_is_not_found(client, dashed):
    found = await client.send("GET", "clusters", "dashed", "dashboard", "nothing")
    assert found.code == 404
    for path in ("../../etc", "..", "@evil.example", "//evil.example"):
        found = await client.send("GET", "clusters", "dashed", "dashboard", path)
        assert found.code in (400, 404), path


def socket(port, base_url, headers):
    url = f"ws://127.0.0.1:{port}{base_url}workbench/api/clusters/dashed/dashboard/status/ws"
    return HTTPRequest(url, headers=headers)


async def test_its_web_sockets_pass(client, dashed, jp_http_port, jp_base_url, jp_auth_header):
    page = await client.send("GET", "clusters", "dashed", "dashboard", "status")
    token = re.search(r'"token":"([^"]+)"', page.body.decode())[1]
    asked = socket(jp_http_port, jp_base_url, jp_auth_header)
    connection = await websocket_connect(asked, subprotocols=[BOKEH, token])
    try:
        assert connection.selected_subprotocol == BOKEH
        assert "ACK" in await connection.read_message()
    finally:
        connection.close()


async def test_a_stranger_gets_no_socket(stranger, dashed, jp_http_port, jp_base_url):
    with pytest.raises(HTTPClientError) as refused:
        await websocket_connect(socket(jp_http_port, jp_base_url, {}))
    assert refused.value.code == 403


async def test_a_stopped_cluster_has_none(client, place):
    place.call("cluster", "start", "over", "--workers", "1")
    place.call("cluster", "stop", "over")
    error = await client.refused(409, "GET", "clusters", "over", "dashboard", "status")
    assert error["code"] == "not_running"
