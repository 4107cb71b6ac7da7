"""The server extension."""

from __future__ import annotations

import sys
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from traitlets import Integer, Unicode

from jupyterlab_workbench.desk import Desk
from jupyterlab_workbench.routes import EVERYTHING_ELSE, PREFIX, ROUTES

# Browsers hear it through the one WebSocket that JupyterLab keeps open anyway.
NEWS: dict[str, Any] = {
    "$id": "urn:jupyterlab-science-workbench:runs",
    "version": "1",
    "title": "Runs have begun or ended",
    "description": "Which ones is to be asked for: runs are listed by REST.",
    "type": "object",
    "properties": {},
    "additionalProperties": False,
}


class WorkbenchApp(ExtensionApp):
    """Serves the workbench's REST interface."""

    name = "jupyterlab_workbench"

    python = Unicode(
        sys.executable, help="The Python that has the recipes: it lists, checks and runs them."
    ).tag(config=True)
    upload_bytes = Integer(
        2 * 2**30, min=0, help="Largest file that may be uploaded from the browser."
    ).tag(config=True)

    def initialize_settings(self) -> None:
        """Make what the requests share."""
        self._events: Any = self.settings["event_logger"]
        self._events.register_event_schema(NEWS)
        self.desk = Desk(self.python, self.upload_bytes, self.log, self._tell_news)
        self.settings["workbench_desk"] = self.desk

    def _tell_news(self) -> None:
        self._events.emit(schema_id=NEWS["$id"], data={})

    def initialize_handlers(self) -> None:
        """Add the routes."""
        routes = (*ROUTES, EVERYTHING_ELSE)
        self.handlers.extend((f"{PREFIX}{path}", handler) for path, handler in routes)

    async def _start_jupyter_server_extension(self, _serverapp: Any) -> None:
        self.desk.begin()

    async def stop_extension(self) -> None:
        """End what was started here; runs go on."""
        await self.desk.close()
