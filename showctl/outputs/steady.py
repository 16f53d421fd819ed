"""Where the music is, from a player that tells it over a network: a straight line through what came.

A word about a place is dated with its arrival. It can only come too late, never too early, so it says where the music is, or a
little behind that. Of the words of the last WINDOW_NS the one that is furthest ahead is believed; the others have been held up.
The light runs on that line, and no jitter of the network is seen.

A word that is far ahead of the line is of music that has jumped, and is believed at once; one far behind it may have been held up
itself, so it takes SURE of them in a row.

Pure: times are arguments, monotonic nanoseconds.
"""

from __future__ import annotations

from collections import deque
from math import inf

WINDOW_NS = 2_000_000_000
MOST = 256  # words that are remembered
JUMP_S = 0.25
SURE = 3


class Steady:
    """The line of one song."""

    def __init__(self) -> None:
        self._words: deque[tuple[int, float]] = deque(maxlen=MOST)  # when, and where the line through it was at ns 0 (s)
        self._rate = 1.0
        self._behind = 0
        self._loop: tuple[float, float] | None = None
        self._last = inf  # place that was told last; nothing goes round that was not seen to come

    @property
    def known(self) -> bool:
        """Whether anything has come."""
        return bool(self._words)

    def anew(self, rate: float = 1.0) -> None:
        """The music is elsewhere, or runs otherwise: what came before says nothing."""
        self._words.clear()
        self._rate, self._behind, self._last = rate, 0, inf

    def round(self, loop: tuple[float, float] | None) -> None:
        """It goes from the second place to the first (s) from now on."""
        self._loop = loop

    def add(self, ns: int, place: float) -> None:
        """At `ns` came that the music is at `place` (s)."""
        if self._words:
            off = place - self.place(ns)
            self._behind = self._behind + 1 if off < -JUMP_S else 0
            if off > JUMP_S or self._behind >= SURE:
                self.anew(self._rate)
            elif self._behind:
                return
        self._words.append((ns, place - ns / 1e9 * self._rate))
        while self._words[0][0] < ns - WINDOW_NS:
            self._words.popleft()
        self.place(ns)

    def place(self, ns: int) -> float:
        """Seconds of the song at `ns`; 0 before anything came."""
        if not self._words:
            return 0.0
        place = self._line(ns)
        if self._loop is not None and self._last < self._loop[1] <= place:
            back = self._loop[1] - self._loop[0]
            self._words = deque(((at, zero - back) for at, zero in self._words), maxlen=MOST)
            place -= back
        self._last = place
        return place

    def _line(self, ns: int) -> float:
        return max(zero for _, zero in self._words) + ns / 1e9 * self._rate
