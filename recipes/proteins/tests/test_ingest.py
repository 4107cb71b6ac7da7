"""The first stage checks whole what submit checked in its beginning, and hashes both files."""

from __future__ import annotations

import gzip
import hashlib

import pytest

from workbench import ParameterError


def test_problems_of_both_files_are_told(search_here, tmp_path):
    queries, database = tmp_path / "q.fa", tmp_path / "d.fa"
    queries.write_text(">a\nMK1\n")
    database.write_text(">a\nMKV\n>b\n>a\nMKV\n")
    with pytest.raises(ParameterError) as refused:
        search_here(queries=queries, database=database)
    assert [(field.parameter, field.message.split(",")[1]) for field in refused.value.fields] == [
        ("queries", " line 2"),
        ("database", " line 3"),
        ("database", " line 4"),
    ]


def test_what_the_result_says_of_the_files(search_here, tmp_path):
    queries, database = tmp_path / "q.fa", tmp_path / "d.fa.gz"
    queries.write_text(">q one\nMKVLAW\n>r\nACDEF*\n")
    database.write_bytes(gzip.compress(b">t\nMKVLAW\n>u\nWWW\n>v\nPP\nPP\n"))
    found = search_here(queries=queries, database=database, max_hits=5)
    assert found.plan.attrs == {
        "Z": 3,
        "max_hits": 5,
        "database_residues": 13,
        "queries_sha256": hashlib.sha256(queries.read_bytes()).hexdigest(),
        "database_sha256": hashlib.sha256(database.read_bytes()).hexdigest(),
    }
    assert found["entry_name"].tolist() == ["q", "r"]
    assert found["entry_length"].tolist() == [6, 6]
    assert found["page_sequences"].tolist() == [3]
