"""Every route: there, behind the login, and honest about what it cannot do."""

import inspect
import re

import pytest

from jupyterlab_workbench.request import Request
from jupyterlab_workbench.routes import PREFIX, ROUTES
from tests.tree import ROOT

# What the interface promises: verbs by route; {} stands for one id or name.
PROMISED = {
    "recipes": {"GET"},
    "recipes/{}": {"GET"},
    "recipes/{}/check": {"POST"},
    "recipes/{}/picture": {"GET"},
    "runs": {"GET", "POST"},
    "runs/{}": {"GET", "DELETE"},
    "runs/{}/stop": {"POST"},
    "runs/{}/resume": {"POST"},
    "runs/{}/retry": {"POST"},
    "runs/{}/figures": {"GET"},
    "runs/{}/figures/{}": {"GET"},
    "runs/{}/rows": {"GET"},
    "runs/{}/rows.csv": {"GET"},
    "runs/{}/items": {"GET"},
    "runs/{}/log": {"GET"},
    "runs/{}/code": {"GET"},
    "runs/{}/notebook": {"POST"},
    "files": {"POST"},
    "pool": {"GET"},
    "pool/cards": {"GET"},
    "clusters": {"GET", "POST"},
    "clusters/script": {"POST"},
    "clusters/estimate": {"POST"},
    "clusters/{}": {"GET", "PATCH", "DELETE"},
    "clusters/{}/log": {"GET"},
    "clusters/{}/dashboard/{}": {"GET"},
}
VERBS = ("GET", "POST", "DELETE", "PUT", "PATCH")
HOSTILE = ("../../etc", "..", "\0", "a b", "é", "x" * 300, "<script>", "-rf", "*", "%2e%2e", "a/b")

EVERY = [(route, verb) for route, verbs in PROMISED.items() for verb in sorted(verbs)]


def verbs_of(handler):
    own = {name.upper() for name, one in vars(handler).items() if inspect.isfunction(one)}
    return own & set(VERBS)


def test_the_table_is_what_is_promised():
    found = {re.sub(r"\([^)]+\)", "{}", path): verbs_of(handler) for path, handler in ROUTES}
    assert found == PROMISED


def test_every_route_is_documented():
    text = (ROOT / "docs/jupyterlab.md").read_text()
    named = set(re.findall(r"`(?:GET|POST|PATCH|DELETE) ([^`?]+)", text))
    assert {re.sub(r"\{\w+\}", "{}", one) for one in named} == set(PROMISED)


def test_every_handler_is_one_of_ours():
    assert all(issubclass(handler, Request) for _, handler in ROUTES)
    assert PREFIX == "/workbench/api/"


def filled(route, *names):
    """Path of a route with its ids."""
    left = list(names)
    return [left.pop(0) if part == "{}" and left else part for part in route.split("/")]


@pytest.mark.parametrize(("route", "verb"), EVERY)
async def test_a_stranger_is_refused(stranger, place, route, verb):
    path = filled(route, place.good if route.startswith("runs") else "kinds.every", "products")
    found = await stranger.send(verb, *path)
    assert found.code == 403
    assert place.good.encode() not in found.body


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_id_is_not_found(client, name):
    for route, verb in EVERY:
        if "{}" in route:
            body = {"values": {}} if route.endswith("check") else {}
            found = await client.send(verb, *filled(route, name, name), body=body)
            assert found.code == 404, (route, verb, found.code, found.body)
    assert (await client.send("GET", "recipes")).code == 200


@pytest.mark.parametrize("path", ["nothing", "runs/x/y/z", "recipes/x/check/more", ""])
async def test_what_is_no_route_is_told_as_json(client, path):
    error = await client.refused(404, "GET", *path.split("/"))
    assert error["code"] == "not_found"


@pytest.mark.parametrize("route", PROMISED)
async def test_other_verbs_are_refused(client, place, route):
    path = filled(route, place.good if route.startswith("runs") else "kinds.every", "products")
    for verb in set(VERBS) - PROMISED[route]:
        assert (await client.send(verb, *path)).code == 405, verb


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'{"unknown": 1}', b"\xff\xfe", b"NaN"])
async def test_a_body_that_cannot_be_read_is_refused(client, place, body):
    headers = {"Content-Type": "application/json"}
    for route, verb in EVERY:
        if verb in ("POST", "PATCH") and route != "runs/{}/stop":  # which takes none
            path = filled(route, place.good if route.startswith("runs") else "kinds.every")
            error = await client.refused(422, verb, *path, raw=body, headers=headers)
            assert error["fields"], route


@pytest.mark.parametrize(
    "route",
    ["recipes/{}/check", "runs", "runs/{}/notebook", "files", "clusters", "clusters/script"],
)
async def test_a_body_that_is_too_large_is_refused(client, place, route):
    path = filled(route, place.good if route.startswith("runs") else "kinds.every")
    body = b'{"values": "' + b"x" * 2**20 + b'"}'
    headers = {"Content-Type": "application/json"}
    error = await client.refused(413, "POST", *path, raw=body, headers=headers)
    assert error["code"] == "too_large"
