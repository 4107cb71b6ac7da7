"""What front ends show of one run, read from its folder without the recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.errors import DamagedResult
from workbench.runs.files import read_record
from workbench.runs.handle import Run

PIECE_BYTES = 256 * 1024
FIGURE = ".vl.json"


def page(run: Run) -> dict[str, Any]:
    """Return everything about one run."""
    manifest = run.manifest
    return {
        **run.describe(),
        "inputs": [Path(one.path).name for one in manifest.inputs.values()],
        "parameters": {
            name: manifest.inputs[name].path if name in manifest.inputs else value
            for name, value in manifest.parameters.items()
        },
        "input_files": [
            {
                "name": name,
                "path": one.path,
                "bytes": one.bytes,
                "sha256": one.sha256,
                "copied": one.stored is not None,
            }
            for name, one in manifest.inputs.items()
        ],
        "provenance": {
            "pack": manifest.pack,
            "code_hash": manifest.code_hash,
            "packages": dict(manifest.packages),
            "python": manifest.python,
            "host": manifest.host,
            "seed": manifest.seed,
            "like": manifest.like,
        },
        "audit": _audit(run.folder),
    }


def _audit(folder: Path) -> dict[str, Any] | None:
    try:
        return read_record(folder / "audit.json", {}, "The result itself is not touched by that.")
    except (DamagedResult, OSError) as error:
        return {"damaged": str(error)}


def log_piece(log: Path, start: int) -> dict[str, Any]:
    """Return some of a log: ``{text, start, stop, size}``.

    Parameters
    ----------
    start
        First byte; negative: so many bytes before the end, from the next whole line on.
    """
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            first = max(0, size + start) if start < 0 else min(start, size)
            file.seek(first)
            data = file.read(PIECE_BYTES)
    except FileNotFoundError:
        return {"text": "", "start": 0, "stop": 0, "size": 0}
    if start < 0 and first > 0:
        skipped = data.find(b"\n") + 1
        first, data = first + skipped, data[skipped:]
    if first + len(data) < size:
        # Up to a whole line, so that no letter is cut; a line longer than a piece is cut.
        data = data[: data.rfind(b"\n") + 1] or data
    text = data.decode("utf-8", errors="replace")
    return {"text": text, "start": first, "stop": first + len(data), "size": size}


def figure_files(run: Run) -> dict[str, Path]:
    """Return the figures that were drawn at the end, by name."""
    found = sorted((run.folder / "figures").glob(f"*{FIGURE}"))
    return {path.name.removesuffix(FIGURE): path for path in found}
