"""Draw docs/images/search.png: the demo as a terminal shows it, and its figure.

Usage: python tools/picture.py RUN_ID   (a finished run of the globins example)
"""

import contextlib
import io
import re
import sys
from pathlib import Path

import vl_convert
from rich.console import Console
from rich.text import Text

from workbench import open_run
from workbench.cli import show
from workbench.registry import resolve

WIDTH = 118
FOLDER = Path(__file__).parents[1] / "docs" / "images"


def terminal(run_id: str) -> str:
    """Return the end of the demo as SVG."""
    run = open_run(run_id)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        show.print_end(run, resolve(run.manifest.recipe), run.describe())
    home = str(run.folder.parents[1])
    text = "$ workbench run start proteins.search --example globins --wait\n"
    text += out.getvalue().replace(home, "~/workbench")
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text(text))
    svg = console.export_svg(title="workbench")
    svg = re.sub(r"@font-face\s*{.*?}", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code", "DejaVu Sans Mono")


if __name__ == "__main__":
    run_id = sys.argv[1]
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "search.png").write_bytes(vl_convert.svg_to_png(terminal(run_id), scale=0.8))
    figure = open_run(run_id).folder / "figures" / "ranks.vl.json"
    png = vl_convert.vegalite_to_png(figure.read_text(), vl_version="5.20", scale=1.2)
    (FOLDER / "ranks.png").write_bytes(png)
