"""The card of this worker process, and the arrays that kernels compute with on it."""

from __future__ import annotations

import importlib
import json
import os
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from workbench.environ import CARD
from workbench.kernel import Card
from workbench.worker.memory import reserving


@dataclass(frozen=True)
class Arrays:
    """An Array API namespace and a device of it.

    Attributes
    ----------
    words
        What computes, and where a card is held but not used, why: for records.
    """

    xp: Any
    device: Any
    words: str


def held_card() -> Card | None:
    """Return the card that this process was started for."""
    said = told()
    return Card(**{field.name: said[field.name] for field in fields(Card)}) if said else None


@lru_cache(maxsize=1)
def arrays() -> Arrays:
    """Return the first namespace of the card's vendor that works here, else numpy's.

    Imports it: nothing but a kernel that asks may wait for that.
    """
    said = told()
    reasons = []
    for namespace in said.get("namespaces", ()):
        name = namespace["name"]
        try:
            with reserving():
                return _on_card(name, namespace["device"], said["needs"])
        except Exception as error:
            # Whatever an array library raises where its driver is missing or too old.
            reasons.append(f"{name}: {type(error).__name__}: {error}")
    why = f", not the card {said['model']} ({'; '.join(reasons)})" if said else ""
    return Arrays(importlib.import_module("array_api_compat.numpy"), "cpu", f"numpy on cpu{why}")


def arrays_words() -> str | None:
    """Return what computes in this process; None while no kernel has asked for it."""
    return arrays().words if arrays.cache_info().currsize else None


def told() -> dict[str, Any]:
    """Return what the launcher told this process of its card; empty where it holds none."""
    found: dict[str, Any] = json.loads(os.environ.get(CARD) or "{}")
    return found


def _on_card(name: str, device: Any, needs: list[str]) -> Arrays:
    """Compute one sum there."""
    module = importlib.import_module(name)
    for need in needs:
        importlib.import_module(need)
    try:
        xp = importlib.import_module(f"array_api_compat.{name}")
    except ImportError:
        xp = module
    found = _device(module, device)
    if name == "torch" and (seen := getattr(module, found.type).device_count()) != 1:
        raise RuntimeError(f"sees {seen} cards where it should see the one that is held")
    if float(xp.sum(xp.asarray([1.0, 2.0], device=found))) != 3.0:
        raise RuntimeError(f"adds 1 and 2 wrongly on {found}")
    return Arrays(xp, found, f"{name} {module.__version__} on {found}")


def _device(module: Any, device: Any) -> Any:
    """Return the library's own object for a device."""
    if module.__name__ == "torch":
        return module.device(device)
    if module.__name__ == "cupy":
        return module.cuda.Device(device)
    return module.Device(device) if hasattr(module, "Device") else device
