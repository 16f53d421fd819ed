"""Whether a sound device still calls: one that is pulled out says nothing, its callback just stops.

Whoever asks may himself have stood still, with the whole machine (a busy host, a lid that was closed): then no callback can have
come, and the device is as well as before. So only time in which somebody looked is counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable

DEAD_S = 1.0  # watched for so long without a callback: the device is gone, where nobody says otherwise
LOOK_S = 0.25  # between two looks; what is longer was no watching


class Pulse:
    """`beat` in every callback, `gone` at least four times a second."""

    def __init__(self, now: Callable[[], float] = time.monotonic, dead: float = DEAD_S) -> None:
        self._now, self._dead = now, dead
        self._beats = self._seen = 0
        self._looked = now()
        self.silent = 0.0  # s that were watched without a callback, up to the last look

    def beat(self) -> None:
        """A callback came. Runs in the sound system's thread."""
        self._beats += 1

    def gone(self) -> bool:
        """Whether none came for as long as it takes to be dead."""
        now = self._now()
        self.silent = self.silent + min(now - self._looked, LOOK_S) if self._beats == self._seen else 0.0
        self._looked, self._seen = now, self._beats
        return self.silent > self._dead
