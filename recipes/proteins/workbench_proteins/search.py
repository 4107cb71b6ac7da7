"""proteins.search: the proteins of a database that are related to mine.

Stages: ``ingest`` (both files), ``search`` (query x shard).  What is computed, and how exactly,
stands in ``docs/recipes-proteins-search.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from workbench import Example, Picture, Recipe, Stage
from workbench_proteins.hits import DOM_Z, HITS, HMMER
from workbench_proteins.search_figures import figures
from workbench_proteins.search_ingest import INGESTED, ingest, plan_ingest, room
from workbench_proteins.search_notes import notes
from workbench_proteins.search_parameters import SearchParameters
from workbench_proteins.search_stage import SearchState, combine, plan_search, root, search

_EXAMPLES = Path(__file__).parent / "examples"


def _globins() -> Mapping[str, Path]:
    return {
        "queries": _EXAMPLES / "globins.fasta",
        "database": _EXAMPLES / "uniprot-sample.fasta.gz",
    }


recipe = Recipe(
    id="proteins.search",
    version="1",
    title="Protein search",
    question="Which of these proteins are related to mine?",
    field="proteins",
    parameters=SearchParameters,
    stages=(
        Stage(name="ingest", outputs=INGESTED, plan=plan_ingest, kernel=ingest),
        Stage(
            name="search",
            outputs=(HITS, DOM_Z),
            plan=plan_search,
            kernel=search,
            setup=SearchState,
            combine=combine,
            root=root,
        ),
    ),
    room=room,
    items="query",
    figures=figures,
    notes=notes,
    table="hits",
    columns=("target", "evalue", "score", "identity", "query_coverage", "target_coverage"),
    order=("evalue",),
    requires=("pyhmmer",),
    references=(
        HMMER,
        "doi:10.1093/bioinformatics/btad214",  # pyhmmer
        "doi:10.1186/1471-2105-11-431",  # phmmer
    ),
    picture=Picture(
        file=Path(__file__).with_name("search.png"),
        caption="Scores by rank of the example's five globins: relatives stand above the step",
    ),
    examples=(
        Example(
            name="globins",
            title="Five globins among 2,000 proteins of UniProt",
            values=_globins,
        ),
    ),
)
