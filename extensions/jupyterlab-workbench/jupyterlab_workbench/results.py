"""Routes of what a run found: figures, rows, items, log, notebook."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import workbench
from jupyterlab_workbench.documents.base import LogQuery
from jupyterlab_workbench.documents.recipes import NotebookRequest
from jupyterlab_workbench.documents.results import ItemsQuery, TableQuery
from jupyterlab_workbench.errors import invalid_filter, plain
from jupyterlab_workbench.request import Request, verb
from workbench.errors import quoted

CONDITION = re.compile(r"([A-Za-z0-9_]+)(!=|<=|>=|=|<|>|~)(.*)\Z", re.DOTALL)
CSV_ROWS = 5000


class Figures(Request):
    """``runs/{id}/figures``."""

    @verb
    async def get(self, run_id: str) -> None:
        """Names of the figures, drawn at the end or of what is there so far."""
        drawn = await asyncio.to_thread(lambda: workbench.views.figures(run_id))
        if drawn:
            written = [path.stat().st_mtime_ns for path in drawn.values()]
            self.tell({"names": list(drawn), "stamp": str(max(written))})
            return
        self.tell(await self.desk.answers.ask("figures", run_id=run_id))


class Figure(Request):
    """``runs/{id}/figures/{name}``."""

    @verb
    async def get(self, run_id: str, name: str) -> None:
        """One figure as Vega-Lite."""
        drawn = await asyncio.to_thread(lambda: workbench.views.figures(run_id))
        if name in drawn:
            self.tell(json.loads(await asyncio.to_thread(drawn[name].read_bytes)))
            return
        self.tell(await self.desk.answers.ask("figure", run_id=run_id, name=name))


class Rows(Request):
    """``runs/{id}/rows``."""

    @verb
    async def get(self, run_id: str) -> None:
        """Answer with a page of the table."""
        asked = self.query(TableQuery)
        await asyncio.to_thread(lambda: workbench.service.open_run(run_id))
        self.tell(
            await self.desk.answers.ask(
                "rows", run_id=run_id, offset=asked.offset, limit=asked.limit, **_order(asked)
            )
        )


class Csv(Request):
    """``runs/{id}/rows.csv``."""

    @verb
    async def get(self, run_id: str) -> None:
        """Answer with the whole table, sorted and filtered, piece by piece."""
        asked = self.query(TableQuery)
        await asyncio.to_thread(lambda: workbench.service.open_run(run_id))
        offset, more = 0, True
        while more:
            piece = await self.desk.answers.ask(
                "csv", run_id=run_id, offset=offset, limit=CSV_ROWS, **_order(asked)
            )
            if offset == 0:
                self.set_header("Content-Disposition", f'attachment; filename="{run_id}.csv"')
                self.set_header("Content-Type", "text/csv; charset=utf-8")
            self.write(piece["text"])
            await self.flush()
            offset, more = offset + CSV_ROWS, piece["more"]
        await self.finish(set_content_type="text/csv; charset=utf-8")


class Items(Request):
    """``runs/{id}/items``."""

    @verb
    async def get(self, run_id: str) -> None:
        """Items one by one, failed ones first."""
        asked = self.query(ItemsQuery)
        await asyncio.to_thread(lambda: workbench.service.open_run(run_id))
        self.tell(await self.desk.answers.ask("items", run_id=run_id, **asked.model_dump()))


class Log(Request):
    """``runs/{id}/log``."""

    @verb
    async def get(self, run_id: str) -> None:
        """Answer with a piece of the log."""
        start = self.query(LogQuery).from_
        self.tell(await asyncio.to_thread(lambda: workbench.views.log_piece(run_id, start)))


class Notebook(Request):
    """``runs/{id}/notebook``."""

    @verb
    async def post(self, run_id: str) -> None:
        """Write a notebook that opens the result into a folder of the file browser."""
        folder = self.body(NotebookRequest).folder.strip("/")
        cells = await self.desk.answers.ask("notebook", run_id=run_id)
        contents: Any = self.contents_manager
        if not await _now(contents.dir_exists(folder)):
            raise plain(
                404, "not_found", f"There is no folder {quoted(folder)} in the file browser."
            )
        name = await _now(contents.increment_filename(f"{run_id}.ipynb", folder))
        path = f"{folder}/{name}".strip("/")
        model = {"type": "notebook", "format": "json", "content": cells}
        await _now(contents.save(model, path))
        self.tell({"path": path}, 201)


def _order(asked: TableQuery) -> dict[str, Any]:
    return {
        "sort": asked.sort.removeprefix("-"),
        "descending": asked.sort.startswith("-"),
        "filters": [_condition(text) for text in asked.filter],
    }


def _condition(text: str) -> dict[str, str]:
    found = CONDITION.match(text)
    if found is None:
        raise invalid_filter(text)
    operator = "contains" if found[2] == "~" else found[2]
    return {"column": found[1], "operator": operator, "value": found[3]}


async def _now(value: Any) -> Any:
    """Return what a contents manager says, at once or later."""
    return await value if hasattr(value, "__await__") else value
