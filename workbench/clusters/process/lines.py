"""The log tells in one line what ends as it should; a traceback in it is news."""

from __future__ import annotations

import asyncio
import logging
import re

from distributed.comm.core import CommClosedError

LOGGERS = (
    "distributed.core",
    "distributed.nanny",
    "distributed.scheduler",
    "distributed.worker",
    "distributed.worker.state_machine",
)
# Whoever leaves closes connections while others wait for an answer on them.
EXPECTED = (CommClosedError, asyncio.CancelledError)
_GIVEN_UP = re.compile(r"Async instruction for <Task cancelled name=\"execute\('([^']+)'\)\"")


class InOneLine(logging.Filter):
    """Tells the errors of connections and tasks that were ended, without where in Dask's code."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten a record; all of them are kept."""
        error = record.exc_info[1] if record.exc_info else None
        text = record.getMessage()
        if isinstance(error, EXPECTED):
            record.exc_info = record.exc_text = None
            text = f"{text.rstrip('.')}: {str(error) or type(error).__name__}"
        elif given_up := _GIVEN_UP.match(text):
            text = f"gives up {given_up[1]}: its worker was told to end"
        else:
            return True
        record.msg, record.args = text, ()
        return True


def in_one_line() -> None:
    """Have this process's part of the log kept so, once."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(one, InOneLine) for one in logger.filters):
            logger.addFilter(InOneLine())
