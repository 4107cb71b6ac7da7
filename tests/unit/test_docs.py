"""The documents: every link leads somewhere, every page is found from the index."""

import re

from tests.tree import ROOT, short, tracked

LINK = re.compile(r"(?<!`)\[[^\]]+\]\(([^)#\s]+)(#[^)]*)?\)|!\[[^\]]*\]\(([^)\s]+)\)")


def pages():
    return [path for path in tracked() if path.suffix == ".md"]


def test_links_between_documents_lead_somewhere():
    dead = [
        f"{short(page)}: {target}"
        for page in pages()
        for target in (match[1] or match[3] for match in LINK.finditer(page.read_text()))
        if not target.startswith(("https://", "mailto:")) and not (page.parent / target).exists()
    ]
    assert dead == []


def test_every_page_of_the_documentation_is_in_its_index():
    index = (ROOT / "docs/index.md").read_text()
    linked = {match[1] for match in LINK.finditer(index)}
    assert {path.name for path in (ROOT / "docs").glob("*.md")} - linked == {"index.md"}


def test_every_row_of_what_dies_names_tests_that_are_there():
    text = (ROOT / "docs/when-things-die.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ")][2:]
    assert len(rows) > 20
    named = [re.findall(r"`(tests/\S+\.py)::(test_\w+)`", row) for row in rows]
    assert [row for row, tests in zip(rows, named, strict=True) if not tests] == []
    missing = [
        f"{file}::{name}"
        for tests in named
        for file, name in tests
        if f"def {name}(" not in (ROOT / file).read_text()
    ]
    assert missing == []
