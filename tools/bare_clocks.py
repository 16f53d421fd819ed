"""Bare clocks: was it our program that was late, or did the machine stand still?

    python tools/bare_clocks.py FILE          until the process that started it ends, or ends it

On each core a clock sleeps for 5 ms at a time, at the highest rank that the system grants (SCHED_FIFO 99, as root): nothing that
runs beside it keeps it waiting. Where one is woken late all the same, the machine stood still: the host of a virtual machine gave
the core to others. Each wake that comes more than 20 ms late is a line of FILE: when (s, CLOCK_MONOTONIC) and by how much (s).
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


def sleep_on(core: int, parent: int, file: TextIO) -> None:
    """One clock."""
    with suppress(OSError):  # without the right to it, it is as late as anybody
        os.sched_setaffinity(0, {core})
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99))
    while os.getppid() == parent:
        before = time.monotonic()
        time.sleep(SLEEP_S)
        now = time.monotonic()
        if (late := now - before - SLEEP_S) > LATE_S:
            file.write(f"{now:.3f} {late:.3f}\n")


class BareClocks:
    """They run beside whoever made this, and write into `path`."""

    def __init__(self, path: str) -> None:
        self._path = path
        open(path, "w").close()
        self._process = subprocess.Popen([sys.executable, "-S", __file__, path])

    def late(self, since: float, until: float = float("inf")) -> float:
        """By how much (s) one was woken too late at most, of what was slept between two times (s, CLOCK_MONOTONIC)."""
        with open(self._path) as file:
            wakes = [tuple(map(float, line.split())) for line in file if line.endswith("\n")]
        return max((by for at, by in wakes if at > since and at - by < until), default=0.0)

    def close(self) -> None:
        """End them."""
        self._process.kill()
        self._process.wait()


if __name__ == "__main__":
    with open(sys.argv[1], "a", buffering=1) as notes:
        cores = sorted(os.sched_getaffinity(0))
        clocks = [threading.Thread(target=sleep_on, args=(core, os.getppid(), notes)) for core in cores]
        for clock in clocks:
            clock.start()
        for clock in clocks:
            clock.join()
