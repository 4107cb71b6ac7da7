"""A ``WORKBENCH_HOME`` on a rig, and the command line as a user there calls it."""

import json
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from tools.rig.processes import end, processes_with

WORKBENCH = str(Path(sys.executable).with_name("workbench"))

# What takes half a minute for users takes a second here.
QUICK = {"WORKBENCH_POLL_S": "0.5"}


class Place:
    """A home of its own on a rig, shared by log-in and nodes, and all processes that belong to it.

    Parameters
    ----------
    rig
        The scheduler that is met here.
    user
        Whose home it is; root's if left out.
    env
        More for the environment.
    """

    def __init__(self, rig, user=None, **env):
        self.rig = rig
        self.user = user
        homes = rig.folder / "homes"
        homes.mkdir(exist_ok=True)
        self.root = Path(tempfile.mkdtemp(prefix="place-", dir=homes))
        self.home = self.root / "workbench"
        (self.root / "tmp").mkdir()
        if user:
            for folder in (self.root, self.root / "tmp"):
                shutil.chown(folder, user, user)
        self.env = {
            **rig.environment(user),
            **QUICK,
            "WORKBENCH_HOME": str(self.home),
            "TMPDIR": str(self.root / "tmp"),
            **env,
        }

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def spawn(self, *words, **options):
        """A child process in this place."""
        return subprocess.Popen(
            self.rig.inside(*map(str, words), user=self.user),
            env=self.env,
            cwd=self.root,
            text=True,
            **options,
        )

    def call(self, *words, timeout=90):
        """The command line, to its end."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        child = self.spawn(WORKBENCH, *words, **pipes)
        try:
            out, err = child.communicate(timeout=timeout)
        except BaseException:
            child.kill()
            child.communicate()
            raise
        return subprocess.CompletedProcess(child.args, child.returncode, out, err)

    def json(self, *words, code=0, timeout=90):
        """The one document on standard output; the command must end with this exit code."""
        done = self.call(*words, "--json", timeout=timeout)
        assert done.returncode == code, (
            f"{words}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        )
        try:
            return json.loads(done.stdout)
        except ValueError as error:
            raise AssertionError(f"{words}: {done.stdout!r}\n{done.stderr}") from error

    def pool(self):
        """``{partition: {accelerator: its part of pool show --json}}``, and the document itself."""
        shown = self.json("pool", "show")
        partitions = {
            partition["name"]: {each["name"]: each for each in partition["accelerators"]}
            for partition in shown["partitions"]
        }
        return partitions, shown

    def processes(self):
        """Every process that runs for this home, jobs' processes too."""
        return processes_with(WORKBENCH_HOME=str(self.home))

    def end(self):
        """End everything that runs here, and remove it."""
        while left := self.processes():
            end(left)
        with suppress(OSError):
            shutil.rmtree(self.root)
