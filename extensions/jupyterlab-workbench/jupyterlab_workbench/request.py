"""What every route has in common: login, JSON in and out, limits, errors by the one table."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from pydantic import BaseModel, ValidationError
from tornado import web
from tornado.iostream import StreamClosedError

from jupyterlab_workbench.desk import Desk
from jupyterlab_workbench.errors import Told, invalid, plain, told
from workbench.errors import WorkbenchError
from workbench.unforeseen import explained, server_log

BODY_BYTES = 2**20
D = TypeVar("D", bound=BaseModel)
Verb = Callable[..., Coroutine[Any, Any, Any]]


class Request(APIHandler):
    """One request to the workbench."""

    auth_resource = "workbench"

    @property
    def desk(self) -> Desk:
        """What requests share."""
        found: Desk = self.settings["workbench_desk"]
        return found

    def body(self, model: type[D]) -> D:
        """Return the body, checked.

        Raises
        ------
        Told
            413 for a body of more than 1 MB, 422 for one that is not as `model` says.
        """
        data = self.request.body
        if len(data) > BODY_BYTES:
            raise plain(413, "too_large", f"The body has {len(data)} bytes; 1 MB is the most.")
        try:
            return model.model_validate_json(data or b"{}")
        except ValidationError as error:
            raise invalid(error, "body") from error

    def query(self, model: type[D]) -> D:
        """Return the arguments behind the question mark, checked."""
        lists = {name for name, one in model.model_fields.items() if one.default == []}
        given: dict[str, Any] = {}
        for name in self.request.query_arguments:
            if name.isdigit():  # JupyterLab's way around caches
                continue
            texts = self.get_query_arguments(name, strip=False)
            given[name] = texts if name in lists else texts[-1]
        try:
            return model.model_validate(given)
        except ValidationError as error:
            raise invalid(error, "query") from error

    def tell(self, document: Any, status: int = 200) -> None:
        """Answer with JSON, ``null`` where a number is not finite."""
        self.set_status(status)
        self.set_header("Cache-Control", "no-store")
        self.finish(json.dumps(finite(document), allow_nan=False))

    def tell_error(self, error: Told) -> None:
        """Answer with ``{error: {code, message, fields}}``."""
        if self._headers_written:
            # Half an answer must not look like a whole one: the browser sees a broken connection.
            self.log.error("%s broke off: %s", self.request.path, error.document["message"])
            self.request.connection.stream.close()  # type: ignore[union-attr]
            return
        self.tell({"error": error.document, "message": error.document["message"]}, error.status)


class Nothing(Request):
    """What is no route."""

    async def prepare(self, **how: Any) -> None:
        """Answer before any verb is looked at."""
        await super().prepare(**how)
        if self.current_user is not None:
            self.tell_error(plain(404, "not_found", f"There is no {self.request.path} here."))


def verb(method: Verb) -> Verb:
    """Make a verb of a route: for those who are logged in and may, errors told honestly."""

    @web.authenticated
    @authorized
    @functools.wraps(method)
    async def call(self: Request, *args: str) -> None:
        try:
            await method(self, *args)
        except Told as error:
            self.tell_error(error)
        except WorkbenchError as error:
            self.tell_error(told(error))
        except web.HTTPError as error:
            message = error.log_message or error.reason or "The server refused."
            self.tell_error(plain(error.status_code, "http", message))
        except StreamClosedError:
            # Whoever asked has gone.
            return
        except Exception as error:
            self.log.exception("%s", self.request.path)
            self.tell_error(told(explained(error, server_log)))

    return cast("Verb", call)


def finite(value: Any) -> Any:
    """Return JSON with None instead of NaN and infinity."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(name): finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [finite(one) for one in value]
    return value
