"""``python -m workbench.worker.pictures FILE ...``: draw Vega-Lite charts as SVG beside them.

A process of its own: the browser engine that draws takes what it likes of the address space and
ends its process where a limit says no, which must not be the worker.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from workbench.runs.files import replace_bytes

VEGA_LITE = "5.20"
SPEC = ".vl.json"
PICTURE = ".svg"
TIMEOUT_S = 120.0


def draw(specs: Sequence[Path]) -> list[str]:
    """Draw charts in a child process; return what went wrong.

    Parameters
    ----------
    specs
        Vega-Lite files, ``NAME.vl.json``; each picture becomes ``NAME.svg``.
    """
    if not specs:
        return []
    command = [sys.executable, "-P", "-m", "workbench.worker.pictures", *map(str, specs)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return [f"The figures were not drawn within {TIMEOUT_S:.0f} s."]
    problems = done.stdout.splitlines()
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["without a word"])[-1]
        problems.append(f"The figures could not be drawn (exit {done.returncode}): {last}")
    return problems


def _svg(spec: Path) -> None:
    # Here, so that the worker, which starts this, does not load the engine.
    import vl_convert

    svg = vl_convert.vegalite_to_svg(spec.read_text(encoding="utf-8"), vl_version=VEGA_LITE)
    replace_bytes(spec.with_name(spec.name.removesuffix(SPEC) + PICTURE), svg.encode())


def main(specs: Sequence[str]) -> None:
    """Draw each chart; say on standard output which cannot be drawn."""
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    for spec in map(Path, specs):
        try:
            _svg(spec)
        except Exception as error:
            name, said = spec.name.removesuffix(SPEC), " ".join(str(error).split())
            print(f"Figure {name} could not be drawn: {said[:500]}")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
