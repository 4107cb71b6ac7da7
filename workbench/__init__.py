"""Science workbench: packaged recipes on Dask clusters, results that last.

Nothing heavy is imported here: names are looked up when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench import service as service, views as views
    from workbench.client import (
        connect as connect,
    )
    from workbench.errors import (
        DamagedResult as DamagedResult,
        NotFound as NotFound,
        ParameterError as ParameterError,
        Problem as Problem,
        RecipeError as RecipeError,
        Refused as Refused,
        RunFailed as RunFailed,
        WorkbenchError as WorkbenchError,
    )
    from workbench.inputs import (
        Source as Source,
        content_hash as content_hash,
        open_input as open_input,
        unpacked_bytes as unpacked_bytes,
    )
    from workbench.kernel import (
        Card as Card,
        KernelContext as KernelContext,
    )
    from workbench.parameters import (
        Check as Check,
        InputFile as InputFile,
        Parameters as Parameters,
        parameter as parameter,
    )
    from workbench.pool.pool import (
        Pool as Pool,
    )
    from workbench.recipe import (
        Example as Example,
        Output as Output,
        Picture as Picture,
        Piece as Piece,
        Plan as Plan,
        Recipe as Recipe,
        Stage as Stage,
        Task as Task,
        tasks as tasks,
        tile as tile,
    )
    from workbench.service import (
        open_cluster as open_cluster,
        open_run as open_run,
        runs as runs,
        start_cluster as start_cluster,
        submit as submit,
    )

__version__ = "0.1.0"

_WHERE = {
    "Card": "kernel",
    "Check": "parameters",
    "DamagedResult": "errors",
    "Example": "recipe",
    "InputFile": "parameters",
    "KernelContext": "kernel",
    "NotFound": "errors",
    "Output": "recipe",
    "Picture": "recipe",
    "ParameterError": "errors",
    "Parameters": "parameters",
    "Piece": "recipe",
    "Plan": "recipe",
    "Pool": "pool.pool",
    "Problem": "errors",
    "Recipe": "recipe",
    "RecipeError": "errors",
    "Refused": "errors",
    "RunFailed": "errors",
    "Source": "inputs",
    "Stage": "recipe",
    "Task": "recipe",
    "WorkbenchError": "errors",
    "connect": "client",
    "content_hash": "inputs",
    "open_input": "inputs",
    "open_cluster": "service",
    "open_run": "service",
    "parameter": "parameters",
    "runs": "service",
    "start_cluster": "service",
    "submit": "service",
    "tasks": "recipe",
    "tile": "recipe",
    "unpacked_bytes": "inputs",
}

__all__ = sorted(_WHERE)


# Doors for front ends that are not to load them before the first request.
_DOORS = ("service", "views")


def __getattr__(name: str) -> Any:
    if name in _DOORS:
        return importlib.import_module(f"workbench.{name}")
    if name not in _WHERE:
        raise AttributeError(f"module 'workbench' has no attribute {name!r}")
    return getattr(importlib.import_module(f"workbench.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
