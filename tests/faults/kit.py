"""A home of its own for every test, with real processes that end with it, and ways to hurt them."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from shutil import rmtree

import numpy as np
import psutil

from tests.packs import install
from workbench.runs.handle import Run
from workbench.runs.journal import read_lines
from workbench.runs.lock import read_lock
from workbench.runs.status import FINAL, describe

PACK = Path(__file__).parent / "pack" / "fault_pack.py"
POINTS = {
    "faults.steps": "fault_pack:recipe",
    "faults.owners": "fault_pack:owners",
    "faults.files": "fault_pack:files",
    "faults.halves": "fault_pack:halves",
}
WORKBENCH = str(Path(sys.executable).with_name("workbench"))
MEMORY_BYTES = 600 * 2**20


def until(true, within_s, what):
    """Wait for something and return it."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if found := true():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {within_s} s: {what}")


class Place:
    """A ``WORKBENCH_HOME`` with its pack, its cluster of two workers, and all their processes.

    Parameters
    ----------
    env
        More for the environment of everything that runs here.
    """

    def __init__(self, *, workers=2, **env):
        self.workers = workers
        self.root = Path(tempfile.mkdtemp(prefix="faults-"))
        self.home = self.root / "home"
        self.site = self.root / "site"
        for folder in (self.home / "clusters" / "local", self.site, self.root / "tmp"):
            folder.mkdir(parents=True, mode=0o700)
        install(self.site, "fault-pack", POINTS, {"fault_pack": PACK.read_text()})
        spec = {"name": "local", "minimum": workers, "maximum": workers}
        spec |= {"memory_bytes": MEMORY_BYTES, "idle_timeout_s": 300.0}
        (self.home / "clusters" / "local" / "spec.json").write_text(json.dumps(spec))
        self.env = {
            **os.environ,
            "WORKBENCH_HOME": str(self.home),
            "WORKBENCH_RESTART_DELAYS_S": "0.2,0.2,0.2,0.2",
            "PYTHONPATH": str(self.site),
            "TMPDIR": str(self.root / "tmp"),
            **env,
        }
        self._sides = 0
        self._children = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def spawn(self, *words, **options):
        """A child process in this place, ended with it."""
        child = subprocess.Popen([*map(str, words)], env=self.env, **options)
        self._children.append(child)
        return child

    def call(self, *words, timeout=90):
        """The command line, to its end."""
        return subprocess.run(
            [WORKBENCH, *map(str, words)],
            env=self.env,
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def json(self, *words):
        """Exit code and the one document on standard output."""
        done = self.call(*words, "--json")
        try:
            return done.returncode, json.loads(done.stdout)
        except ValueError as error:
            raise AssertionError(f"{words}: {done.stdout!r}\n{done.stderr}") from error

    def side(self):
        """A new side file."""
        self._sides += 1
        return self.root / f"side{self._sides}"

    def words(self, recipe, *options, **values):
        """``run start`` with these values."""
        pairs = [f"{name}={value}" for name, value in values.items()]
        return ["run", "start", recipe, *options, *(w for p in pairs for w in ("--set", p))]

    def start(self, recipe, *options, **values):
        """Start a run whose calls are noted; return what is seen of it."""
        side = values.setdefault("side", self.side())
        code, document = self.json(*self.words(recipe, *options, **values))
        assert code == 0, document
        return self.seen(document["folder"], side)

    def seen(self, folder, side):
        """What is seen of a run in this place."""
        return Seen(Path(folder), Path(side), self.home / "clusters" / "local")

    def cluster(self, name="local"):
        """``status.json`` of a cluster, as it was last written."""
        file = self.home / "clusters" / name / "status.json"
        with suppress(OSError, ValueError):
            return json.loads(file.read_text())
        return {"pid": 0, "worker_processes": []}

    def processes(self):
        """Every process that runs for this home."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if process.environ().get("WORKBENCH_HOME") == str(self.home):
                    found.append(process)
        return found

    def end(self):
        """End everything that runs here, and remove it."""
        for process in self.processes():
            with suppress(psutil.Error):
                process.kill()
        # What was being started while the others were ended.
        until(lambda: not self._killed(), 20, "the end of all processes")
        for child in self._children:
            child.kill()
            child.communicate()
        rmtree(self.root, ignore_errors=True)

    def _killed(self):
        left = self.processes()
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        return left


class Seen:
    """A run as it can be seen from outside: its files, and the side file of its kernels."""

    def __init__(self, folder, side, cluster):
        self.folder = folder
        self.cluster = cluster
        self.id = folder.name
        self.side = side

    @property
    def state(self):
        return describe(self.folder)["state"]

    def describe(self):
        return describe(self.folder)

    def log(self):
        """What driver and test say of each other, for a failure's message."""
        texts = [f"{self.folder}\n{json.dumps(self.describe())}"]
        for log in (self.folder / "log", self.cluster / "log"):
            texts.append(log.read_text()[-6000:] if log.exists() else f"no {log}")
        return "\n".join(texts)

    def wait(self, *states, within_s=100):
        """Wait until the run is in one of these states, the final ones when left out."""
        deadline = time.monotonic() + within_s
        while (state := self.state) not in (states or FINAL):
            assert time.monotonic() < deadline, f"still {state}, not {states}: {self.log()}"
            time.sleep(0.05)
        return state

    def driver(self):
        """Process number of the driver, 0 before the first one."""
        with suppress(OSError, ValueError):
            holder = read_lock(self.folder)
            return holder.pid if holder else 0
        return 0

    def calls(self):
        """``{(stage, task): kernel calls}``, counted by the kernels themselves."""
        if not self.side.exists():
            return Counter()
        lines = self.side.read_text().splitlines()
        return Counter((stage, int(task)) for stage, task, _ in map(str.split, lines))

    def receipts(self):
        """Receipts in the journals, whole lines only."""
        journals = sorted(self.folder.glob("tasks.*.jsonl"))
        return [line for journal in journals for line in read_lines(journal)]

    def finished(self):
        """``{(stage, task)}`` of the tasks whose receipt is in the journals."""
        return {
            (line["stage"], task)
            for line in self.receipts()
            for start, stop in line["tasks"]
            for task in range(start, stop)
        }

    def opened(self):
        """The result."""
        return Run(self.folder).open()

    def result(self):
        """Every variable and coordinate of the result: ``{name: (dtype, bytes or texts)}``."""
        dataset = self.opened()
        return {str(name): bits(dataset[name].values) for name in dataset.variables}


def bits(array):
    """What two equal arrays have in common to the last bit."""
    if array.dtype.kind in "OTU":
        return "text", array.shape, tuple(map(str, array.ravel()))
    return str(array.dtype), array.shape, np.ascontiguousarray(array).tobytes()


def same(found, expected):
    """Two results are equal, bit for bit; the message names what is not."""
    assert set(found) == set(expected)
    different = [name for name in found if found[name] != expected[name]]
    assert not different, f"other values in {different}"


def kill(pid, how):
    """Kill -9 one process, or its whole group."""
    if how == "group":
        group = os.getpgid(pid)
        assert group != os.getpgid(0), "that is the group of the tests"
        os.killpg(group, signal.SIGKILL)
    else:
        os.kill(pid, signal.SIGKILL)
