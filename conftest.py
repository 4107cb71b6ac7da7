"""What holds for all tests: none is skipped under ``CI=true``, and a scheduler's run side by side.

Where two processes share the tests, all that asks a scheduler goes to one of them, in order, and
first: it takes the longest.
"""

import os
import signal

import pytest
from xdist.scheduler import LoadFileScheduling

from tests.needs import DATA_UNSET

# Else a failing assertion in what several tests share does not say what it compared.
pytest.register_assert_rewrite(
    "tests.faults.kit",
    "tests.slurm.kit",
    "tests.slurm.work",
    "tests.ui.client",
    "tests.ui.lab",
    "tests.ui.rig",
    "tests.unit.driver.simulated",
)


def _refuse_skip(report):
    if not report.skipped or os.environ.get("CI") != "true" or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if DATA_UNSET not in reason:
        report.outcome = "failed"
        report.longrepr = f"skipped under CI=true: {reason}"


def _stop(number, _):
    """End as by Ctrl-C, once: so that servers and schedulers of the tests end too."""
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt(signal.Signals(number).name)


def pytest_configure():
    signal.signal(signal.SIGTERM, _stop)


ASK_A_SCHEDULER = (
    "extensions/jupyterlab-workbench/tests/test_on_slurm.py",
    "tests/slurm/",
    "tests/ui/test_card_map.py",
    "tests/ui/test_clusters.py",
    "tests/ui/test_pool.py",
)
# They share servers and clusters of their folder, and their order.
TOGETHER = ("tests/faults/", "tests/ui/")


class Parts(LoadFileScheduling):
    """Shares the tests out to processes, part by part, each part in order."""

    def _split_scope(self, nodeid):
        if nodeid.startswith(ASK_A_SCHEDULER):
            return "scheduler"
        for folder in TOGETHER:
            if nodeid.startswith(folder):
                return folder
        return super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config, log):
    return Parts(config, log)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: not item.nodeid.startswith(ASK_A_SCHEDULER))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    report = yield
    _refuse_skip(report)
    return report
