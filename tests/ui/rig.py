"""A JupyterLab on the log-in node of a small Slurm, and what its clusters say."""

import json
import time

from tests.slurm.kit import QUICK
from tests.ui.place import Place

# On a busy computer a worker takes half a minute to start.
WITHIN_S = 120


class RigPlace(Place):
    """A home whose clusters are jobs of a rig."""

    def __init__(self, rig):
        super().__init__()
        self.rig = rig
        own = {name: value for name, value in rig.env.items() if name != "WORKBENCH_HOME"}
        self.env |= {**own, **QUICK, "WORKBENCH_LOGIN_NODE": "0"}

    def cluster(self, name):
        """What a cluster says of itself."""
        return self.call("cluster", "show", name)

    def wait(self, name, true, what):
        """Wait until something holds of a cluster; return what it says then."""
        deadline = time.monotonic() + WITHIN_S
        while not true(status := self.cluster(name)):
            assert time.monotonic() < deadline, f"{name}: not {what}: {status}"
            time.sleep(0.5)
        return status

    def start(self, name, partition, *words):
        """Start a cluster by the command line and wait for its first worker."""
        self.call("cluster", "start", name, "--partition", partition, *words)
        return self.wait(name, lambda s: s["workers"]["connected"] > 0, "connected")

    def stop(self, *names):
        """Stop clusters, where there are such, to their end."""
        known = {one["name"] for one in self.call("cluster", "list")["clusters"]}
        for name in known.intersection(names):
            self.call("cluster", "stop", name)
            self.wait(name, lambda s: s["state"] in ("stopped", "failed"), "ended")

    def receipts(self, run_id):
        """Records of a run's finished batches."""
        folder = self.home / "runs" / run_id
        return [
            json.loads(line)
            for file in sorted(folder.glob("tasks.*.jsonl"))
            for line in file.read_text().splitlines()
        ]
