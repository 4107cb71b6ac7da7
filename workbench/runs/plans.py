"""Plans on disk."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from workbench.recipe import Plan, Tasks
from workbench.runs.checksum import check
from workbench.runs.npz import Named, Npz, write_npz
from workbench.runs.parts import PartRef
from workbench.runs.plan_checks import TASK_COLUMNS, check_plan, plain_attrs
from workbench.runs.text import encode, is_text

__all__ = ["check_plan", "load_plan", "plain_attrs", "plan_digest", "save_plan"]


def save_plan(folder: Path, stage: str, plan: Plan) -> PartRef:
    """Write ``plans/<stage>.npz``; equal plans give equal bytes."""
    file = f"plans/{stage}.npz"
    size, checksum = write_npz(folder / file, _arrays(plan))
    return PartRef(file, size, checksum)


def load_plan(folder: Path, stage: str, ref: PartRef) -> Plan:
    """Read what :func:`save_plan` wrote.

    Raises
    ------
    DamagedResult
        When the file is missing or is not what was written.
    """
    found = Npz(check(folder, ref))
    head = json.loads(found.read("head").tobytes())
    columns = (found.read(f"tasks/{name}") for name in TASK_COLUMNS)
    return Plan(
        dim=head["dim"],
        coords={name: (dim, found.read(f"coords/{name}")) for name, dim in head["coords"]},
        tasks=Tasks(*columns),
        owner=head["owner"],
        units=head["units"],
        attrs=head["attrs"],
    )


def plan_digest(plan: Plan) -> str:
    """Return the SHA-256 of a plan: of dims, coordinates, units, tasks, owner, attributes."""
    digest = hashlib.sha256()
    for name, array in _arrays(plan):
        for values in encode(array) if is_text(array) else (array,):
            plain = np.ascontiguousarray(values)
            digest.update(f"{name} {plain.dtype.str} {plain.shape}\n".encode())
            digest.update(plain.tobytes())
    return digest.hexdigest()


def _arrays(plan: Plan) -> list[Named]:
    head = {
        "dim": plan.dim,
        "owner": plan.owner,
        "coords": [[name, dim] for name, (dim, _) in plan.variables.items()],
        "units": dict(plan.units),
        "attrs": plain_attrs(plan.attrs),
    }
    text = json.dumps(head, sort_keys=True, allow_nan=False).encode()
    found: list[Named] = [("head", np.frombuffer(text, np.uint8))]
    found += [(f"tasks/{name}", getattr(plan.tasks, name)) for name in TASK_COLUMNS]
    found += [(f"coords/{name}", plan.variables[name][1]) for name in plan.variables]
    return found
