"""Answer questions that come as lines of JSON, until the input ends.

A question is ``{id, ask, with}``; its answer ``{id, answer}`` or ``{id, error}`` comes as one
line too, when it is known: a long question keeps no short one waiting.  Whatever else is printed
goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from workbench.answers.questions import QUESTIONS
from workbench.errors import NotFound, WorkbenchError
from workbench.unforeseen import explained, server_log

THREADS = 4


def answer(question: Mapping[str, Any]) -> str:
    """Return the answer to one question, or the error, as a line without its end.

    Numbers that are not finite are written as Python reads them.
    """
    try:
        if question["ask"] not in QUESTIONS:
            raise NotFound.named("question", str(question["ask"]), QUESTIONS)
        said = QUESTIONS[question["ask"]](**question["with"])
        return json.dumps({"id": question["id"], "answer": said})
    except WorkbenchError as error:
        known = error
    except Exception as error:
        traceback.print_exception(error)
        known = explained(error, server_log)
    told = {**known.to_json(), "kind": type(known).__name__}
    return json.dumps({"id": question["id"], "error": told})


def main() -> None:
    """Answer standard input on standard output."""
    # Recipes may print; the answers' own channel is out of their reach.
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    lock = threading.Lock()
    with ThreadPoolExecutor(THREADS) as pool:
        for line in sys.stdin:
            pool.submit(_send, channel, lock, json.loads(line))


def _send(channel: IO[str], lock: threading.Lock, question: Mapping[str, Any]) -> None:
    line = answer(question)
    with lock:
        channel.write(line + "\n")
        channel.flush()


if __name__ == "__main__":
    main()
