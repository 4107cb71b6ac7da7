"""NVML's energy counter, by the driver's own library: joules, not power times a guess."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import lru_cache

from workbench.kernel import Card

LIBRARY = "libnvidia-ml.so.1"


def counter(card: Card) -> Callable[[], float]:
    """Return a function that tells the joules a card has used since its driver was loaded.

    The counter is the whole board's, in mJ (NVML, nvmlDeviceGetTotalEnergyConsumption; Volta
    and newer).  A MIG device has none.

    Raises
    ------
    OSError
        When there is no library, or no counter for this card.
    """
    handle = ctypes.c_void_p()
    if card.uuid is not None:
        _ask("nvmlDeviceGetHandleByUUID", card.uuid.encode(), ctypes.byref(handle))
    else:
        index = ctypes.c_uint(card.index or 0)
        _ask("nvmlDeviceGetHandleByIndex_v2", index, ctypes.byref(handle))

    def joules() -> float:
        millijoules = ctypes.c_ulonglong()
        _ask("nvmlDeviceGetTotalEnergyConsumption", handle, ctypes.byref(millijoules))
        return millijoules.value / 1000

    joules()
    return joules


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(LIBRARY)
    library.nvmlErrorString.restype = ctypes.c_char_p
    if library.nvmlInit_v2() != 0:
        raise OSError(f"{LIBRARY} is there, but finds no driver")
    return library


def _ask(function: str, *arguments: object) -> None:
    library = _library()
    status = getattr(library, function)(*arguments)
    if status != 0:
        raise OSError(f"NVML: {library.nvmlErrorString(status).decode()}")
