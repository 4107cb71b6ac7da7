"""``python -m workbench.driver FOLDER``: drive one run to its end."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from pathlib import Path

from workbench.driver.run import Driver, TakenOver
from workbench.errors import Refused, WorkbenchError
from workbench.room import little_room, no_room, waits_words
from workbench.runs.lock import DriverLock

LOG = logging.getLogger("workbench.driver")

LEFT = 3
HELD = 4


def main(folder: Path) -> int:
    """Take the run, drive it, and leave its last word in ``status.json``."""
    os.umask(0o077)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # What Dask has to say of lost connections, the links say in our own words.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        lock = _acquired(folder)
    except Refused as error:
        LOG.warning(error.message)
        return HELD
    lock.keep()
    LOG.info("driving %s, epoch %d", folder.name, lock.holder.epoch)
    driver = Driver(folder, lock)
    try:
        return _driven(driver)
    except TakenOver:
        LOG.warning("another driver holds the run now: leaving")
        return LEFT


def _acquired(folder: Path) -> DriverLock:
    """Take the run, as soon as the disk has room for it."""
    while True:
        try:
            return DriverLock.acquire(folder, folder.name)
        except OSError as error:
            if not no_room(error):
                raise
            LOG.warning(waits_words(folder, str(error.strerror)))
        while little_room(folder):
            time.sleep(1.0)


def _driven(driver: Driver) -> int:
    try:
        driver.final(driver.drive())
    except WorkbenchError as error:
        LOG.error(error.message)
        driver.final("failed", error)
        return 1
    except TakenOver:
        raise
    except Exception as error:
        LOG.exception("the driver failed")
        said = f"The driver failed: {type(error).__name__}: {error}. "
        told = WorkbenchError(f"{said}Details: {driver.folder / 'log'}", code="driver")
        driver.final("failed", told)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
