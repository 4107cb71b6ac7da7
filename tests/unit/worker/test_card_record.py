"""A run whose workers hold a card: records say which, what computed, and the joules."""

import json
from pathlib import Path

from tests.packs import install, workbench, workbench_json
from workbench.kernel import Card

CARD = Card("mylab", "X1", 3, "uuid-3")
RECIPE = """
import numpy as np

from workbench import Output, Parameters, Plan, Recipe, tile


class Given(Parameters):
    pass


def plan(p, results):
    return Plan(dim="i", coords={"i": np.arange(6)}, tasks=tile(6, 2))


def kernel(task, p, ctx):
    if ctx.card is None or ctx.card.uuid != "uuid-3":
        raise RuntimeError(f"computes on {ctx.card}")
    values = ctx.xp.asarray(task.inputs["i"].astype(float), device=ctx.device)
    if str(values.device) == str(ctx.xp.Device("CPU_DEVICE")):
        raise RuntimeError("computes on the CPU")
    return {"square": values * values}


outputs = (Output(name="square", dims=("i",), unit="1"),)
recipe = Recipe(id="mylab.carded", version="1", title="Squares on a card", parameters=Given,
                outputs=outputs, plan=plan, kernel=kernel)
"""
# A counter of 2 J a reading.
COUNTER = """
from itertools import count


def counter(card):
    assert card.uuid == "uuid-3", card
    readings = count(10.0, 2.0)
    return lambda: next(readings)
"""


def test_records_say_which_card_what_computed_and_the_joules(tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    modules = {"mylab_carded": RECIPE, "mylab_counter": COUNTER}
    install(site, "mylab-carded", {"mylab.carded": "mylab_carded:recipe"}, modules)
    told = {
        "vendor": CARD.vendor,
        "model": CARD.model,
        "index": CARD.index,
        "uuid": CARD.uuid,
        "namespaces": [{"name": "array_api_strict", "device": "device1"}],
        "needs": [],
        "energy_counter": "mylab_counter:counter",
    }
    where = {"site": site, "home": tmp_path / "home", "WORKBENCH_CARD": json.dumps(told)}
    try:
        code, document = workbench_json("run", "start", "mylab.carded", "--wait", **where)
    finally:
        workbench("cluster", "stop", "local", **where)
    assert code == 0, document
    lines = Path(document["folder"], "tasks.1.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    assert records
    for record in records:
        assert record["card"] == {"vendor": "mylab", "model": "X1", "index": 3, "uuid": "uuid-3"}
        assert record["device"].startswith("array_api_strict ")
        assert record["energy_j"] == 2.0
