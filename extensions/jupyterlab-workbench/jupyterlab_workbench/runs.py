"""Routes of runs: list, start, look, stop, go on, delete."""

from __future__ import annotations

import asyncio
from typing import Any

import workbench
from jupyterlab_workbench.documents.runs import (
    DeleteQuery,
    GoOn,
    RetryRequest,
    RunRequest,
    RunsQuery,
    State,
)
from jupyterlab_workbench.errors import plain
from jupyterlab_workbench.request import Request, verb
from workbench.errors import quoted

STATES = State.__args__  # type: ignore[attr-defined]


class Runs(Request):
    """``runs``."""

    @verb
    async def get(self) -> None:
        """Answer with a page of the list, the newest first."""
        asked = self.query(RunsQuery)
        states = [word for word in asked.state.split(",") if word]
        wrong = [word for word in states if word not in STATES]
        if wrong:
            message = f"There is no state {quoted(wrong[0])}. There are: {', '.join(STATES)}."
            raise plain(422, "parameters", message)
        found = await self.desk.runs(
            text=asked.text, states=states, limit=asked.limit, after=asked.after
        )
        self.tell(found)

    @verb
    async def post(self) -> None:
        """Start a run."""
        asked = self.body(RunRequest)
        run = await self.desk.answers.ask(
            "submit", recipe_id=asked.recipe, values=asked.values, on=asked.on, like=asked.like
        )
        self.set_header("Location", f"{self.request.path}/{run['run_id']}")
        self.tell(await asyncio.to_thread(lambda: workbench.views.run_page(run["run_id"])), 201)


class OneRun(Request):
    """``runs/{id}``."""

    @verb
    async def get(self, run_id: str) -> None:
        """Everything about one run."""
        self.tell(await asyncio.to_thread(lambda: workbench.views.run_page(run_id)))

    @verb
    async def delete(self, run_id: str) -> None:
        """Delete a run, or all of it but the result."""
        asked = self.query(DeleteQuery)
        keep = asked.keep_result
        await asyncio.to_thread(lambda: workbench.service.delete(run_id, keep_result=keep))
        self.set_status(204)
        self.finish()


class Stop(Request):
    """``runs/{id}/stop``."""

    @verb
    async def post(self, run_id: str) -> None:
        """Ask the driver to stop."""
        self.tell(await asyncio.to_thread(_stopped, run_id))


class Resume(Request):
    """``runs/{id}/resume``."""

    @verb
    async def post(self, run_id: str) -> None:
        """Go on with a run that was stopped, interrupted or failed."""
        await self.desk.answers.ask("resume", run_id=run_id, **self.body(GoOn).model_dump())
        self.tell(await asyncio.to_thread(lambda: workbench.views.run_page(run_id)))


class Retry(Request):
    """``runs/{id}/retry``."""

    @verb
    async def post(self, run_id: str) -> None:
        """Compute failed items once more."""
        asked = self.body(RetryRequest)
        await self.desk.answers.ask("retry", run_id=run_id, **asked.model_dump())
        self.tell(await asyncio.to_thread(lambda: workbench.views.run_page(run_id)))


class Code(Request):
    """``runs/{id}/code``."""

    @verb
    async def get(self, run_id: str) -> None:
        """Answer with what starts a run with the same values."""
        self.tell(await asyncio.to_thread(lambda: workbench.views.code(run_id)))


def _stopped(run_id: str) -> dict[str, Any]:
    workbench.service.open_run(run_id).stop()
    return workbench.views.run_page(run_id)
