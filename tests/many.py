"""A home with very many runs: a real one's manifest and status under new ids, on a RAM disk."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

RAM = "/dev/shm"
COPIED = ("manifest.json", "status.json")


@contextmanager
def copies(real, number):
    """A home with so many copies of the run in a folder; yields it with their ids, oldest first."""
    home = Path(tempfile.mkdtemp(prefix="workbench-many-", dir=RAM))
    texts = {name: (real / name).read_text() for name in COPIED}
    ids = [f"20250101-{n:06d}-{real.name[16:]}" for n in range(number)]
    try:
        os.makedirs(home / "runs", mode=0o700)
        for run_id in ids:
            folder = f"{home}/runs/{run_id}"
            os.mkdir(folder)
            for name, text in texts.items():
                with open(f"{folder}/{name}", "w") as file:
                    file.write(text.replace(real.name, run_id))
        yield home, ids
    finally:
        shutil.rmtree(home)
