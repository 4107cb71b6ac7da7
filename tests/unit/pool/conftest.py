"""Captured output of schedulers, and small stand-ins of their commands on PATH."""

import os
import stat
from pathlib import Path

import pytest

DATA = Path(__file__).parent / "data"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty workbench of its own, without any site file."""
    folder = tmp_path / "workbench"
    monkeypatch.setenv("WORKBENCH_HOME", str(folder))
    monkeypatch.delenv("WORKBENCH_SITE", raising=False)
    # The pace of submissions is the user's on this host, and not that of other tests.
    local = tmp_path / "tmp"
    local.mkdir()
    monkeypatch.setenv("TMPDIR", str(local))
    monkeypatch.setattr("tempfile.tempdir", str(local))
    return folder


class Programs:
    """Programs on PATH that print captured output, note each call, and fail when told to."""

    def __init__(self, folder):
        self.folder = folder
        self.calls_file = folder / "calls"

    def put(self, name, script):
        path = self.folder / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> {self.calls_file}\n{script}\n')
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def calls(self, name=""):
        lines = self.calls_file.read_text().splitlines() if self.calls_file.exists() else []
        return [line for line in lines if line.startswith(name)]

    def slurm(self, before=""):
        data = DATA / "slurm-22.05.8"
        self.put(
            "scontrol",
            f'{before}\ncase "$*" in *node*) cat {data}/nodes.txt ;;\n'
            f"*) cat {data}/limits.txt ;; esac",
        )
        self.put("squeue", f"{before}\ncat {data}/jobs.txt")
        self.put("sbatch", before)
        self.put("scancel", before)


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Only these programs and the system's are on PATH; no scheduler of this machine."""
    folder = tmp_path / "bin"
    folder.mkdir()
    system = tmp_path / "system"
    system.mkdir()
    for name in ("cat", "sleep", "sh", "env", "true"):
        (system / name).symlink_to(f"/bin/{name}")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{system}")
    return Programs(folder)
