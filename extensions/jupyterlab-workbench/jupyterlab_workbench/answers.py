"""The one process that knows recipes and opens results: started when asked, ended when idle."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import subprocess
import threading
import time
from concurrent.futures import Future
from logging import Logger
from queue import SimpleQueue
from typing import Any

from jupyterlab_workbench.errors import answered, plain

IDLE_S = 120.0
# Nothing that is asked takes as long by itself: larger files are read by runs.
SILENT_S = 300.0
END_S = 5.0


class Answers:
    """Questions to ``python -m workbench.answers``.

    Parameters
    ----------
    python
        The Python that has the recipes.

    Attributes
    ----------
    idle_s
        The process is ended when nothing was asked for so long.
    silent_s
        It is given up when it was asked and has answered nothing for so long.
    """

    def __init__(self, python: str, log: Logger) -> None:
        self.python = python
        self.idle_s = IDLE_S
        self.silent_s = SILENT_S
        self._log = log
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[str] | None = None
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._waiting: dict[int, tuple[subprocess.Popen[str], Future[Any]]] = {}
        self._asked = 0.0
        self._heard = 0.0

    @property
    def pid(self) -> int | None:
        """Process number, None while there is none."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    async def ask(self, question: str, **given: Any) -> Any:
        """Ask, and wait for the answer without keeping anybody else waiting.

        Raises
        ------
        Told
            With the error of the other side; 503 when there is no other side.
        """
        return await asyncio.wrap_future(await asyncio.to_thread(self.put, question, given))

    def put(self, question: str, given: dict[str, Any]) -> Future[Any]:
        """Send a question; the answer comes by the future."""
        future: Future[Any] = Future()
        # Who stops waiting does not take the place away into which the answer is put.
        future.set_running_or_notify_cancel()
        with self._lock:
            process = self._started()
            number = next(self._numbers)
            if not self._waits_for(process):
                self._heard = time.monotonic()
            line = json.dumps({"id": number, "ask": question, "with": given})
            self._waiting[number] = (process, future)
            self._asked = time.monotonic()
            self._lines.put(line)
        return future

    def end_if_idle(self) -> None:
        """End the process when nobody has asked for some time."""
        with self._lock:
            if self._waiting or time.monotonic() - self._asked < self.idle_s:
                return
            process = self._let_go()
        _end(process)

    def give_up_if_silent(self) -> None:
        """Kill a process that hangs: who waits is told, and the next question starts another.

        Nobody waits for its end: what hangs in a file system outlives even that signal.
        """
        with self._lock:
            process, silent_s = self._process, time.monotonic() - self._heard
            if process is None or not self._waits_for(process) or silent_s < self.silent_s:
                return
            self._let_go()
        self._log.error("No answer for %.0f s: process %s is given up", silent_s, process.pid)
        process.kill()
        self._tell(
            process,
            f"The process that knows the recipes did not answer for {silent_s:.0f} s and was "
            "given up: a file system or a recipe hangs. Try again; if that hangs too, ask who "
            "runs this computer whether its disks answer.",
        )

    def end(self) -> None:
        """End the process."""
        with self._lock:
            process = self._let_go()
        _end(process)

    def _let_go(self) -> subprocess.Popen[str] | None:
        process, self._process = self._process, None
        self._lines.put(None)
        return process

    def _waits_for(self, process: subprocess.Popen[str]) -> bool:
        return any(one is process for one, _ in self._waiting.values())

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            try:
                self._process = subprocess.Popen(
                    [self.python, "-P", "-m", "workbench.answers"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    encoding="utf-8",
                    start_new_session=True,
                )
            except OSError as error:
                raise plain(
                    503,
                    "no_python",
                    f"{self.python} cannot be started ({error.strerror}): set WorkbenchApp.python "
                    "in jupyter_server_config.py to the Python that has the recipes.",
                ) from error
            self._lines = SimpleQueue()
            for work in (_send, self._read):
                given = (self._process, self._lines)
                threading.Thread(target=work, args=given, daemon=True).start()
        return self._process

    def _read(self, process: subprocess.Popen[str], lines: SimpleQueue[str | None]) -> None:
        """Hand out answers until the process ends, then tell those who still wait."""
        if process.stdout is not None:
            with process.stdout as answers:
                for line in answers:
                    self._take(json.loads(line))
        code = process.wait()
        lines.put(None)
        with self._lock:
            if self._process is process:
                self._process = None
        ended = (
            f"The process that knows the recipes ended while it was asked ({self.python} -m "
            "workbench.answers). Is science-workbench installed there? The server's log says more."
        )
        if self._tell(process, ended):
            self._log.error("%s -m workbench.answers ended with code %s", self.python, code)

    def _tell(self, process: subprocess.Popen[str], why: str) -> int:
        """Tell those who wait for a process that is gone why; return how many they were."""
        with self._lock:
            left = [n for n, (one, _) in self._waiting.items() if one is process]
            futures = [self._waiting.pop(n)[1] for n in left]
        for future in futures:
            future.set_exception(plain(503, "no_answer", why))
        return len(futures)

    def _take(self, said: dict[str, Any]) -> None:
        with self._lock:
            waiting = self._waiting.pop(said["id"], None)
            self._asked = self._heard = time.monotonic()
        if waiting is None:
            # The last word of one that was given up.
            return
        _, future = waiting
        if "error" in said:
            future.set_exception(answered(said["error"]))
        else:
            future.set_result(said["answer"])


def _end(process: subprocess.Popen[str] | None) -> None:
    """Wait for the end of a process that nobody asks any more, though not for ever."""
    if process is None:
        return
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_S)


def _send(process: subprocess.Popen[str], lines: SimpleQueue[str | None]) -> None:
    """Hand on questions, until None comes: a process that reads nothing holds up nobody else."""
    # What could not be sent to one that is gone is told by who reads its answers.
    with contextlib.suppress(BrokenPipeError):
        if process.stdin is not None:
            with process.stdin:
                for line in iter(lines.get, None):
                    process.stdin.write(line + "\n")
                    process.stdin.flush()
