"""Every number equals, bit for bit, that of one pyhmmer call on the whole files."""

from __future__ import annotations

import gzip
import random
from collections import Counter
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyhmmer
import pytest

from workbench import Piece, Source
from workbench_proteins import layout
from workbench_proteins.fasta import Records
from workbench_proteins.hits import COLUMNS, conclude
from workbench_proteins.hmmer import Search
from workbench_proteins.search import recipe

EXAMPLE = recipe.examples[0].values()
FLOATS = (
    "evalue", "score", "bias", "c_evalue", "i_evalue", "domain_score", "domain_bias",
    "query_coverage", "target_coverage", "identity",
)  # fmt: skip
PLACES = ("query_from", "query_to", "target_from", "target_to", "env_from", "env_to")
KEY = ("query_index", "target_index", "domain")

# Some domains of the second three in the first three are reported, others are not.
REPEATS = ("tr|A0A151TVX5|A0A151TVX5_CAJCA", "tr|A0A091X7X0|A0A091X7X0_OPIHO", "HBA_PROLO")
REPEATED = ("tr|A0A087GJ30|A0A087GJ30_ARAAL", "sp|Q3KM28|DXS_CHLTA", "tr|G4NMI1|G4NMI1_CHLT4")


def sequences(path):
    amino = pyhmmer.easel.Alphabet.amino()
    with pyhmmer.easel.SequenceFile(path, digital=True, alphabet=amino) as file:
        return file.read_block()


def by_name(path):
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    records = (record.partition("\n") for record in text.decode()[1:].split("\n>"))
    return {head.split()[0]: body.replace("\n", "") for head, _, body in records}


@pytest.fixture(scope="module")
def hard(tmp_path_factory):
    """Queries and a database with repeats, duplicates, stops, odd letters, low complexity."""
    folder = tmp_path_factory.mktemp("hard")
    proteins = by_name(EXAMPLE["database"])
    globins = by_name(EXAMPLE["queries"])
    draw = random.Random(5)
    one, two = globins["HBB_HUMAN"], globins["MYG_HORSE"]
    noise = "".join(draw.choices("ACDEFGHIKLMNPQRSTVWY", k=300))
    mutated = "".join(draw.choice("ACDEFGHIKL") if draw.random() < 0.6 else c for c in one)
    extra = {
        "tandem": one + noise + two + noise[:80] + one,
        "overlapping": one[:90] + one[60:] + two[:100] + two[50:],
        "weak_repeats": (mutated + noise[:40]) * 4,
        "copy1": two,
        "copy2": two,
        "lower": one.lower(),
        "stops": one[:70] + "*" + one[70:] + "*",
        "odd": one.replace("V", "X").replace("C", "U") + "BZJO",
        "proline": "P" * 200,
        "glutamine": "Q" * 120 + one[:40] + "Q" * 120,
        "one_residue": "M",
    }
    kept = [name for i, name in enumerate(proteins) if i % 5 == 0 or "|" not in name]
    order = list(({name: proteins[name] for name in (*kept, *REPEATED)} | extra).items())
    draw.shuffle(order)
    queries = {
        **globins,
        "tandem": extra["tandem"],
        "short": "MKVLAWG",
        "rich": "Q" * 60 + one[:30],
    }
    queries |= {name: proteins[name] for name in REPEATS}
    files = {"queries": folder / "queries.fa", "database": folder / "database.fa"}
    for path, records in zip(files.values(), (queries, dict(order)), strict=True):
        path.write_text("".join(f">{n} some words\n{s}\n" for n, s in records.items()))
    return files


@lru_cache
def reference(queries, database, evalue, seed=42):
    """One pyhmmer call; rows of (names of the columns, values) by (query, target, domain)."""
    targets = sequences(database)
    number = {target.name: i for i, target in enumerate(targets)}
    calls = pyhmmer.phmmer(sequences(queries), targets, cpus=1, E=evalue, seed=seed)
    rows, dom_z = {}, []
    for query, hits in enumerate(calls):
        dom_z.append(len(hits.reported))
        for hit in hits.reported:
            for place, domain in enumerate(hit.domains.reported, 1):
                rows[query, number[hit.name], place] = row_of(hit, domain)
    return rows, dom_z


