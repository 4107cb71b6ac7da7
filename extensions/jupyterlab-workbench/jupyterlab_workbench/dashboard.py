"""``clusters/{name}/dashboard/...``: the Dask dashboard behind JupyterLab's login.

The dashboard itself answers on its host's loopback, under a path that only the cluster's owner
knows.  Neither that path nor the browser's cookies and token pass through here.
"""

from __future__ import annotations

import asyncio
import contextlib
from urllib.parse import quote, urlencode

from jupyter_server.base.handlers import JupyterHandler
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse
from tornado.websocket import (
    WebSocketClientConnection,
    WebSocketClosedError,
    WebSocketHandler,
    websocket_connect,
)

import workbench
from jupyterlab_workbench.clusters import known
from jupyterlab_workbench.errors import Told, plain
from jupyterlab_workbench.request import Request, verb

CONNECT_S = 10.0
ANSWER_S = 60.0
MOST_BYTES = 64 * 2**20
TEXTS = ("application/javascript", "application/json", "text/")


class Dashboard(Request, WebSocketHandler):
    """``clusters/{name}/dashboard/{path}``, pages and WebSockets alike."""

    _up: WebSocketClientConnection | None = None
    _down: asyncio.Task[None] | None = None

    @property
    def content_security_policy(self) -> str:
        """What pages may load; an answer of our own is none and may load nothing."""
        policy: str = JupyterHandler.content_security_policy.fget(self)  # type: ignore[attr-defined]
        return policy

    @verb
    async def get(self, name: str, path: str) -> None:
        """Pass a request on to the cluster's dashboard."""
        await asyncio.to_thread(known, name)
        root = await asyncio.to_thread(lambda: workbench.views.dashboard(name))
        query = [
            (key, text)
            for key in self.request.query_arguments
            if key != "token"
            for text in self.get_query_arguments(key, strip=False)
        ]
        address = f"{root}/{quote(path)}?{urlencode(query)}".removesuffix("?")
        if self.request.headers.get("Upgrade", "").lower() == "websocket":
            self._up = await self._connected("ws" + address.removeprefix("http"))
            await WebSocketHandler.get(self, name, path)
        else:
            await self._pass(root, await self._asked(address))

    async def _asked(self, address: str) -> HTTPResponse:
        headers = {"Accept": self.request.headers.get("Accept", "*/*")}
        client = AsyncHTTPClient(force_instance=True, max_body_size=MOST_BYTES)
        try:
            return await client.fetch(
                HTTPRequest(
                    address,
                    headers=headers,
                    connect_timeout=CONNECT_S,
                    request_timeout=ANSWER_S,
                    follow_redirects=False,
                ),
                raise_error=False,
            )
        except (OSError, HTTPClientError) as error:
            raise _silent(error) from error
        finally:
            client.close()

    async def _pass(self, root: str, answer: HTTPResponse) -> None:
        """Answer as the dashboard does, its secret path replaced by that of this route."""
        secret = "/" + root.rpartition("/")[2] + "/"
        here = self.request.path.partition("/dashboard/")[0] + "/dashboard/"
        kind = answer.headers.get("Content-Type", "application/octet-stream")
        body = answer.body
        if kind.startswith(TEXTS):
            body = body.replace(secret.encode(), here.encode())
        self.set_status(answer.code, answer.reason)
        if "Location" in answer.headers:
            self.set_header("Location", answer.headers["Location"].replace(secret, here))
        self.set_header("Cache-Control", answer.headers.get("Cache-Control", "no-store"))
        await self.finish(body, set_content_type=kind)

    async def _connected(self, address: str) -> WebSocketClientConnection:
        offered = self.request.headers.get("Sec-WebSocket-Protocol", "")
        words = [word.strip() for word in offered.split(",") if word.strip()]
        try:
            return await websocket_connect(
                address, subprotocols=words, connect_timeout=CONNECT_S, max_message_size=MOST_BYTES
            )
        except (OSError, HTTPClientError) as error:
            raise _silent(error) from error

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """Take the one that the dashboard took."""
        return self._up.selected_subprotocol if self._up is not None else None

    async def open(self, *path: str, **more: str) -> None:
        """Begin to hand on what the dashboard says."""
        self._down = asyncio.ensure_future(self._hand_down())

    async def _hand_down(self) -> None:
        # The browser may be gone while something is on its way to it.
        with contextlib.suppress(WebSocketClosedError):
            while self._up is not None and (said := await self._up.read_message()) is not None:
                await self.write_message(said, binary=isinstance(said, bytes))
        self.close()

    async def on_message(self, message: str | bytes) -> None:
        """Hand on what the browser says."""
        if self._up is not None:
            with contextlib.suppress(WebSocketClosedError):
                await self._up.write_message(message, binary=isinstance(message, bytes))

    def on_close(self) -> None:
        """End the other half."""
        if self._up is not None:
            self._up.close()


def _silent(error: Exception) -> Told:
    """Return that the dashboard does not answer, though its cluster runs."""
    return plain(502, "no_answer", f"The cluster's dashboard does not answer now: {error}.")
