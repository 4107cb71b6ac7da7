"""Finding: what one check saw, how good that is, and what to do about it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from workbench.errors import WorkbenchError

State = Literal["good", "warning", "bad", "unknown"]


@dataclass(frozen=True)
class Finding:
    """What one check saw.

    Attributes
    ----------
    check
        Which check: a stable word or two.
    state
        ``bad`` stops work, ``warning`` may; ``unknown`` is what nobody could find out.
    said
        What was seen.
    fix
        What to do; empty where all is good.
    node
        The node that was looked at; None for the host that the command was typed on.
    """

    check: str
    state: State
    said: str
    fix: str = ""
    node: str | None = None

    def at(self, node: str) -> Finding:
        """Return the same, seen on a node."""
        return replace(self, node=node)

    def to_json(self) -> dict[str, Any]:
        """Return the entry of ``findings`` in JSON."""
        return asdict(self)


def good(check: str, said: str) -> Finding:
    """Return what is as it should be."""
    return Finding(check, "good", said)


def warning(check: str, said: str, fix: str) -> Finding:
    """Return what may stop work, or stops some of it."""
    return Finding(check, "warning", said, fix)


def bad(check: str, said: str, fix: str) -> Finding:
    """Return what stops work."""
    return Finding(check, "bad", said, fix)


def unknown(check: str, said: str, fix: str) -> Finding:
    """Return what nobody could find out here, and how it is found out."""
    return Finding(check, "unknown", said, fix)


Check = Callable[[], Iterable[Finding]]


def together(checks: Mapping[str, Check], limit_s: float) -> list[Finding]:
    """Make checks side by side; the whole takes `limit_s` seconds at most.

    A check that hangs, as on a file system that does not answer, is told as that and left behind.
    """
    found: dict[str, list[Finding]] = {}
    threads = {
        name: threading.Thread(target=_one, args=(name, check, found), daemon=True)
        for name, check in checks.items()
    }
    deadline = time.monotonic() + limit_s
    for thread in threads.values():
        thread.start()
    for thread in threads.values():
        thread.join(max(0.0, deadline - time.monotonic()))
    return [one for name in checks for one in found.get(name, [_silent(name, limit_s)])]


def _one(name: str, check: Check, found: dict[str, list[Finding]]) -> None:
    try:
        found[name] = list(check())
    except WorkbenchError as error:
        found[name] = [bad(name, error.message, "Do what it says, then run workbench doctor again")]
    except OSError as error:
        said = f"{error.filename or 'the system'}: {error.strerror or error}"
        fix = "Make it readable and writable for you, or have the site repair it; then try again"
        found[name] = [bad(name, said, fix)]
    except Exception as error:
        said = f"this check itself failed: {type(error).__name__}: {error}"
        found[name] = [unknown(name, said, "Tell the authors of the workbench")]


def _silent(name: str, limit_s: float) -> Finding:
    return unknown(
        name,
        f"no answer within {limit_s:.0f} s",
        "Try again; a file system or a scheduler that hangs is the site's to repair",
    )
