"""Routes of the pool: what there is, and every single card."""

from __future__ import annotations

import asyncio
import hashlib

import workbench
from jupyterlab_workbench.request import Request, verb


class Pool(Request):
    """``pool``."""

    @verb
    async def get(self) -> None:
        """Answer with every partition; the scheduler is asked at most twice a minute."""
        self.tell(await asyncio.to_thread(lambda: workbench.service.pool().to_json()))


class Cards(Request):
    """``pool/cards``."""

    @verb
    async def get(self) -> None:
        """Answer with a byte a card, or 304 where none has changed; how old it is either way."""
        pool = await asyncio.to_thread(lambda: workbench.service.pool(starts=False))
        payload = await asyncio.to_thread(lambda: pool.cards().payload())
        self.set_header("Etag", f'"{hashlib.sha256(payload).hexdigest()[:32]}"')
        self.set_header("Cache-Control", "private, no-cache")
        self.set_header("Workbench-Collected", pool.collected)
        self.set_header("Workbench-Age-S", f"{pool.age_s:.3f}")
        self.set_header("Workbench-Stale", str(pool.stale).lower())
        if self.check_etag_header():
            self.set_status(304)
            await self.finish()
        else:
            await self.finish(payload, set_content_type="application/octet-stream")
