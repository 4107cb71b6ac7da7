"""Figures are drawn without what Altair's validator would load for nothing."""

from __future__ import annotations

import subprocess
import sys

DRAWN = """
import sys
from workbench.worker import finish
finish._load_altair()
print("altair" in sys.modules, "rfc3987_syntax" in sys.modules)
import altair
altair.Chart().mark_point().to_dict()
import rfc3987_syntax
"""


def test_the_grammar_of_uris_is_not_loaded_and_can_be_later():
    done = subprocess.run(
        [sys.executable, "-c", DRAWN], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["True", "False"]
