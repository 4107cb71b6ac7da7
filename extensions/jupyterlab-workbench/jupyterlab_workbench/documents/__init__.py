"""What goes over the wire: from these models come the checks of requests and the browser's types.

``src/documents`` is made of their JSON Schemas by ``tools/typescript_types.py``.
"""

from __future__ import annotations

from jupyterlab_workbench.documents import base, clusters, pool, recipes, results, runs

MODULES = (base, recipes, runs, results, pool, clusters)
