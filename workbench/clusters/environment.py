"""The environment of worker processes: what has to be set before they start."""

from __future__ import annotations

from collections.abc import Mapping

from workbench import environ

# One thread a worker, and the same hashes of texts in all of them.
ALWAYS = {
    **dict.fromkeys(
        (
            "OMP_NUM_THREADS",
            "MKL_NUM_THREADS",
            "OPENBLAS_NUM_THREADS",
            "NUMEXPR_NUM_THREADS",
            "NUMBA_NUM_THREADS",
        ),
        "1",
    ),
    "PYTHONHASHSEED": "6640",
    "DASK_LOGGING__DISTRIBUTED": "warning",
}

_ONE_PROCESS = ("WORKBENCH_WORKER_", environ.NODE, environ.CARD, environ.JOB_BEGAN)


def worker_environment(caller: Mapping[str, str]) -> dict[str, str]:
    """Return what the workers of jobs get besides their job's own environment.

    Parameters
    ----------
    caller
        The environment of the cluster's process: its settings hold on the nodes, too.
    """
    settings = {
        name: value
        for name, value in caller.items()
        if (name.startswith("WORKBENCH_") and not name.startswith(_ONE_PROCESS))
        or name == "PYTHONPATH"
    }
    return {**settings, **ALWAYS}
