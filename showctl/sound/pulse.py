"""Whether a sound device still calls: one that is pulled out says nothing, its callback just stops.

So does a sound server for a second or two while a busy host gives its core to others, and then goes on. Whoever took that for a
device that is gone would become a fresh process for nothing: the song would be paused, the ear would have to find the beat anew,
and the PA would be silent for longer than its server was. (A server that ends says so: its streams are not active any more.)

Only time in which somebody looked is counted (`watched`).
"""

from __future__ import annotations

import time
from collections.abc import Callable

from showctl.watched import Watched

SILENT_S = 0.5  # watched for so long without a callback: it is to be told
DEAD_S = 3.0  # the device is gone


class Pulse:
    """`beat` in every callback, `gone` at least four times a second."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._watched = Watched(now)
        self._beats = self._seen = 0
        self._since = 0.0  # of those seconds, when the last callback was seen
        self._silent = 0.0  # s that were watched without a callback, up to the last look

    def beat(self) -> None:
        """A callback came. Runs in the sound system's thread."""
        self._beats += 1

    def gone(self) -> bool:
        """Whether none came for as long as it takes to be dead."""
        at = self._watched.look()
        if self._beats != self._seen:
            self._seen, self._since = self._beats, at
        self._silent = at - self._since
        return self._silent > DEAD_S

    @property
    def stands(self) -> bool:
        """Whether none came for so long, as of the last look, that people are to be told."""
        return self._silent > SILENT_S
