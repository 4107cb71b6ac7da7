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
