"""Draw the pictures that our packs ship, from the figures of their examples.

Usage: python tools/recipe_pictures.py   (runs both examples, then writes the files)
"""

import json
import sys
from pathlib import Path
from typing import Any

import vl_convert

import workbench

ROOT = Path(__file__).parents[1] / "recipes"
DRAWN = {
    "proteins.search": ("globins", "ranks", ROOT / "proteins/workbench_proteins/search.png"),
    "materials.elastic": (
        "metals",
        "anisotropy",
        ROOT / "materials/workbench_materials/elastic.png",
    ),
}
GREY = "#808080"  # readable on light and on dark
AXIS = {
    "domainColor": GREY,
    "gridOpacity": 0.25,
    "gridColor": GREY,
    "labelColor": GREY,
    "labelFontSize": 15,
    "tickColor": GREY,
    "tickCount": 4,
    "titleColor": GREY,
    "titleFontSize": 17,
}


def reduced(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a figure as a small picture: without title and legend, drawn on nothing."""
    spec.pop("title", None)
    spec.update(width=330, height=200, background="transparent")
    spec["config"] = {"axis": AXIS, "legend": {"disable": True}, "view": {"stroke": None}}
    return spec


if __name__ == "__main__":
    for recipe, (example, figure, file) in DRAWN.items():
        run = workbench.submit(recipe, example=example)
        if run.wait()["state"] != "completed":
            sys.exit(f"{run.id} did not complete: workbench run show {run.id}")
        spec = reduced(json.loads((run.folder / "figures" / f"{figure}.vl.json").read_text()))
        file.write_bytes(vl_convert.vegalite_to_png(json.dumps(spec), vl_version="5.20", scale=1))
