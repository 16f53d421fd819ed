"""A test that failed while the machine stood still, or beside a real program, is run again when all others have been.

A virtual machine whose host gives its cores to others stands still for some tenths of a second, again and again. Then a packet is
late, a device is lost and disarms its performer, a sound server drops its client: showctl does what it should, and a test in real
time waits for something else. Such a failure says nothing. Where a bare clock (tools/bare_clocks.py) was LIMIT_S late during a
test that failed, the test has ATTEMPTS in all. One of a real program (tests/real) that met a standstill in each of them is left
out, with that reason; any other has failed.

A failure in which no clock was late is one at once where all is ours. One of a real program is tried once more by itself: a host
that takes a tenth of the time in slices shorter than LIMIT_S moves a server's sound by a block for good, and no clock tells. What
fails twice so has failed; what passes then is shown with what it said at first.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

import pytest

from tools.bare_clocks import BareClocks

LIMIT_S = 0.03  # sound and light are compared to some 10 ms
ATTEMPTS = 3


class Standstill:
    """The plugin."""

    def __init__(self, clocks: BareClocks) -> None:
        self._clocks = clocks
        self._begun = 0.0
        self._attempts: dict[pytest.Item, int] = {}
        self._again: list[pytest.Item] = []
        self._unexplained: set[pytest.Item] = set()  # those that failed without a standstill

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, Any, Any]:
        self._begun = time.monotonic()
        self._attempts[item] = self._attempts.get(item, 0) + 1
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """A failure in a standstill is none yet."""
        report = yield
        if not report.failed:
            return report
        attempt, real, late = self._attempts[item], "real" in item.keywords, self._clocks.late(self._begun)
        stood = late >= LIMIT_S
        explained = stood or (real and item not in self._unexplained)
        if not explained or (not real and attempt == ATTEMPTS):
            return report
        if not stood:
            self._unexplained.add(item)
        if (attempt < ATTEMPTS or not stood) and item not in self._again:
            self._again.append(item)
        crash = getattr(report.longrepr, "reprcrash", None)
        why = str(crash.message if crash else report.longrepr).partition("\n")[0]
        when = f"the machine stood still for {late:.2f} s" if stood else "it is tried once more"
        said = f"attempt {attempt} failed, {when}: {why}"
        report.outcome, report.longrepr = "skipped", (str(item.path), item.reportinfo()[1], said)
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Generator[None, Any, Any]:
        """When all have been: those again that met a standstill."""
        done = yield
        while self._again:
            item = self._again.pop(0)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        return done
