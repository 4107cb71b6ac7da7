"""Calls that a cluster cannot take any more come back once each, whatever state they are in."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any

import pytest
from distributed import Client, LocalCluster

from workbench.driver import link as links
from workbench.driver.link import Event, Link

CALLS = 40


@pytest.fixture
def client() -> Iterator[Client]:
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def nap(order: dict[str, Any]) -> int:
    time.sleep(0.02)
    return int(order["number"])


def test_what_queues_comes_back_lost_and_all_else_with_its_value(client, monkeypatch, caplog):
    monkeypatch.setattr(links, "RECALL_S", 0.0)
    monkeypatch.setattr(Link, "_watch", lambda self: None)
    events: SimpleQueue[Event] = SimpleQueue()
    link = Link("small", "run", "folder", events)
    link._client, link.workers = client, 1
    for number in range(CALLS):
        link.send(nap, {"number": number}, number)
    got: list[Event] = []
    deadline = time.monotonic() + 30
    while len(got) < CALLS and time.monotonic() < deadline:
        link._recall(client)
        while not events.empty():
            got.append(events.get())
        time.sleep(0.005)
    assert sorted(event.token for event in got) == list(range(CALLS))
    lost = [event for event in got if event.lost]
    assert lost
    assert all(event.value == event.token for event in got if not event.lost)
    assert len(lost) < CALLS
    assert not link._futures
    assert not link._waits
    gc.collect()
    assert "never retrieved" not in caplog.text
