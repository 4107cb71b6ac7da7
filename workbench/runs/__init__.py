"""Runs on disk: folder, manifest, journal, parts, result; nothing here knows of Dask.

``workbench.runs`` is this package once anything of it is imported, and a function for users, who
call it to list their runs.  Both are the one name for what it stands for: so the package can be
called.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any


class _Runs(ModuleType):
    """The package, which is called like :func:`workbench.service.runs`."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return importlib.import_module("workbench.service").runs(*args, **kwargs)


sys.modules[__name__].__class__ = _Runs
