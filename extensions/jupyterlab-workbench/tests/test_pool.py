"""The pool over REST, where there is no scheduler: this computer."""

import json

from jupyterlab_workbench.documents.pool import Pool


def payload(body):
    """The index and the states."""
    size = int.from_bytes(body[:4], "little")
    return json.loads(body[4 : 4 + size]), body[4 + size :]


async def test_this_computer_is_a_partition(client):
    pool = await client.get("pool", model=Pool)
    local = pool["partitions"][-1]
    assert (local["name"], local["title"]) == ("local", "This computer")
    assert local["cpus"] >= 1


async def test_cards_come_as_bytes_with_their_age(client):
    found = await client.send("GET", "pool", "cards")
    assert found.code == 200
    assert found.headers["Content-Type"] == "application/octet-stream"
    assert float(found.headers["Workbench-Age-S"]) >= 0
    assert found.headers["Workbench-Stale"] == "false"
    index, states = payload(found.body)
    assert index["meanings"] == ["free", "in use by others", "mine", "out of service"]
    assert len(states) == sum(one["count"] * one["per_node"] for one in index["index"])


async def test_cards_that_have_not_changed_are_not_sent_again(client):
    first = await client.send("GET", "pool", "cards")
    headers = {"If-None-Match": first.headers["Etag"]}
    again = await client.send("GET", "pool", "cards", headers=headers)
    assert again.code == 304
    assert not again.body
    assert again.headers["Workbench-Collected"]
    other = await client.send("GET", "pool", "cards", headers={"If-None-Match": '"other"'})
    assert other.code == 200