def row_of(hit, domain):
    found = domain.alignment
    pairs = zip(found.hmm_sequence.upper(), found.target_sequence.upper(), strict=True)
    same = sum(a == b for a, b in pairs)
    return {
        "target": hit.name,
        "evalue": hit.evalue,
        "score": hit.score,
        "bias": hit.bias,
        "c_evalue": domain.c_evalue,
        "i_evalue": domain.i_evalue,
        "domain_score": domain.score,
        "domain_bias": domain.bias,
        "identity": same / len(found.hmm_sequence),
        "query_coverage": (found.hmm_to - found.hmm_from + 1) / found.hmm_length,
        "target_coverage": (found.target_to - found.target_from + 1) / hit.length,
        "query_from": found.hmm_from,
        "query_to": found.hmm_to,
        "target_from": found.target_from,
        "target_to": found.target_to,
        "env_from": domain.env_from,
        "env_to": domain.env_to,
    }


def table(outcome):
    """Rows of an outcome in the reference's form."""
    columns = {name: outcome.hits[name].tolist() for name in (*KEY, "target", *FLOATS, *PLACES)}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return {tuple(row.pop(name) for name in KEY): row for row in rows}


@pytest.mark.parametrize(
    ("evalue", "shard_residues", "tasks", "shards"),
    [
        (10.0, 100_000, 256, 2),
        (1e-6, 100_000, 12, 2),
        (1000.0, 100_000, 256, 2),
        (1000.0, 100_000, 1, 2),
        (1000.0, 32_000_000, 256, 1),
    ],
)
def test_every_number_equals_one_call(
    search_here, monkeypatch, hard, evalue, shard_residues, tasks, shards
):
    monkeypatch.setattr(layout, "TASKS", tasks)
    found = search_here(**hard, evalue=evalue, shard_residues=shard_residues)
    rows, dom_z = reference(*hard.values(), evalue)
    assert found["domZ"].tolist() == dom_z
    assert table(found) == rows
    for column in COLUMNS:
        wanted = np.dtypes.StringDType() if column.dtype == "str" else np.dtype(column.dtype)
        assert found.hits[column.name].dtype == wanted, column.name
    planned = found.plan.variables["search_shard"][1]
    assert planned.max() + 1 >= shards
    assert len(rows) > 100


def test_the_hard_database_is_hard(hard):
    """What could go wrong with shards does occur in the database."""
    rows, _ = reference(*hard.values(), 1000.0)
    assert max(domain for _, _, domain in rows) >= 4
    assert len([row for row in rows.values() if row["target"] in ("copy1", "copy2")]) >= 4
    calls = pyhmmer.phmmer(sequences(hard["queries"]), sequences(hard["database"]), E=1000.0)
    partly = [
        [domain.reported for domain in hit.domains]
        for hits in calls
        for hit in hits.reported
        if len(hit.domains.reported) < len(hit.domains)
    ]
    assert any(not reported[0] and reported[-1] for reported in partly)


def test_a_target_without_a_reported_domain_counts_in_dom_z_alone():
    """Conditional E-values above 10 are not reported, the others are numbered from 1."""
    names = [column.name for column in COLUMNS]
    columns = dict.fromkeys(names, np.zeros(5))
    columns |= {
        "query_index": np.array([4, 4, 4, 5, 5], np.int32),
        "target_index": np.array([7, 7, 2, 2, 2]),
        "domain": np.array([1, 2, 1, 1, 2], np.int32),
        "c_evalue": np.array([0.9, 0.1, 0.9, 1.0, 1e-9]),  # P-values so far
    }
    piece = Piece((4, 6), {"domZ": np.array([12, 2])}, {"hits": columns})
    found = conclude(piece).rows["hits"]
    assert found["query_index"].tolist() == [4, 5, 5]
    assert found["target_index"].tolist() == [7, 2, 2]
    assert found["domain"].tolist() == [1, 1, 2]
    assert found["c_evalue"].tolist() == [0.1 * 12, 2.0, 2e-9]


def test_a_profile_is_built_once_in_a_process(search_here, monkeypatch, hard):
    built = Counter()

    def counted(search, residues):
        built[bytes(residues)] += 1
        return profile(search, residues)

    profile = Search.profile
    monkeypatch.setattr(Search, "profile", counted)
    plan = search_here(**hard, shard_residues=100_000).plan
    assert plan.variables["search_shard"][1].max() > 0
    assert len(built) == len(plan.variables["query"][1])
    assert set(built.values()) == {1}


