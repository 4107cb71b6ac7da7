"""A ``WORKBENCH_HOME`` with a test's own recipe, and the end of all that ran in it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil

from tests.packs import install

PACK = Path(__file__).parent / "pack" / "kinds_pack.py"
RECIPE = "kinds.every"
WORKBENCH = str(Path(sys.executable).with_name("workbench"))


class Place:
    """Homes, packs and processes of some tests."""

    def __init__(self):
        self.root = Path(tempfile.mkdtemp(prefix="ui-"))
        self.home = self.root / "home"
        self.work = self.root / "work"
        site = self.root / "site"
        for folder in (self.home / "clusters" / "local", self.work, site, self.root / "tmp"):
            folder.mkdir(parents=True, mode=0o700)
        install(site, "kinds-pack", {RECIPE: "kinds_pack:recipe"}, {"kinds_pack": PACK.read_text()})
        shutil.copy(PACK.with_name("kinds.svg"), site)
        (site / "six.txt").write_text("1\n2\n3\n4\n5\n6\n")
        self.numbers = site / "six.txt"
        self.many = site / "many.txt"
        self.many.write_text("".join(f"{n}\n" for n in range(1, 41)))
        spec = {"name": "local", "minimum": 1, "maximum": 2, "idle_timeout_s": 600.0}
        (self.home / "clusters" / "local" / "spec.json").write_text(json.dumps(spec))
        # JupyterLab asks each newcomer about its news: not ours to answer in every test.
        told = self.root / "settings" / "@jupyterlab" / "apputils-extension"
        told.mkdir(parents=True)
        (told / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
        self.env = {
            "JUPYTERLAB_SETTINGS_DIR": str(self.root / "settings"),
            "WORKBENCH_HOME": str(self.home),
            "PYTHONPATH": str(site),
            "TMPDIR": str(self.root / "tmp"),
            "JUPYTER_CONFIG_DIR": str(self.root / "jupyter"),
            "JUPYTER_DATA_DIR": str(self.root / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.root / "runtime"),
            "IPYTHONDIR": str(self.root / "ipython"),
        }

    def run(self, *options, wait=True, **values):
        """Start a run of the test's recipe by the command line; return its document."""
        values = {"numbers": self.numbers, **values}
        pairs = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
        words = ["run", "start", RECIPE, *options, *pairs]
        return self.call(*words, *(["--wait"] if wait else []))

    def call(self, *words):
        """Call the command line; return its document."""
        done = subprocess.run(
            [WORKBENCH, *map(str, words), "--json"],
            env={**os.environ, **self.env},
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=150,
        )
        try:
            return json.loads(done.stdout)
        except ValueError as error:
            raise AssertionError(f"{words}: {done.stdout}\n{done.stderr}") from error

    def processes(self):
        """Everything that runs in this place."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if process.environ().get("WORKBENCH_HOME") == str(self.home):
                    found.append(process)
        return found

    def end(self):
        """End everything that runs here, and remove it."""
        for _ in range(5):
            left = [process for process in self.processes() if process.pid != os.getpid()]
            if not left:
                break
            for process in left:
                with suppress(psutil.Error):
                    process.kill()
            psutil.wait_procs(left, 5)
        shutil.rmtree(self.root, ignore_errors=True)
