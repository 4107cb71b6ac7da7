"""KernelContext: what a kernel may know of the worker that calls it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from numpy.typing import NDArray

T = TypeVar("T")


@dataclass(frozen=True)
class Card:
    """One physical accelerator that a worker holds."""

    vendor: str
    model: str
    index: int | None = None
    uuid: str | None = None


class KernelContext(ABC):
    """What a kernel, setup or combine may know of its worker.

    Attributes
    ----------
    xp
        The Array API namespace to compute with (``array_api_compat``).
    device
        The device object for ``xp.asarray(..., device=...)``.
    card
        The card this worker holds, None on a CPU.
    seed
        Integer seed of this task: the same wherever and whenever it runs.
    scratch
        Node-local folder for this task's files; removed afterwards.
    state
        What the stage's ``setup`` returned in this process.
    results
        Variables of the stages before, by name: numpy arrays, read when asked for.
    """

    xp: Any
    device: Any
    card: Card | None
    state: Any

    @property
    @abstractmethod
    def seed(self) -> int:
        """Integer seed of this task."""

    @property
    @abstractmethod
    def scratch(self) -> Path:
        """Node-local folder for this task's files."""

    @property
    @abstractmethod
    def results(self) -> Mapping[str, NDArray[Any]]:
        """Variables of the stages before."""

    @abstractmethod
    def file(self, output: str, index: int) -> Path:
        """Path of a file output of an earlier stage, for one of its items."""

    @abstractmethod
    def cache(
        self, key: str, build: Callable[[], T], share: Literal["process", "node"] = "process"
    ) -> T:
        """Return what `build` returned for `key` before, or build it now.

        Bounded: what was not asked for longest goes first.  ``share="node"``: `build`
        returns bytes that are written once per node; every process gets them memory-mapped.
        """
