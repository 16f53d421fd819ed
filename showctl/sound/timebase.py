"""When did audio frame n enter the machine? A slow fit of the sound card's frames to CLOCK_MONOTONIC.

The callback says, some milliseconds late and never by the same amount, "frame n came in at t". A card counts its own
seconds (tens of ppm off) while the lights run on the machine's clock, so a delay-locked loop of second order follows both
offset and rate: fast for the first seconds, then at 0.05 Hz, where jitter of the callback moves a beat by microseconds.
After F. Adriaensen, "Using a DLL to filter time" (LAC 2005), with steps of any length.

Pure: it is told the time and keeps none.
"""

from __future__ import annotations

import math

BANDWIDTH_HZ = 0.05  # of the loop once it has settled
SETTLE_S = 1.0  # the bandwidth begins at 1 / (2 pi SETTLE_S) and falls as the fit grows older
JUMP_S = 0.25  # further off than this the stream was interrupted: begin anew
RATE_LIMIT = 0.2  # a card is never this far off its nominal rate; what is further is nonsense
MEASURE_S = 2.0  # frames are counted at least this long before `measured_rate` says anything


class Timebase:
    """Maps frames of one stream to monotonic seconds."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._nominal = 1.0 / rate
        self._frame, self._time, self._step = 0, math.nan, self._nominal
        self._first: tuple[int, float] | None = None
        self._last: tuple[int, float] = (0, 0.0)

    @property
    def known(self) -> bool:
        """Whether anything was observed yet."""
        return self._first is not None

    def observe(self, frame: int, time: float) -> None:
        """The callback says that `frame` came in at monotonic `time` (s)."""
        if self._first is None:
            self._restart(frame, time)
            return
        elapsed = frame - self._frame
        if elapsed <= 0:
            return
        expected = self._time + elapsed * self._step
        error = time - expected
        if abs(error) > JUMP_S:
            self._restart(frame, time)
            return
        self._last = (frame, time)
        age = (frame - self._first[0]) * self._nominal
        omega = 2 * math.pi * max(BANDWIDTH_HZ, 1.0 / (2 * math.pi * (SETTLE_S + age))) * elapsed * self._step
        # The loop is stable for small omega only; a callback that was away for long must not swing it.
        omega = min(omega, 0.5)
        self._frame, self._time = frame, expected + math.sqrt(2) * omega * error
        step = self._step + omega * omega * error / elapsed
        self._step = min(max(step, self._nominal * (1 - RATE_LIMIT)), self._nominal * (1 + RATE_LIMIT))

    def _restart(self, frame: int, time: float) -> None:
        self._first = self._last = (frame, time)
        self._frame, self._time, self._step = frame, time, self._nominal

    def at(self, frame: float) -> float:
        """Monotonic seconds at which `frame` came in (or will)."""
        return self._time + (frame - self._frame) * self._step

    @property
    def stretch(self) -> float:
        """Monotonic seconds for each second of the stream, near 1."""
        return self._step * self.rate

    @property
    def measured_rate(self) -> float:
        """Frames that really came each monotonic second since the stream began; 0 until enough were counted."""
        if self._first is None:
            return 0.0
        frames, seconds = self._last[0] - self._first[0], self._last[1] - self._first[1]
        return frames / seconds if seconds >= MEASURE_S else 0.0
