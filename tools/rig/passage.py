"""Let ordinary users reach the Python of the tests where it lies in a closed folder.

An interpreter below root's own home is out of everybody's reach.  Within the rig, and there alone,
such a home is covered by an empty one that shows what is needed and nothing else.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def needed() -> list[Path]:
    """Return the folders that a user's Python reads."""
    places = (sys.base_prefix, sys.prefix, str(REPOSITORY))
    return sorted({Path(place).resolve() for place in places})


def write_passage(folder: Path, paths: Iterable[Path] | None = None) -> None:
    """Write the shell script that opens the way in a mount namespace; it may have nothing to do."""
    hidden: dict[Path, list[Path]] = {}
    for path in needed() if paths is None else paths:
        closed = [parent for parent in path.parents if not parent.stat().st_mode & 0o001]
        if closed:
            hidden.setdefault(closed[-1], []).append(path)
    lines = ["set -e"]
    for cover, shown in hidden.items():
        kept = [folder / "run" / f"passage-{cover.name}-{number}" for number in range(len(shown))]
        for path, place in zip(shown, kept, strict=True):
            place.mkdir()
            lines.append(shlex.join(("mount", "--bind", str(path), str(place))))
        lines.append(shlex.join(("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", str(cover))))
        for path, place in zip(shown, kept, strict=True):
            lines.append(shlex.join(("mkdir", "-p", str(path))))
            lines.append(shlex.join(("mount", "--bind", str(place), str(path))))
    (folder / "run" / "passage").write_text("\n".join(lines) + "\n")
