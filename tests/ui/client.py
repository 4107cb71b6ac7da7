"""Requests as a browser sends them, and answers held against their models."""

import json
from urllib.parse import quote, urlencode

from jupyterlab_workbench.routes import PREFIX


class Client:
    """The workbench's REST interface of one test's server."""

    def __init__(self, http, base_url, headers):
        self._http = http
        self._prefix = base_url.rstrip("/") + PREFIX
        self._headers = headers

    async def send(self, method, *path, query=(), body=None, raw=None, headers=None):
        """The answer, whatever it is; each part of the path is sent as one."""
        headers = dict(headers or {})
        if raw is None and method in ("POST", "PUT", "PATCH"):
            raw = json.dumps(body or {})
            headers["Content-Type"] = "application/json"
        address = self._prefix + "/".join(quote(part, safe="") for part in path)
        return await self._http.fetch(
            f"{address}?{urlencode(query, doseq=True)}",
            method=method,
            body=raw,
            headers={**self._headers, **headers},
            raise_error=False,
        )

    async def get(self, *path, model=None, **query):
        """A good answer's document, as its model says."""
        found = await self.send("GET", *path, query=query)
        assert found.code == 200, found.body
        return checked(found, model)

    async def post(self, *path, model=None, status=200, body=None):
        """A good answer's document, as its model says."""
        found = await self.send("POST", *path, body=body)
        assert found.code == status, found.body
        return checked(found, model)

    async def refused(self, status, method, *path, **options):
        """The error of a bad answer: ``{code, message, fields}``."""
        found = await self.send(method, *path, **options)
        assert found.code == status, (found.code, found.body)
        error = json.loads(found.body)["error"]
        assert set(error) == {"code", "message", "fields"}
        return error


def checked(answer, model):
    """The document, refused where its model does not know it."""
    document = json.loads(answer.body, parse_constant=refuse)
    if model is not None:
        model.model_validate(document)
    return document


def refuse(constant):
    raise AssertionError(f"{constant} is no JSON")
