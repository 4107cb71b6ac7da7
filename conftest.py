"""What holds for all tests: none is skipped under ``CI=true``, and a scheduler's run side by side.

Where two processes share the tests, all that asks a scheduler goes to one of them, in order.
"""

import os

import pytest

from tests.needs import DATA_UNSET


def _refuse_skip(report):
    if not report.skipped or os.environ.get("CI") != "true" or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if DATA_UNSET not in reason:
        report.outcome = "failed"
        report.longrepr = f"skipped under CI=true: {reason}"


ASK_A_SCHEDULER = (
    "tests/slurm/",
    "tests/ui/test_card_map.py",
    "tests/ui/test_clusters.py",
    "tests/ui/test_pool.py",
)


# A wrapper, to be there before xdist reads the marks.
@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items):
    for item in items:
        asks = item.nodeid.startswith(ASK_A_SCHEDULER)
        group = "scheduler" if asks else "computer"
        item.add_marker(pytest.mark.xdist_group(group))
    return (yield)


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
