"""What all requests share: the answers' process, the list of runs, and the watch over live runs."""

from __future__ import annotations

import asyncio
import contextlib
from logging import Logger
from pathlib import Path
from typing import Any

from jupyterlab_workbench.answers import Answers
from workbench import service

WATCH_S = 10.0


class Desk:
    """State of the server's part.

    Parameters
    ----------
    python
        The Python that has the recipes.
    upload_bytes
        Largest file that may be uploaded.
    """

    def __init__(self, python: str, upload_bytes: int, log: Logger) -> None:
        self.answers = Answers(python, log)
        self.upload_bytes = upload_bytes
        self._log = log
        self._index: service.RunIndex | None = None
        self._guards: dict[str, service.Guard] = {}
        self._task: asyncio.Task[None] | None = None

    def index(self) -> service.RunIndex:
        """Return the list of runs; call it off the event loop."""
        if self._index is None:
            self._index = service.run_index()
        return self._index

    async def runs(self, **which: Any) -> dict[str, Any]:
        """Return a page of the list of runs."""
        return await asyncio.to_thread(lambda: self.index().page(**which))

    def begin(self) -> None:
        """Begin to watch."""
        self._task = asyncio.ensure_future(self._watch())

    async def close(self) -> None:
        """End the watch and the answers' process; runs go on."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await asyncio.to_thread(self.answers.end)
        if self._index is not None:
            self._index.close()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_S)
            try:
                await asyncio.to_thread(self.look)
            except OSError as error:
                self._log.warning("The runs could not be looked at: %s", error)

    def look(self) -> None:
        """Restart drivers that died under our eyes, and let go of what nobody uses."""
        self.answers.end_if_idle()
        if self._index is None:
            return
        self._index.fill()
        live = {run["run_id"]: run for run in self._index.running()}
        for run_id in self._guards.keys() - live.keys():
            del self._guards[run_id]
        for run_id, run in live.items():
            # One that was interrupted before anybody here saw it alive waits for its user.
            if run_id not in self._guards and run["state"] == "interrupted":
                continue
            if run_id not in self._guards:
                self._guards[run_id] = service.watch(run_id, self._drive)
            if self._guards[run_id].look():
                self._log.info("The driver of run %s had died and was started again.", run_id)

    def _drive(self, folder: Path) -> int:
        """Start a driver by the Python that has the recipes; return its process number."""
        return int(self.answers.put("drive", {"run_id": folder.name}).result())
