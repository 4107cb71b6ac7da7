"""Every route of the workbench, below ``<base_url>/workbench/api/``."""

from __future__ import annotations

from jupyterlab_workbench import clusters, pool, recipes, results, runs
from jupyterlab_workbench.dashboard import Dashboard
from jupyterlab_workbench.files import Files
from jupyterlab_workbench.request import Nothing, Request

PREFIX = "/workbench/api/"
ONE = "([^/]+)"

ROUTES: tuple[tuple[str, type[Request]], ...] = (
    ("recipes", recipes.Recipes),
    (f"recipes/{ONE}", recipes.Recipe),
    (f"recipes/{ONE}/check", recipes.Check),
    (f"recipes/{ONE}/picture", recipes.Picture),
    ("runs", runs.Runs),
    (f"runs/{ONE}", runs.OneRun),
    (f"runs/{ONE}/stop", runs.Stop),
    (f"runs/{ONE}/resume", runs.Resume),
    (f"runs/{ONE}/retry", runs.Retry),
    (f"runs/{ONE}/code", runs.Code),
    (f"runs/{ONE}/figures", results.Figures),
    (f"runs/{ONE}/figures/{ONE}", results.Figure),
    (f"runs/{ONE}/rows", results.Rows),
    (f"runs/{ONE}/rows.csv", results.Csv),
    (f"runs/{ONE}/items", results.Items),
    (f"runs/{ONE}/log", results.Log),
    (f"runs/{ONE}/notebook", results.Notebook),
    ("files", Files),
    ("pool", pool.Pool),
    ("pool/cards", pool.Cards),
    ("clusters", clusters.Clusters),
    # Before the names: no cluster can be reached here that is called like one of these.
    ("clusters/script", clusters.Script),
    ("clusters/estimate", clusters.Estimate),
    (f"clusters/{ONE}", clusters.OneCluster),
    (f"clusters/{ONE}/log", clusters.Log),
    (f"clusters/{ONE}/dashboard/(.*)", Dashboard),
)
EVERYTHING_ELSE = (".*", Nothing)
