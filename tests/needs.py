"""What a test needs of its machine.

Where it is missing the test is skipped with the reason on a workstation; under ``CI=true`` the
``conftest.py`` at the root turns every such skip into a failure, but for unset data.
"""

import os
import shutil
from pathlib import Path

import pytest

DATA_UNSET = "WORKBENCH_DATA is unset"


def require_command(name: str, package: str = "") -> Path:
    """Path of a program on PATH."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no command {name}" + f": apt install {package}" * bool(package))
    return Path(found)


def require_file(path: Path | str, package: str = "") -> Path:
    """Path of a file outside the project, such as one of a Debian package."""
    if not Path(path).exists():
        pytest.skip(f"no file {path}" + f": apt install {package}" * bool(package))
    return Path(path)


def require_data(name: str = "") -> Path:
    """Path of a file below ``$WORKBENCH_DATA``; fails where that is set and lacks the file."""
    if not os.environ.get("WORKBENCH_DATA"):
        pytest.skip(DATA_UNSET)
    path = Path(os.environ["WORKBENCH_DATA"], name).resolve()
    if not path.exists():
        pytest.fail(f"WORKBENCH_DATA is set but has no {name}")
    return path


def require_root(purpose: str) -> None:
    """For what only root may do, such as mounting or acting as another user."""
    if os.geteuid() != 0:
        pytest.skip(f"{purpose} needs root")


def require_slurm() -> None:
    """For the rig: a real Slurm on this machine, with accounting, started by root."""
    require_root("a Slurm of our own")
    for command, package in (
        ("slurmctld", "slurmctld"),
        ("slurmd", "slurmd"),
        ("sbatch", "slurm-client"),
        ("munged", "munge"),
        ("slurmdbd", "slurmdbd"),
        ("mariadbd", "mariadb-server"),
    ):
        require_command(command, package)


def require_sge() -> None:
    """For the rig: a real Grid Engine on this machine, started by root."""
    require_root("a Grid Engine of our own")
    for command, package in (
        ("sge_qmaster", "gridengine-master"),
        ("sge_execd", "gridengine-exec"),
        ("qsub", "gridengine-client"),
    ):
        require_command(command, package)
