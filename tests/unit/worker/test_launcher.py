import asyncio
import logging
from pathlib import Path

from distributed.security import Security

from workbench.clusters.process.nannies import Place, WorkerKind
from workbench.worker import launcher


def test_a_worker_that_cannot_be_made_is_told_and_tried_again(monkeypatch, caplog):
    tried, here = [], iter([True, True, False])

    def make(*_):
        tried.append(len(tried))
        raise OSError(28, "No space left on device")

    async def at_once(_):
        pass

    monkeypatch.setattr(launcher, "make_nanny", make)
    monkeypatch.setattr(launcher, "reachable", lambda _: next(here))
    monkeypatch.setattr(launcher.asyncio, "sleep", at_once)
    kind = WorkerKind(memory_bytes=0, node_dir=Path(), http_prefix="", security=Security())

    async def kept():
        over = asyncio.Event()
        await launcher._keep("tls://here:1", kind, Place("dcu-0"), over)
        return over.is_set()

    with caplog.at_level(logging.ERROR):
        assert asyncio.run(kept())
    assert len(tried) == 3
    assert "No space left" in caplog.text
