"""Print the Binder link of a repository on GitHub, and a badge for it.

Usage: python tools/binder_link.py [https://github.com/OWNER/NAME]   (else the remote `origin`)
"""

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

NOTEBOOK = "notebooks/01_first_run.ipynb"
LAB = f"lab/tree/{NOTEBOOK}?workbench=recipes"
GITHUB = re.compile(r"(?:https://github\.com/|git@github\.com:)([\w.-]+)/([\w.-]+?)(?:\.git)?/?\Z")


def link(address: str) -> str:
    """Return the address that builds and opens a repository."""
    found = GITHUB.match(address)
    if found is None:
        raise SystemExit(
            f"{address!r} is no repository on GitHub. Name one: "
            "python tools/binder_link.py https://github.com/OWNER/NAME"
        )
    return f"https://mybinder.org/v2/gh/{found[1]}/{found[2]}/HEAD?urlpath={quote(LAB, safe='')}"


def origin() -> str:
    """Return the address of the remote `origin`, or nothing."""
    asked = ["git", "remote", "get-url", "origin"]
    root = Path(__file__).parents[1]
    done = subprocess.run(asked, cwd=root, capture_output=True, text=True, check=False)
    return done.stdout.strip()


if __name__ == "__main__":
    address = link(sys.argv[1] if len(sys.argv) > 1 else origin())
    print(address)
    print(f"[![Open in Binder](https://mybinder.org/badge_logo.svg)]({address})")
