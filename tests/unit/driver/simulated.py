"""A stage driven over clusters that only reckon: real choices, a clock that jumps."""

from queue import SimpleQueue
from types import SimpleNamespace

import numpy as np

from workbench.driver import lanes, stage as stages
from workbench.driver.calls import Calls
from workbench.driver.link import Event, Link
from workbench.driver.progress import Progress
from workbench.driver.stage import StageRun
from workbench.recipe import Plan, tile


class SimulatedLink(Link):
    """A cluster whose workers need so many seconds a task, and some for their first one.

    Parameters
    ----------
    answer
        What a batch comes back with instead of a receipt, if anything.
    fails
        Whether every task fails here.
    begins, ends
        When it is connected, and when it is lost with everything in its hands.
    """

    def __init__(
        self, name, workers, seconds, *, answer=None, fails=False, begins=0.0, ends=float("inf")
    ):
        self.name = name
        self.seconds = seconds
        self.fails = fails
        self.reply = answer
        self.begins, self.ends = begins, ends
        self.problem = ""
        self.generation = 0
        self.in_flight = set()
        self.size = workers
        self.free = [0.0] * workers
        self.under_way = []
        self.computed = []
        self.clock = lambda: 0.0

    @property
    def workers(self):
        return self.size if self.begins <= self.clock() < self.ends else 0

    @property
    def up(self):
        return self.workers > 0

    _recycle = ()

    def send(self, function, order, token, *, worker=None):
        self.in_flight.add(token)
        tasks = [t for a, b in order["tasks"] for t in range(a, b)]
        first = min(range(self.size), key=self.free.__getitem__)
        begin = max(self.free[first], self.clock())
        self.free[first] = begin + self.seconds * len(tasks)
        self.under_way.append((self.free[first], begin, order, tasks, token))

    def abandon(self):
        raise AssertionError("nobody asked for a stop")

    def answered(self, ended, begin, order, tasks, token):
        if self.reply is not None:
            return Event(self, 0, token, value=self.reply)
        self.computed += [(task, order["attempt"]) for task in tasks]
        failed = [
            {"task": t, "items": [t], "code": "raised", "message": "no", "attempts": 1}
            for t in tasks
            if self.fails
        ]
        receipt = {
            "tasks": order["tasks"],
            "failed": failed,
            "part": None,
            "cluster": order["cluster"],
            "worker": "w",
            "wall_s": ended - begin,
        }
        return Event(self, 0, token, value={"receipt": receipt, "left": []})


class PatientCalls(Calls):
    """Answers come by the desk's beat: there is nothing to wait for."""

    def take(self, within_s):
        return super().take(within_s=0.0)


class Simulation:
    """A desk whose every beat takes the clock to the next answer."""

    def __init__(self, links, n, monkeypatch):
        self.now = 0.0
        self.handled = False
        self.events = SimpleQueue()
        self.links = links
        for link in links:
            link.clock = lambda: self.now
        self.calls = PatientCalls(links, self.events)
        self.receipts = []
        self.expected = []
        plan = Plan(dim="x", coords={"x": np.arange(n)}, tasks=tile(n, 1))
        self.progress = Progress(plan)
        self.progress.prepare(retry=False)
        frame = {"stage": "main", "round": 0, "epoch": 1, "code_hash": "", "plan": {"crc32c": ""}}
        for module in (stages, lanes):
            monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: self.now))
        self.stage = StageRun(self, self.progress, frame)

    def run(self):
        """Drive the stage to its end; return how many seconds that took."""
        assert self.stage.run()
        return self.now

    def record(self, receipt):
        self.receipts.append(receipt)
        self.expected.append((self.now, self.stage.lanes.expected_s()))

    def beat(self):
        if self.handled:
            # What was answered is followed by batches of the same moment.
            self.handled = False
            return True
        waiting = [(e[0], link.name, link, e) for link in self.links for e in link.under_way]
        moments = [m for link in self.links for m in (link.begins, link.ends) if m > self.now]
        if waiting:
            self._until(min([ended for ended, *_ in waiting] + moments), waiting)
        elif not any(link.up for link in self.links):
            self.now = min(moments)
        return True

    def _until(self, moment, waiting):
        self.now = moment
        self.handled = True
        for ended, _, link, entry in sorted(waiting, key=lambda found: found[:2]):
            if link.ends <= self.now:
                link.under_way.remove(entry)
                self.events.put(Event(link, 0, entry[-1]))
            elif ended <= self.now:
                link.under_way.remove(entry)
                self.events.put(link.answered(*entry))

    def no_room(self, message):
        raise AssertionError(message)

    def compact(self, progress, stage):
        """Nothing is folded."""
