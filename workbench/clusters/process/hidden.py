"""Web pages of Dask that answer under a secret prefix, and nowhere else.

Dask's own prefix moves its pages.  What it and Bokeh add beside them (``/``, ``/sitemap.json``)
stays outside and tells the prefix to whoever asks.
"""

from __future__ import annotations

import re
from typing import Any

from tornado.routing import PathMatches, Rule, RuleRouter


def hide(node: Any, prefix: str) -> None:
    """Have a scheduler's or worker's web server answer 404 to all that is not below a prefix.

    Parameters
    ----------
    node
        A Dask scheduler or worker whose web server is there.
    prefix
        Its ``http_prefix``.
    """
    below = PathMatches(f"/{re.escape(prefix)}/.*")
    node.http_server.request_callback = RuleRouter([Rule(below, node.http_application)])
