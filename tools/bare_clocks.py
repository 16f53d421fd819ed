"""Bare clocks: was it our program that was late, or did the machine stand still?

    python tools/bare_clocks.py FILE [SLEEP LATE]     until the process that started it ends, or ends it

On each core a clock sleeps for SLEEP (5 ms) at a time, at the highest rank that the system grants (SCHED_FIFO 99, as root):
nothing that runs beside it keeps it waiting. Where one is woken late all the same, the machine stood still: the host of a virtual
machine gave the core to others. Each wake that comes more than LATE (20 ms) late is a line of FILE: when (s, CLOCK_MONOTONIC) and
by how much (s).
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import TextIO

SLEEP_S = 0.005
LATE_S = 0.02


def sleep_on(core: int, parent: int, file: TextIO, sleep: float, limit: float) -> None:
    """One clock."""
    with suppress(OSError):  # without the right to it, it is as late as anybody
        os.sched_setaffinity(0, {core})
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99))
    while os.getppid() == parent:
        before = time.monotonic()
        time.sleep(sleep)
        now = time.monotonic()
        if (late := now - before - sleep) > limit:
            file.write(f"{now:.3f} {late:.3f}\n")


class BareClocks:
    """They run beside whoever made this, and write into `path` what is later than `limit` (s) after sleeps of `sleep` (s)."""

    def __init__(self, path: str, sleep: float = SLEEP_S, limit: float = LATE_S) -> None:
        self._path = path
        open(path, "w").close()
        self._process = subprocess.Popen([sys.executable, "-S", __file__, path, str(sleep), str(limit)])

    def wakes(self) -> list[tuple[float, float]]:
        """Those that were late: when, and by how much."""
        with open(self._path) as file:
            lines = [line.split() for line in file if line.endswith("\n")]
        return [(float(at), float(by)) for at, by in lines]

    def late(self, since: float, until: float = float("inf")) -> float:
        """By how much (s) one was woken too late at most, of what was slept between two times (s, CLOCK_MONOTONIC)."""
        return max((by for at, by in self.wakes() if at > since and at - by < until), default=0.0)

    def close(self) -> None:
        """End them."""
        self._process.kill()
        self._process.wait()


if __name__ == "__main__":
    sleep_s, late_s = map(float, sys.argv[2:] or (SLEEP_S, LATE_S))
    with open(sys.argv[1], "a", buffering=1) as notes:
        cores, parent_id = sorted(os.sched_getaffinity(0)), os.getppid()
        clocks = [threading.Thread(target=sleep_on, args=(core, parent_id, notes, sleep_s, late_s)) for core in cores]
        for clock in clocks:
            clock.start()
        for clock in clocks:
            clock.join()
