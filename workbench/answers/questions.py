"""What can be asked: a table of functions that take and return JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from workbench import catalogue, service, views
from workbench.answers.opened import Results
from workbench.errors import NotFound
from workbench.runs.items import items_page
from workbench.runs.table import Condition

_RESULTS = Results()
_GUARDS: dict[str, service.Guard] = {}


def _recipe(recipe_id: str) -> dict[str, Any]:
    return {**catalogue.page(recipe_id), "values": catalogue.example_values(recipe_id)}


def _check(recipe_id: str, values: Mapping[str, Any]) -> dict[str, Any]:
    checked = service.check(recipe_id, values)
    problems = [asdict(problem) for problem in checked.problems]
    return {"problems": problems, "items": checked.items, "bytes": checked.bytes}


def _submit(
    recipe_id: str, values: Mapping[str, Any], on: Sequence[str], like: str | None
) -> dict[str, Any]:
    return service.submit(recipe_id, values, on=on, like=like).describe()


def _resume(run_id: str, accept_code: bool) -> dict[str, Any]:
    return service.resume(run_id, accept_code=accept_code).describe()


def _retry(
    run_id: str, accept_code: bool, items: Mapping[str, Sequence[int]] | None
) -> dict[str, Any]:
    return service.retry(run_id, accept_code=accept_code, items=items).describe()


def _start_cluster(name: str, **asked: Any) -> dict[str, Any]:
    """Start a cluster; say whether it was this call that did."""
    try:
        before = service.open_cluster(name).status()["generation"]
    except NotFound:
        before = 0
    return {"started": service.start_cluster(name, **asked).status()["generation"] > before}


def _look(run_ids: Sequence[str]) -> dict[str, str]:
    """Restart the drivers of these runs where that is due; say what was done for each."""
    told = {}
    for run_id in run_ids:
        guard = _GUARDS.setdefault(run_id, service.watch(run_id))
        restarted = guard.look()
        told[run_id] = "restarted" if restarted else "given up" if guard.exhausted else "seen"
    return told


def _rows(
    run_id: str,
    sort: str,
    descending: bool,
    filters: Sequence[Mapping[str, str]],
    offset: int,
    limit: int,
) -> dict[str, Any]:
    opened = _RESULTS.of(run_id)
    with opened.lock:
        return opened.table().page(
            sort=sort,
            descending=descending,
            filters=[Condition(**one) for one in filters],
            offset=offset,
            limit=limit,
        )


def _csv(
    run_id: str,
    sort: str,
    descending: bool,
    filters: Sequence[Mapping[str, str]],
    offset: int,
    limit: int,
) -> dict[str, Any]:
    opened = _RESULTS.of(run_id)
    with opened.lock:
        table = opened.table()
        conditions = [Condition(**one) for one in filters]
        rows = table.select(sort=sort, descending=descending, filters=conditions)
        total = table.total if rows is None else len(rows)
        return {"text": table.csv(rows, offset, limit), "more": offset + limit < total}


def _items(run_id: str, state: str, offset: int, limit: int) -> dict[str, Any]:
    opened = _RESULTS.of(run_id)
    failures = opened.run.failures()
    with opened.lock:
        return items_page(
            opened.recipe, opened.dataset, failures, state=state, offset=offset, limit=limit
        )


def _figures(run_id: str) -> dict[str, Any]:
    opened = _RESULTS.of(run_id)
    with opened.lock:
        return {"names": list(opened.charts()), "stamp": str(opened.stamp)}


def _figure(run_id: str, name: str) -> dict[str, Any]:
    opened = _RESULTS.of(run_id)
    with opened.lock:
        charts = opened.charts()
    if name not in charts:
        raise NotFound.named("figure", name, charts)
    found: dict[str, Any] = charts[name]
    return found


QUESTIONS: Mapping[str, Callable[..., Any]] = {
    "recipes": catalogue.listing,
    "recipe": _recipe,
    "picture": catalogue.picture,
    "check": _check,
    "submit": _submit,
    "resume": _resume,
    "retry": _retry,
    "look": _look,
    "start_cluster": _start_cluster,
    "stop_cluster": service.stop_cluster,
    "cluster_script": service.draft_script,
    "cluster_estimate": service.draft_estimate,
    "rows": _rows,
    "csv": _csv,
    "notebook": views.notebook,
    "items": _items,
    "figures": _figures,
    "figure": _figure,
}
