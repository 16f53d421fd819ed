"""Show time: the only module of the daemon that reads a clock.

Show time is seconds since the daemon began (or since the run that it goes on from did), on CLOCK_MONOTONIC, the clock that
the output process and the ear share with the daemon: what crosses between processes carries monotonic time, and becomes show
time here. Wall-clock time is for log lines.
"""

from __future__ import annotations

import time

LEAD_NS = 3_000_000  # the look of a deadline is computed this long before it: the loop's timers are a millisecond coarse


class Clock:
    """Show time of one run of the daemon."""

    def __init__(self) -> None:
        self.origin_ns = time.monotonic_ns()

    def go_on(self, origin_ns: int) -> None:
        """Count from another origin: show time goes on from the run before. At the start, before anybody was told a time."""
        self.origin_ns = origin_ns

    def now(self) -> float:
        """Show time, s."""
        return (time.monotonic_ns() - self.origin_ns) / 1e9

    def now_ns(self) -> int:
        """CLOCK_MONOTONIC, ns."""
        return time.monotonic_ns()

    def at(self, monotonic_ns: int) -> float:
        """CLOCK_MONOTONIC in ns -> show time in s."""
        return (monotonic_ns - self.origin_ns) / 1e9

    @property
    def offset(self) -> float:
        """What to add to monotonic seconds to get show time."""
        return -self.origin_ns / 1e9
