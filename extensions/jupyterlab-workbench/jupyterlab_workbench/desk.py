"""What all requests share: the answers' process, the list of runs, and the watch over live runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from logging import Logger
from typing import Any

import workbench
from jupyterlab_workbench.answers import Answers
from jupyterlab_workbench.errors import Told
from workbench.errors import WorkbenchError

WATCH_S = 10.0
NEWS_S = 2.0


class Desk:
    """State of the server's part.

    Parameters
    ----------
    python
        The Python that has the recipes.
    upload_bytes
        Largest file that may be uploaded.
    news
        Called whenever runs have begun or ended, whoever began them.
    """

    def __init__(
        self, python: str, upload_bytes: int, log: Logger, news: Callable[[], None]
    ) -> None:
        self.answers = Answers(python, log)
        self.upload_bytes = upload_bytes
        self._log = log
        self._index: workbench.views.RunIndex | None = None
        self._seen: set[str] = set()
        self._news = news
        self._told: Any = None
        self._tasks: list[asyncio.Task[None]] = []
        self._filling: asyncio.Future[None] | None = None
        self._closed = False

    def index(self) -> workbench.views.RunIndex:
        """Return the list of runs; call it off the event loop."""
        if self._index is None:
            self._index = workbench.views.run_index()
        return self._index

    async def runs(self, **which: Any) -> dict[str, Any]:
        """Return a page of the list of runs."""
        found = await asyncio.to_thread(lambda: self.index().page(**which))
        if not found["complete"] and (self._filling is None or self._filling.done()):
            self._filling = asyncio.ensure_future(asyncio.to_thread(self._fill))
        return found

    def _fill(self) -> None:
        """Read what the list does not know yet, a little at a time: pages come in between."""
        while not self._closed and not self.index().fill():
            pass

    def begin(self) -> None:
        """Begin to watch."""
        self._tasks = [
            asyncio.ensure_future(self._watch(what, look, every_s))
            for what, look, every_s in (
                ("The runs", self.look, WATCH_S),
                ("The runs", self.look_for_news, NEWS_S),
                ("The process that knows the recipes", self.look_after_answers, WATCH_S),
            )
        ]

    async def close(self) -> None:
        """End the watch and the answers' process; runs go on."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        filling = [] if self._filling is None else [self._filling]
        for ended in await asyncio.gather(*self._tasks, *filling, return_exceptions=True):
            if isinstance(ended, Exception):
                self._log.warning("The list of runs ended with an error: %s", ended)
        await asyncio.to_thread(self.answers.end)
        if self._index is not None:
            self._index.close()

    async def _watch(self, what: str, look: Callable[[], Awaitable[None]], every_s: float) -> None:
        # JupyterLab's start does not wait for the workbench; the first request finds it loaded.
        await asyncio.to_thread(lambda: workbench.views)
        while True:
            await asyncio.sleep(every_s)
            try:
                await look()
            except Exception as error:
                # Whatever it was, the next look may go well: nobody else does this here.
                defect = not isinstance(error, OSError | WorkbenchError | Told)
                self._log.warning("%s could not be looked at: %s", what, error, exc_info=defect)

    async def look_for_news(self) -> None:
        """Tell that runs have begun or ended: browsers ask only then, and seldom by themselves."""
        if self._index is None:
            return
        found = await asyncio.to_thread(self._index.news)
        if self._told is not None and found != self._told:
            self._news()
        self._told = found

    async def look_after_answers(self) -> None:
        """End the answers' process when nobody needs it, and when it hangs."""
        await asyncio.to_thread(self.answers.give_up_if_silent)
        await asyncio.to_thread(self.answers.end_if_idle)

    async def look(self) -> None:
        """Restart drivers that died under our eyes."""
        if self._index is None:
            return
        live = await asyncio.to_thread(self._index.running)
        states = {run["run_id"]: run["state"] for run in live}
        dead = {run_id for run_id, state in states.items() if state == "interrupted"}
        # One that was interrupted before anybody here saw it alive waits for its user.
        self._seen = (self._seen & dead) | (states.keys() - dead)
        if not self._seen & dead:
            return
        told = await self.answers.ask("look", run_ids=sorted(self._seen & dead))
        for run_id, done in told.items():
            if done == "restarted":
                self._log.warning("The driver of run %s had died and was started again.", run_id)
            elif done == "given up":
                self._seen.discard(run_id)
