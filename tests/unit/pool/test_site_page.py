"""docs/site-file.md tells every key as the code declares it, and its examples are read."""

import re

import pytest

from tests.tree import ROOT
from workbench.pool import keys
from workbench.pool.site import Site, read_site

PAGE = (ROOT / "docs/site-file.md").read_text()
EXAMPLES = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def rows(of):
    for each in keys.declared(of):
        reader = each.metadata["reader"]
        if reader.inner is not None:
            yield from rows(reader.inner)
        else:
            yield f"| `{keys.name_of(each)}` | {reader.says} | {each.metadata['help']} |"


def test_every_key_stands_on_the_page_as_it_is_declared_and_no_other():
    assert re.findall(r"^\| `.*\|$", PAGE, re.MULTILINE) == list(rows(Site))


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_examples_are_right(example, tmp_path):
    path = tmp_path / "site.toml"
    path.write_text(example)
    assert read_site(path) != Site(file=path)


def test_every_setting_of_the_environment_stands_on_the_page():
    read = re.compile(
        r"""(?:os\.environ\.get\(|\bseconds\(|\bname = |\b[A-Z_]+ = )"(WORKBENCH_[A-Z_]+)\""""
    )
    sources = [path.read_text() for path in (ROOT / "workbench").rglob("*.py")]
    # What the workbench tells its own worker processes is no setting.
    ours = (
        "WORKBENCH_WORKER_", "WORKBENCH_CARD", "WORKBENCH_NODE", "WORKBENCH_MEMORY_LIMIT",
        "WORKBENCH_JOB_",
    )  # fmt: skip
    found = {name for text in sources for name in read.findall(text) if not name.startswith(ours)}
    told = set(re.findall(r"^- `(WORKBENCH_[A-Z_]+)`:", PAGE, re.MULTILINE))
    assert len(found) > 10
    assert told == found
