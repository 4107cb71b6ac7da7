"""Routes of clusters: list, draft, start, look, resize, stop, log."""

from __future__ import annotations

import asyncio
from typing import Any

import workbench
from jupyterlab_workbench.documents.clusters import ClusterLogQuery, ClusterRequest, ClusterSize
from jupyterlab_workbench.errors import parameter
from jupyterlab_workbench.request import Request, verb
from workbench.errors import NotFound, ParameterError, quoted


class Clusters(Request):
    """``clusters``."""

    @verb
    async def get(self) -> None:
        """Answer with every cluster that was ever started, by name."""
        self.tell({"clusters": await asyncio.to_thread(lambda: workbench.views.clusters())})

    @verb
    async def post(self) -> None:
        """Start a cluster; 200 where one runs under that name already, with that request."""
        asked = _keywords(self.body(ClusterRequest))
        done = await self.desk.answers.ask("start_cluster", **asked)
        self.set_header("Location", f"{self.request.path}/{asked['name']}")
        page = await asyncio.to_thread(_page, asked["name"])
        self.tell(page, 201 if done["started"] else 200)


class Script(Request):
    """``clusters/script``."""

    @verb
    async def post(self) -> None:
        """Answer with what is wrong with a request, and the job script as it would be sent."""
        asked = self.body(ClusterRequest).model_dump()
        self.tell(await self.desk.answers.ask("cluster_script", **asked))


class Estimate(Request):
    """``clusters/estimate``."""

    @verb
    async def post(self) -> None:
        """Answer with when the first job of a request would start, by the scheduler's word."""
        asked = self.body(ClusterRequest).model_dump()
        self.tell(await self.desk.answers.ask("cluster_estimate", **asked))


class OneCluster(Request):
    """``clusters/{name}``."""

    @verb
    async def get(self, name: str) -> None:
        """Everything about one cluster."""
        await asyncio.to_thread(known, name)
        self.tell(await asyncio.to_thread(_page, name))

    @verb
    async def patch(self, name: str) -> None:
        """Give a cluster another size."""
        asked = self.body(ClusterSize)
        await asyncio.to_thread(known, name)
        low, high = _bounds(asked)
        self.tell(await asyncio.to_thread(_scaled, name, low, high))

    @verb
    async def delete(self, name: str) -> None:
        """Stop a cluster, its workers and its jobs; it stays in the list, with its log."""
        await asyncio.to_thread(known, name)
        await self.desk.answers.ask("stop_cluster", name=name)
        self.tell(await asyncio.to_thread(_page, name))


class Log(Request):
    """``clusters/{name}/log``."""

    @verb
    async def get(self, name: str) -> None:
        """Answer with a piece of a cluster's log, or of that of one of its jobs."""
        asked = self.query(ClusterLogQuery)
        await asyncio.to_thread(known, name)
        self.tell(
            await asyncio.to_thread(
                lambda: workbench.views.cluster_log(name, asked.job, asked.from_)
            )
        )


def known(name: str) -> None:
    """Raise NotFound where no cluster has this name, or none can have it."""
    try:
        workbench.service.open_cluster(name)
    except ParameterError as error:
        raise NotFound(f"There is no cluster named {quoted(name)}.") from error


def _keywords(asked: ClusterRequest) -> dict[str, Any]:
    if asked.workers is not None and asked.between is not None:
        raise parameter("workers", "Give the size once: workers, or between.")
    return asked.model_dump()


def _bounds(asked: ClusterSize) -> tuple[int, int]:
    if asked.between is not None and asked.workers is None:
        return asked.between[0], asked.between[1]
    if asked.workers is not None and asked.between is None:
        return asked.workers, asked.workers
    raise parameter("workers", "Give the size once: workers, or between, the smallest and largest.")


def _page(name: str) -> dict[str, Any]:
    found = workbench.views.cluster_page(name)
    there = found["dashboard"]
    return {**found, "dashboard": f"clusters/{name}/dashboard/status" if there else None}


def _scaled(name: str, low: int, high: int) -> dict[str, Any]:
    workbench.service.open_cluster(name).scale(low, high)
    return _page(name)
