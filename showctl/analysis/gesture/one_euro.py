"""The 1 euro filter: still when the hand is still, quick when it is quick.

Casiez, Roussel and Vogel, 1 euro Filter: A Simple Speed-based Low-pass Filter for Noisy Input in Interactive Systems, CHI 2012: a
low-pass of the first order whose cutoff rises with the speed of the value, cutoff = least + beta |speed|.
"""

from __future__ import annotations

import math

SPEED_CUTOFF_HZ = 1.0  # of the low-pass through which the speed goes


class OneEuro:
    """One value. Its unit is the caller's; `beta` is Hz for each unit a second."""

    def __init__(self, least_hz: float, beta: float) -> None:
        self._least, self._beta = least_hz, beta
        self._value: float | None = None
        self._speed = 0.0

    def __call__(self, value: float, seconds: float) -> float:
        """The filtered value, `seconds` after the last one; the first is let through."""
        if self._value is None or seconds <= 0:
            self._value = value if self._value is None else self._value
            return self._value
        speed = (value - self._value) / seconds
        self._speed += _weight(SPEED_CUTOFF_HZ, seconds) * (speed - self._speed)
        self._value += _weight(self._least + self._beta * abs(self._speed), seconds) * (value - self._value)
        return self._value

    def reset(self) -> None:
        """The next value is let through again."""
        self._value, self._speed = None, 0.0


def _weight(cutoff_hz: float, seconds: float) -> float:
    return 1 / (1 + 1 / (2 * math.pi * cutoff_hz * seconds))
