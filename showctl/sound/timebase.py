"""When did audio frame n enter the machine? A slow fit of the sound card's frames to CLOCK_MONOTONIC.

The callback says "frame n came in at t", and is late by a different amount each time, never early: of every tenth of a
second only the promptest is believed. A card counts its own seconds (tens of ppm off) while the lights run on the machine's
clock, so a delay-locked loop of second order follows offset and rate of those points: fast for the first seconds, then at
0.02 Hz, where what is left of the jitter moves a beat by microseconds (after F. Adriaensen, "Using a DLL to filter time",
LAC 2005). Where the system lost sound, frames are missing and the line steps: two late points in a row, or one early one, are
such a step and are believed at once.

Pure: it is told the time and keeps none.
"""

from __future__ import annotations

import math

WINDOW_S = 0.1  # of which the promptest callback counts
BANDWIDTH_HZ = 0.02  # of the loop once it has settled
SETTLE_S = 1.0  # the bandwidth begins at 1 / (2 pi SETTLE_S) and falls as the fit grows older
STEP_S = 0.003  # further off than this the line has stepped
RATE_LIMIT = 0.01  # a card is never this far off its nominal rate
MEASURE_S = 2.0  # over which frames are counted for `measured_rate`
HOLE_S = 0.3  # without any: the sound system stood still, which says nothing of its rate


class Timebase:
    """Maps frames of one stream to monotonic seconds."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._nominal = 1.0 / rate
        self._frame, self._time, self._step = 0, math.nan, self._nominal  # a point of the line, and its slope
        self._first: tuple[int, float] | None = None
        self._last: tuple[int, float] = (0, 0.0)
        self._window_ends = 0.0
        self._best: tuple[int, float] = (0, math.inf)  # of this window: frame, and how late it was
        self._late = False  # the last window was late by more than a step
        self._counted_from: tuple[int, float] = (0, 0.0)
        self.measured_rate = 0.0  # frames that really came each second of late; 0 until MEASURE_S have passed

    def observe(self, frame: int, time: float) -> None:
        """The callback says that `frame` came in at monotonic `time` (s)."""
        if self._first is None:
            self._first, self._frame, self._time, self._window_ends = (frame, time), frame, time, time + WINDOW_S
            self._counted_from = (frame, time)
        if frame <= self._last[0]:
            return
        if time - self._last[1] > HOLE_S:
            self._counted_from = (frame, time)
        self._last = (frame, time)
        counted, seconds = frame - self._counted_from[0], time - self._counted_from[1]
        if seconds >= MEASURE_S:
            self.measured_rate, self._counted_from = counted / seconds, (frame, time)
        late = time - self.at(frame)
        if late < self._best[1]:
            self._best = (frame, late)
        if late < -STEP_S:  # nothing comes before its time: the line was wrong
            self._move(late)
        elif time >= self._window_ends:
            self._follow(*self._best)
            self._window_ends, self._best = time + WINDOW_S, (0, math.inf)

    def _move(self, late: float) -> None:
        self._time += late
        self._best, self._late = (0, math.inf), False

    def _follow(self, frame: int, late: float) -> None:
        """Take the promptest callback of a window into the line."""
        if late > STEP_S:
            if self._late:
                self._move(late)
            else:
                self._late = True
            return
        self._late = False
        elapsed = frame - self._frame
        if elapsed <= 0 or self._first is None:
            return
        age = (frame - self._first[0]) * self._nominal
        omega = 2 * math.pi * max(BANDWIDTH_HZ, 1.0 / (2 * math.pi * (SETTLE_S + age))) * elapsed * self._step
        omega = min(omega, 0.5)  # the loop is stable for small omega only
        self._frame, self._time = frame, self.at(frame) + math.sqrt(2) * omega * late
        step = self._step + omega * omega * late / elapsed
        self._step = min(max(step, self._nominal * (1 - RATE_LIMIT)), self._nominal * (1 + RATE_LIMIT))

    def at(self, frame: float) -> float:
        """Monotonic seconds at which `frame` came in (or will)."""
        return self._time + (frame - self._frame) * self._step

    @property
    def stretch(self) -> float:
        """Monotonic seconds for each second of the stream, near 1."""
        return self._step * self.rate
