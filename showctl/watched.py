"""A clock that runs only while somebody looks.

Whoever waits for a word of another program may himself have stood still, with the whole machine (a busy host, a lid that was
closed), and the other with him: then none can have come, and nobody is to blame. So only time in which somebody looked counts.
"""

from __future__ import annotations

from collections.abc import Callable

LOOK_S = 0.25  # between two looks, at most; what is longer was no looking


class Watched:
    """`look` at least four times a second."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._looked = now()
        self._seconds = 0.0

    def look(self) -> float:
        """Seconds that were looked since the beginning."""
        now = self._now()
        self._seconds += min(max(0.0, now - self._looked), LOOK_S)
        self._looked = now
        return self._seconds
