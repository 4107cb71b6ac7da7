"""``python -m workbench.testing.digests FOLDER``: what the plans of a run are, computed anew."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from workbench import registry
from workbench.recipe import Plan
from workbench.runs.manifest import read_manifest
from workbench.runs.plans import load_plan, plan_digest
from workbench.runs.stages import Results, read_record


def plans_anew(folder: Path) -> dict[str, Plan]:
    """Return the plans of a run by stage, each computed from what the stages before left."""
    manifest = read_manifest(folder)
    recipe = registry.resolve(manifest.recipe)
    parameters = manifest.load(recipe, folder)
    records = [read_record(folder, stage.name) for stage in recipe.stages]
    return {
        stage.name: stage.plan(parameters, Results(folder, recipe, records[:number]))
        for number, stage in enumerate(recipe.stages)
    }


def plans_used(folder: Path) -> dict[str, Plan]:
    """Return the plans of a run by stage, as its driver wrote them."""
    recipe = registry.resolve(read_manifest(folder).recipe)
    records = [read_record(folder, stage.name) for stage in recipe.stages]
    return {record.stage: load_plan(folder, record.stage, record.plan) for record in records}


def digests(plans: dict[str, Plan]) -> dict[str, str]:
    """Return a digest of each plan."""
    return {stage: plan_digest(plan) for stage, plan in plans.items()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(digests(plans_anew(Path(sys.argv[1])))))
