"""The globin family among 20,000 sequences of UniProt, as Debian's HMMER finds it.

The same files go through ``phmmer`` and, by the command line, driver and two workers, through
``proteins.search``.  Every number must be the one that phmmer prints, to its last digit; HMMER
3.3.2 (Debian) and the 3.4 inside of pyhmmer compute alike.
"""

import gzip
import subprocess
from collections import Counter

import pytest

import workbench
from tests.needs import require_command, require_file
from tests.packs import workbench_json

pytestmark = [pytest.mark.science, pytest.mark.timeout(300)]

TUTORIAL = "/usr/share/doc/hmmer/examples/tutorial/globins45.fa"
UNIPROT = "/usr/share/doc/mmseqs2/example-data/DB.fasta.gz"

# What of the database UniProt calls a globin, beside the one (Ascaris) that it calls
# uncharacterized; "Hemoglobinase" is a protease.
GLOBINS = (
    "sp|P02135|HBB_LITCT", "tr|K4G713|K4G713_CALMI", "tr|P91593|P91593_CHIPA",
    "tr|P91600|P91600_CHITU", "tr|Q8WPB1|Q8WPB1_TOXCA", "tr|A0A0M3I6T8|A0A0M3I6T8_ASCLU",
)  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Queries (the tutorial's globins and the database's own), the database packed and plain."""
    folder = tmp_path_factory.mktemp("globins")
    packed = require_file(UNIPROT, "mmseqs2-examples")
    text = gzip.decompress(packed.read_bytes()).decode()
    records = {record.split(None, 1)[0]: record for record in text[1:].split("\n>")}
    assert len(records) == 20_000
    tutorial = require_file(TUTORIAL, "hmmer-examples").read_text()
    queries = [*tutorial[1:].split("\n>")[::3], *(records[name] for name in GLOBINS)]
    (folder / "queries.fa").write_text("".join(f">{query.rstrip()}\n" for query in queries))
    (folder / "database.fa").write_text(text)
    return {"queries": folder / "queries.fa", "packed": packed, "plain": folder / "database.fa"}


@pytest.fixture(scope="module")
def printed(files):
    """Rows of phmmer's tables of targets and of domains, as words."""
    tables = [files["queries"].with_name(name) for name in ("targets", "domains")]
    out = ["--tblout", str(tables[0]), "--domtblout", str(tables[1]), "-o", "/dev/null"]
    command = [str(require_command("phmmer", "hmmer")), "--noali", "--cpu", "2", *out]
    subprocess.run([*command, str(files["queries"]), str(files["plain"])], check=True)
    return [
        [line.split() for line in table.read_text().splitlines() if not line.startswith("#")]
        for table in tables
    ]


@pytest.fixture(scope="module")
def found(files, tmp_path_factory):
    """The dataset of a run on two workers."""
    home = tmp_path_factory.mktemp("home")
    code, said = workbench_json("cluster", "start", "local", "--workers", 2, home=home)
    assert code == 0, said
    try:
        sets = ("--set", f"queries={files['queries']}", "--set", f"database={files['packed']}")
        code, said = workbench_json("run", "start", "proteins.search", *sets, "--wait", home=home)
        assert code == 0, said
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("WORKBENCH_HOME", str(home))
            yield workbench.open_run(said["run_id"]).open().load()
    finally:
        workbench_json("cluster", "stop", "local", home=home)


def rows(found):
    """Rows of the run, numbers as phmmer prints them, by (query, target, number of the domain)."""
    queries = found["query"].values
    columns = {
        "evalue": "%.2g", "score": "%.1f", "bias": "%.1f", "c_evalue": "%.2g",
        "i_evalue": "%.2g", "domain_score": "%.1f", "domain_bias": "%.1f", "query_from": "%d",
        "query_to": "%d", "target_from": "%d", "target_to": "%d", "env_from": "%d", "env_to": "%d",
    }  # fmt: skip
    texts = [[form % value for value in found[name].values] for name, form in columns.items()]
    keys = zip(
        [str(queries[i]) for i in found["query_index"].values],
        [str(name) for name in found["target"].values],
        found["domain"].values.tolist(),
        strict=True,
    )
    return dict(zip(keys, map(list, zip(*texts, strict=True)), strict=True))


def test_the_same_domains_with_the_same_numbers(found, printed):
    ours = rows(found)
    theirs = {(row[3], row[0], int(row[9])): [*row[6:9], *row[11:21]] for row in printed[1]}
    assert len(theirs) > 50
    assert set(ours) == set(theirs)
    for key, row in theirs.items():
        assert ours[key] == row, key


def test_as_many_sequences_and_targets(found, printed):
    assert found.attrs["Z"] == 20_000
    reported = Counter(row[2] for row in printed[0])
    assert found["domZ"].values.tolist() == [reported[name] for name in queries(found)]


def test_the_family_is_found(found):
    """Every globin but one nematode's, which has no near relative here, is found by another."""
    sure = found["evalue"].values < 1e-3
    names = [queries(found)[i] for i in found["query_index"].values]
    related = {
        str(target)
        for name, target, is_sure in zip(names, found["target"].values, sure, strict=True)
        if is_sure and name != target
    }
    assert related >= set(GLOBINS) - {"tr|Q8WPB1|Q8WPB1_TOXCA"}


def queries(found):
    return [str(name) for name in found["query"].values]
