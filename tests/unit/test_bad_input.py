"""Every bad input on the command line: said within seconds, before any work, and what to do."""

import gzip
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.needs import require_command, require_root
from workbench_proteins.search import recipe

WORKBENCH = Path(sys.executable).with_name("workbench")
GOOD = recipe.examples[0].values()["queries"].read_text()
START = ("run", "start", "proteins.search", "--example", "globins")
SECONDS = 10
MOST_BYTES = 150 * 2**20

FILES = {
    "empty": (b"", "{path} is empty: give a file with FASTA"),
    "header only": (b">a\n", "{name}, line 1, is the header of 'a', which has no residues: add"),
    "no header": (b"MKV\nLAW\n", "{name}, line 1, stands before the first header: begin each"),
    "truncated gz": (
        gzip.compress(GOOD.encode())[:-40],
        "{path} is a damaged or incomplete .gz file (it ends too early): download or compress it",
    ),
    "not UTF-8": (b">a\nMKV\n>caf\xe9\nMKV\n", "{path}, line 3: byte 0xe9 is not UTF-8: save the"),
    "UTF-16": (GOOD.encode("utf-16"), "{path} is UTF-16 text: save it as UTF-8, for example with"),
    "UTF-16 without mark": (GOOD.encode("utf-16-be"), "{path} is UTF-16BE text: save it as UTF-8"),
    "NUL": (b">a\nMK\0V\n", "{path}, line 2: a NUL byte stands in the text; the file is damaged"),
    "web page": (b"<!DOCTYPE html>\n<html></html>\n", "{path} is a web page, perhaps an error or"),
    "random": (random.Random(1).randbytes(5000), "{path} holds binary data, no text: give a FASTA"),
    "twice": (b">a\nMKV\n>b\nM\n>a\nMKV\n", "{name}, line 5, repeats the name 'a' of line 1: give"),
    "illegal letter": (b">a\nMKV\nM1V\n", "{name}, line 3, holds '1', which stands for no amino"),
}
VALUES = {
    "unknown": ("evaleu=1", "evaleu: there is no such parameter. Did you mean 'evalue'?"),
    "out of range": ("evalue=0", "evalue: '0' was given; it should be greater than 0."),
    "inf": ("evalue=inf", "evalue: 'inf' was given; it should be a finite number."),
    "NaN": ("evalue=nan", "evalue: 'nan' was given; it should be a finite number."),
    "true for a number": ("evalue=true", "evalue: 'true' was given; it should be a number"),
    "true for a whole one": ("seed=true", "seed: 'true' was given; it should be a whole number"),
}
DOCUMENTS = {
    "inf": ('{"evalue": 1e999}', "evalue: inf is not a finite number"),
    "NaN": ('{"evalue": NaN}', "evalue: nan is not a finite number"),
    "true for a number": (
        '{"evalue": true}',
        "evalue: True was given; it should be a number",
    ),
    "text for a number": ('{"evalue": "1"}', "evalue: '1' was given; it should be a number"),
    "no object": ("[1]", "--params {path} must hold one JSON object"),
    "no JSON": ('{"evalue": ', "--params {path} cannot be read as JSON"),
}


# A child's peak begins with what its parent had at the fork: hence a small parent in between.
BETWEEN = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[2:])
_, status, usage = os.wait4(child.pid, 0)
with open(sys.argv[1], "w") as file:
    file.write(str(usage.ru_maxrss * 1024))
