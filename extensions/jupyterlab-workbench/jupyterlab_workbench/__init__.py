"""The science workbench in JupyterLab: REST over :mod:`workbench.service`, and a panel."""

from __future__ import annotations

from typing import Any

from jupyterlab_workbench.app import WorkbenchApp

__version__ = "0.1.0"


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "jupyterlab-science-workbench"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "jupyterlab_workbench", "app": WorkbenchApp}]
