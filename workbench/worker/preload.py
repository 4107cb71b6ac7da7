"""Imported once, by the process from which a cluster's workers are forked.

Whatever every batch needs is imported here.  Nothing imported here may start a thread, nor
belong to a pack: a worker that is replaced because a pack was edited has to see the new code.
"""

from __future__ import annotations

import importlib

for name in ("numpy", "workbench.worker.execute", "workbench.worker.jobs"):
    importlib.import_module(name)
