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
from typing import Any

from jupyterlab_workbench.errors import answered, plain

IDLE_S = 120.0
END_S = 5.0


class Answers:
    """Questions to ``python -m workbench.answers``.

    Parameters
    ----------
    python
        The Python that has the recipes.
    idle_s
        End the process when nothing was asked for so long.
    """

    def __init__(self, python: str, log: Logger, idle_s: float = IDLE_S) -> None:
        self.python = python
        self.idle_s = idle_s
        self._log = log
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[str] | None = None
        self._waiting: dict[int, tuple[subprocess.Popen[str], Future[Any]]] = {}
        self._asked = 0.0

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
        with self._lock:
            process = self._started()
            number = next(self._numbers)
            line = json.dumps({"id": number, "ask": question, "with": given})
            self._waiting[number] = (process, future)
            self._asked = time.monotonic()
            try:
                if process.stdin is not None:
                    process.stdin.write(line + "\n")
                    process.stdin.flush()
            except OSError as error:
                self._waiting.pop(number, None)
                raise self._gone() from error
        return future

    def end_if_idle(self) -> None:
        """End the process when nobody has asked for some time."""
        with self._lock:
            if self._waiting or time.monotonic() - self._asked < self.idle_s:
                return
        self.end()

    def end(self) -> None:
        """End the process."""
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return
        _close(process)
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

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
            reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
            reader.start()
        return self._process

    def _read(self, process: subprocess.Popen[str]) -> None:
        """Hand out answers until the process ends, then tell those who still wait."""
        if process.stdout is not None:
            with process.stdout as lines:
                for line in lines:
                    self._take(json.loads(line))
        code = process.wait()
        _close(process)
        with self._lock:
            left = {n: one for n, one in self._waiting.items() if one[0] is process}
            for number in left:
                del self._waiting[number]
            if self._process is process:
                self._process = None
        if left:
            self._log.error("%s -m workbench.answers ended with code %s", self.python, code)
        for _, future in left.values():
            future.set_exception(self._gone())

    def _take(self, said: dict[str, Any]) -> None:
        with self._lock:
            _, future = self._waiting.pop(said["id"])
            self._asked = time.monotonic()
        if "error" in said:
            future.set_exception(answered(said["error"]))
        else:
            future.set_result(said["answer"])

    def _gone(self) -> Exception:
        return plain(
            503,
            "no_answer",
            f"The process that knows the recipes ended while it was asked ({self.python} -m "
            "workbench.answers). Is science-workbench installed there? The server's log says more.",
        )


def _close(process: subprocess.Popen[str]) -> None:
    """Tell the process that nothing more will be asked."""
    # What could not be sent to one that is gone is of no use any more.
    with contextlib.suppress(BrokenPipeError):
        if process.stdin is not None:
            process.stdin.close()
