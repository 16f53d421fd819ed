"""When a packet of an E1.31 stream may leave, and when it must: the state of all universes of an output, without a clock.

A universe is sent when it changed, goes on at the full rate for a fifth of a second with the same content (6.6.2 asks for
three packets at least; the rest keeps a slow fade, whose steps lie some frames apart, an even stream), and then as a
keep-alive about every 0.9 s (800..1000 ms). Never more than 44 packets of a universe in any second (6.6.1, E1.11), never two
closer than half a period: who woke late leaves a frame out. One array element a universe; times are ns of whatever clock the
caller reads, and may differ a little from universe to universe because a big frame leaves in chunks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MOST_A_SECOND = 44
SECOND = 1_000_000_000
PERIOD = 22_800_000  # ns, 43.86 Hz: 44 periods are 3 ms longer than the second that may hold 44 packets, and that is for jitter
KEEP_ALIVE = 880_000_000  # ns: on a grid of 22.8 ms the next deadline after this lies at 880..903 ms, one left out at 926
REPEATS = 9  # 205 ms on
NEVER = -(1 << 62)

Bools = NDArray[np.bool_]
Times = int | NDArray[np.int64]  # ns, one for all or one a universe


class Streams:
    """Of each universe: when it was sent, and how many packets with the present content it is still owed."""

    def __init__(self, count: int, period: int = PERIOD) -> None:
        self.count, self.period = count, period
        self.known = np.zeros(count, np.bool_)  # had a frame: only such are sent
        self.owed = np.zeros(count, np.int64)
        self.last = np.full(count, NEVER, np.int64)
        self.kept = np.zeros(count, np.bool_)  # that was a keep-alive
        self._sent = np.full((count, MOST_A_SECOND), NEVER, np.int64)  # times of the last 44, a ring
        self._at = np.zeros(count, np.int64)  # where in the ring the next one goes
        self._oldest = np.full(count, NEVER, np.int64)  # what lies there now

    def changed(self, which: Bools) -> None:
        """These universes have new content (or their first)."""
        self.known |= which
        self.owed[which] = 1 + REPEATS

    def due(self, at: Times) -> tuple[Bools, int]:
        """Which universes to send at a deadline, and how long (ns) to wait with that: then ask again.

        The wait is more than 0 only where an earlier frame left late: its echo, a second later, is late, too, instead of left
        out, so that none of its universes passes 44 in a second.
        """
        wanted, room = self._wanted(at), at - self._oldest
        allowed = wanted & (at - self.last >= self.period // 2)
        held = room < SECOND
        if not held.any():
            return allowed, 0
        held &= wanted
        return allowed & ~held, int((SECOND - room)[held].max(initial=0))

    def left_out(self, at: Times) -> bool:
        """Whether universes wait for their packet and none of them may leave: a stall made the last frame too late for this."""
        return bool(self._wanted(at).any())

    def early(self, now: int) -> Bools:
        """Which universes may leave at once, off the grid: changed, and idle for a period; half of one behind a keep-alive."""
        return self._fresh(now) & (now - self.last >= np.where(self.kept, self.period // 2, self.period))

    def early_wait(self, now: int) -> int:
        """ns until all may leave of those that changed right behind a keep-alive; 0 where there are none."""
        left = self.period // 2 - (now - self.last)
        return int(left[self._fresh(now) & self.kept & (left > 0)].max(initial=0))

    def streaming(self, now: int) -> bool:
        """Whether any universe was sent, not as a keep-alive, in the last period (and a little, for a frame that left late)."""
        return bool((~self.kept & (now - self.last < self.period * 3 // 2)).any())

    def _fresh(self, now: int) -> Bools:
        return self.known & (self.owed > REPEATS) & (now - self._oldest >= SECOND)

    def sent(self, which: NDArray[np.intp], now: int) -> None:
        """These universes (indices) have just been sent."""
        self.last[which] = now
        at = self._at[which]
        self._sent[which, at] = now
        self._at[which] = at = (at + 1) % MOST_A_SECOND
        self._oldest[which] = self._sent[which, at]
        self.owed[which] -= 1  # below 0 it is a keep-alive
        self.kept[which] = self.owed[which] < 0

    def carry(self, old: Streams, pairs: Sequence[tuple[int, int]]) -> None:
        """Take over universes of another state, (index here, index there); their headers may be new, so they are owed all."""
        for here, there in pairs:
            self.known[here] = old.known[there]
            self.last[here], self.kept[here] = old.last[there], old.kept[there]
            self._sent[here], self._at[here], self._oldest[here] = old._sent[there], old._at[there], old._oldest[there]
            self.owed[here] = 1 + REPEATS

    def _wanted(self, at: Times) -> Bools:
        return self.known & ((self.owed > 0) | (at - self.last >= KEEP_ALIVE))