def test_a_query_block_holds_several_queries(search_here, monkeypatch, hard):
    monkeypatch.setattr(layout, "TASKS", 12)
    plan = search_here(**hard, shard_residues=100_000).plan
    assert 1 < (plan.tasks.stop - plan.tasks.start).max() < len(plan.variables["query"][1])
    assert len(set(plan.tasks.group.tolist())) > 1


@pytest.mark.parametrize("shard_residues", [100_000, 32_000_000])
@pytest.mark.parametrize("max_hits", [1, 7])
def test_max_hits_keeps_the_best_targets_and_changes_no_number(
    search_here, hard, max_hits, shard_residues
):
    found = search_here(**hard, max_hits=max_hits, evalue=1000.0, shard_residues=shard_residues)
    rows, dom_z = reference(*hard.values(), 1000.0)
    assert found["domZ"].tolist() == dom_z
    best = {}
    for (query, target, _), row in rows.items():
        best.setdefault(query, {})[target] = (-row["score"], target)
    kept = {
        (query, target)
        for query, targets in best.items()
        for target in sorted(targets, key=targets.get)[:max_hits]
    }
    assert table(found) == {key: row for key, row in rows.items() if key[:2] in kept}


def test_combine_is_associative(search_here, hard):
    def in_three_ways(combine, pieces, *call):
        whole = combine(pieces, *call)
        one_by_one, tree = pieces[0], list(pieces)
        for piece in pieces[1:]:
            one_by_one = combine([one_by_one, piece], *call)
        while len(tree) > 1:
            tree = [combine(tree[i : i + 2], *call) for i in range(0, len(tree), 2)]
        for other in (one_by_one, tree[0]):
            assert other.arrays["domZ"].tolist() == whole.arrays["domZ"].tolist()
            for name, values in whole.rows["hits"].items():
                assert other.rows["hits"][name].tolist() == values.tolist(), name
        assert len(pieces) > 1
        return whole

    search_here(**hard, evalue=100.0, max_hits=9, shard_residues=100_000, fold=in_three_ways)


def test_the_seed_is_hmmers(search_here, hard):
    found = search_here(**hard, seed=7, shard_residues=100_000)
    assert table(found) == reference(*hard.values(), 10.0, 7)[0]
    assert table(found) != reference(*hard.values(), 10.0)[0]


def test_nothing_found(search_here, tmp_path):
    query, database = tmp_path / "query.fa", tmp_path / "database.fa"
    query.write_text(">a\nMKV\n")
    database.write_text(">b\nWWWWWWWW\n>c\nPPPP\n")
    found = search_here(queries=query, database=database)
    assert found["domZ"].tolist() == [0]
    assert all(len(column) == 0 for column in found.hits.values())


@pytest.mark.parametrize(
    "text",
    [
        ">a b c\r\nMKV\r\nLAW\r\n>b\r\nACDEF\r\n",
        "\ufeff>a\nMKVLAW\n>b\nACD EF\tG\n",
        "\n\n>a\n\nMKV\n\nLAW\n>b\nbzjoux*\n",
        "> a\nMKV\n>b\t1\nACD",
        ">a\nMKVLAW*\n>b\n*ACD\n",
    ],
)
def test_sequences_are_read_as_easel_does(tmp_path, text):
    path = tmp_path / "x.fa"
    path.write_text(text, newline="")
    records = Records(Source(path))
    ours = [(record.name, record.residues) for record in records]
    assert records.problems == []
    plain = tmp_path / "plain.fa"
    plain.write_text(text.removeprefix("\ufeff"), newline="")
    assert ours == [(s.name, bytes(s.sequence)) for s in sequences(plain)]


def test_profiles_do_not_depend_on_what_was_searched_before(hard):
    """The order of the queries changes no number: a worker meets them in any order."""
    queries, targets = sequences(hard["queries"]), sequences(hard["database"])
    there = [hits for hits in pyhmmer.phmmer(list(queries), targets, cpus=1)]
    back = [hits for hits in pyhmmer.phmmer(list(queries)[::-1], targets, cpus=1)][::-1]
    for one, other in zip(there, back, strict=True):
        assert [(h.name, h.evalue) for h in one] == [(h.name, h.evalue) for h in other]


def test_example_files_are_small():
    assert sum(Path(path).stat().st_size for path in EXAMPLE.values()) < 600_000