sys.exit(os.waitstatus_to_exitcode(status))
"""


class Said:
    """What the command line answered, how fast and with how much memory."""

    def __init__(self, home, *words, under=()):
        begun = time.monotonic()
        with tempfile.NamedTemporaryFile() as peak:
            between = [sys.executable, "-I", "-S", "-c", BETWEEN, peak.name]
            done = subprocess.run(
                [*between, *under, WORKBENCH, *START, *words],
                env={**os.environ, "WORKBENCH_HOME": str(home)},
                capture_output=True,
                text=True,
                check=False,
            )
            self.memory = int(peak.read())
        self.seconds = time.monotonic() - begun
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr


def refused(home, *words, under=()):
    """The one line that is said of wrong input."""
    said = Said(home, *words, under=under)
    assert (said.code, said.out) == (2, ""), said.err
    [line] = said.err.splitlines()
    assert said.seconds < SECONDS
    assert said.memory < MOST_BYTES
    assert not list(home.glob("runs/*"))
    return line.removeprefix("Error: ")


@pytest.mark.parametrize("what", FILES)
def test_a_bad_file(tmp_path, what):
    content, told = FILES[what]
    path = tmp_path / "seqs.fa"
    path.write_bytes(content)
    line = refused(tmp_path / "home", "--set", f"queries={path}")
    assert line.startswith("queries: " + told.format(path=path, name=path.name))


def test_300_mb_in_one_line(tmp_path):
    path = tmp_path / "line.fa"
    with path.open("wb") as file:
        file.write(b">a\n")
        file.writelines(b"M" * 2**20 for _ in range(300))
    line = refused(tmp_path / "home", "--set", f"database={path}")
    assert line == "database: line.fa, line 2, is longer than 1 MB: break it into shorter ones."


def test_a_missing_file_and_a_folder(tmp_path):
    (tmp_path / "seqs.fa").write_text(GOOD)
    line = refused(tmp_path / "home", "--set", f"queries={tmp_path / 'seq.fa'}")
    assert line.endswith(f"there is no file {tmp_path / 'seq.fa'}. Did you mean "
                         f"'{tmp_path / 'seqs.fa'}'?")  # fmt: skip
    line = refused(tmp_path / "home", "--set", f"queries={tmp_path}")
    assert line.startswith(f"queries: {tmp_path} is a folder; give one file. It holds: ")


def test_no_permission(tmp_path):
    require_root("giving a file to another user")
    closed = tmp_path / "closed.fa"
    closed.write_text(GOOD)
    closed.chmod(0o600)
    os.chown(closed, 65534, 65534)
    # Root as anybody else is: without the power over other users' files.
    powers = "-dac_override,-dac_read_search"
    under = (require_command("setpriv", "util-linux"), "--bounding-set", powers)
    line = refused(tmp_path / "home", "--set", f"queries={closed}", under=under)
    assert line.startswith(f"queries: you may not read {closed}: ask ")


@pytest.mark.parametrize("what", VALUES)
def test_a_bad_value(tmp_path, what):
    text, told = VALUES[what]
    assert refused(tmp_path / "home", "--set", text).startswith(told)


@pytest.mark.parametrize("what", DOCUMENTS)
def test_a_bad_document(tmp_path, what):
    text, told = DOCUMENTS[what]
    path = tmp_path / "values.json"
    path.write_text(text)
    line = refused(tmp_path / "home", "--params", path)
    assert line.startswith(told.format(path=path))


def test_everything_wrong_is_said_at_once(tmp_path):
    home, path = tmp_path / "home", tmp_path / "seqs.fa"
    path.write_text(">a\nMK1\n>a\nMKV\n")
    sets = (f"queries={path}", f"database={tmp_path / 'none'}", "evalue=-1", "max_hit=3")
    words = [word for text in sets for word in ("--set", text)]
    said = Said(home, *words, "--json")
    error = json.loads(said.out)["error"]
    assert (said.code, error["code"]) == (2, "parameters")
    found = [field["parameter"] for field in error["fields"]]
    assert sorted(found) == ["database", "evalue", "max_hit", "queries", "queries"]
    assert "Traceback" not in said.err
    assert not list(home.glob("runs/*"))


def test_windows_line_ends_and_a_byte_order_mark_are_accepted(tmp_path):
    path = tmp_path / "seqs.fa"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    # A name that is unknown besides: nothing is to be started.
    line = refused(tmp_path / "home", "--set", f"queries={path}", "--set", "evaleu=1")
    assert line.startswith("evaleu: ")
