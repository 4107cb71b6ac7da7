"""Charts are drawn in a process of their own, whatever the worker's memory and the chart."""

import json
import subprocess
import sys

from workbench.worker.pictures import draw

LIMITED = """
import resource, sys
from pathlib import Path
from workbench.worker.pictures import draw
resource.setrlimit(resource.RLIMIT_DATA, (200 * 2**20, resource.RLIM_INFINITY))
print(draw([Path(sys.argv[1])]))
print("vl_convert" in sys.modules)
"""
CHART = {
    "$schema": "https://vega.github.io/schema/vega-lite/v5.20.0.json",
    "data": {"values": [{"x": 1, "y": 2}, {"x": 2, "y": 5}]},
    "mark": "line",
    "encoding": {axis: {"field": axis, "type": "quantitative"} for axis in "xy"},
}


def chart(folder, name, text):
    path = folder / f"{name}.vl.json"
    path.write_text(text)
    return path


def test_a_chart_is_drawn_where_the_worker_has_little_memory(tmp_path):
    spec = chart(tmp_path, "curve", json.dumps(CHART))
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(spec)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["[]", "False"]
    assert (tmp_path / "curve.svg").read_text().startswith("<svg")


def test_charts_that_cannot_be_drawn_are_named_and_the_others_drawn(tmp_path):
    bad = chart(tmp_path, "bad", json.dumps({**CHART, "mark": "no such mark"}))
    torn = chart(tmp_path, "torn", "{")
    good = chart(tmp_path, "good", json.dumps(CHART))
    said = draw([bad, torn, good])
    assert [line.partition(" could not be drawn: ")[0] for line in said] == [
        "Figure bad",
        "Figure torn",
    ]
    assert sorted(path.name for path in tmp_path.glob("*.svg")) == ["good.svg"]
    assert draw([]) == []


def test_a_drawing_that_dies_or_hangs_is_told(tmp_path, monkeypatch):
    spec = chart(tmp_path, "curve", json.dumps(CHART))
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert draw([spec]) == ["The figures could not be drawn (exit 1): without a word"]
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(slow))
    monkeypatch.setattr("workbench.worker.pictures.TIMEOUT_S", 1.0)
    assert draw([spec]) == ["The figures were not drawn within 1 s."]
