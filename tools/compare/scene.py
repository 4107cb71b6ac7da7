"""One JupyterLab with both extensions, on a Slurm of its own; all of it is gone afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.ui.lab import TOKEN, Lab
from tests.ui.place import Place
from tools.rig.slurm import Slurm

PEER = "dask-labextension"
WANTED = f"{PEER}==7.*"
WAIT_S = 120


@contextlib.contextmanager
def python_with_peer() -> Iterator[Path]:
    """Give a Python that has what this one has, and the peer beside it."""
    with tempfile.TemporaryDirectory(prefix="workbench-compare-") as folder:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        python = Path(folder, "bin", "python")
        asked = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
        theirs = Path(subprocess.run(asked, capture_output=True, text=True).stdout.strip())
        ours = sysconfig.get_path("purelib")
        (theirs / "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", WANTED]
        subprocess.run(pip, check=True, stderr=subprocess.DEVNULL)
        yield python


class Scene:
    """Both extensions in one server, and requests to them.

    Parameters
    ----------
    python
        See :func:`python_with_peer`.
    rig
        The Slurm.
    """

    def __init__(self, python: Path, rig: Slurm) -> None:
        self.place = Place()
        shutil.rmtree(self.place.home / "clusters")
        prefix = Path(sys.prefix)
        self.place.env = {**rig.env, **self.place.env}
        self.place.env.update(
            DASK_CONFIG=str(self.place.root / "dask.json"),
            JUPYTER_CONFIG_PATH=str(prefix / "etc" / "jupyter"),
            JUPYTER_PATH=str(prefix / "share" / "jupyter"),
            WORKBENCH_LOGIN_NODE="0",
            WORKBENCH_POLL_S="0.5",
        )
        self.rig = rig
        self._python = str(python)
        self.configure_peer("cpu")
        self.lab = Lab(self.place)
        self.lab.python = (str(python),)
        self.lab.start()

    def configure_peer(self, partition: str) -> None:
        """Write the only place where the peer learns what a cluster is: Dask's configuration."""
        factory = {"module": "dask_jobqueue", "class": "SLURMCluster", "args": [], "kwargs": {}}
        slurm = {
            "queue": partition,
            "cores": 1,
            "memory": "250MB",
            "walltime": "00:10:00",
            "python": self._python,
        }
        config = {"labextension": {"factory": factory}, "jobqueue": {"slurm": slurm}}
        Path(self.place.env["DASK_CONFIG"]).write_text(json.dumps(config))

    def restart(self) -> None:
        """End the server as a crash would, and start it again."""
        self.lab.kill()
        self.lab.start()

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return status and document of an answer; its text where it is no JSON."""
        request = urllib.request.Request(
            f"{self.lab.url.removesuffix('lab')}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {TOKEN}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
                status, text = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read().decode()
        try:
            return status, json.loads(text) if text else None
        except ValueError:
            return status, " ".join(text.split())

    def jobs(self) -> list[str]:
        """Return the jobs that wait or run on the Slurm, by number."""
        done = subprocess.run(
            ["squeue", "--noheader", "--format=%i", "--states=PENDING,RUNNING"],
            env={**os.environ, **self.rig.env},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.split()

    def cancel(self) -> None:
        """Cancel every job."""
        if numbers := self.jobs():
            subprocess.run(["scancel", *numbers], env={**os.environ, **self.rig.env}, check=True)

    def end(self) -> None:
        """End everything."""
        self.lab.kill()
        self.cancel()
        self.place.end()
