"""The air of the room as far as it is known now: as it was typed in, or as a sensor tells it; and what follows for the treble.

A reading counts for STALE_S; then what was typed in holds again, each of temperature and humidity by itself. A reading that the
broker kept from earlier (retained) counts only as long as there is no other: nobody knows how old it is, and a broker repeats it
at each connection. Times in s; no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from showctl.analysis.room.air import Climate, less_heard
from showctl.analysis.room.biquad import Array

STALE_S = 1800.0
_TOLD_AT = np.array([10_000.0])  # Hz
LEAST = 0.05  # dB: less is nothing


@dataclass(frozen=True, slots=True)
class Reading:
    """What a sensor said, and when."""

    time: float  # s
    value: float


class Weather:
    """`typed` is the air of the venue file; listeners and microphones are so many m from the loudspeakers; `judged` as for
    `air.less_heard`. `sensed`: whether there should be a sensor."""

    def __init__(
        self, typed: Climate, listeners: float, microphones: float, judged: Climate | None = None, sensed: bool = False
    ) -> None:
        self._typed, self._listeners, self._microphones, self._judged = typed, listeners, microphones, judged
        self._sensed = sensed
        self._readings: dict[str, Reading] = {}
        self._refused: dict[str, str] = {}  # what is wrong with what the sensor says
        self._known: tuple[Climate, Array, Array] | None = None  # of what `less` was asked last

    def read(self, time: float, what: Literal["temperature", "humidity"], value: float, retained: bool = False) -> None:
        """What the sensor says."""
        self._refused.pop(what, None)
        if not retained or what not in self._readings:
            self._readings[what] = Reading(time, value)

    def heard_as(self, before: Weather) -> None:
        """The same sensor has told another: what it said counts here."""
        self._readings, self._refused = before._readings, before._refused

    def refuse(self, what: Literal["temperature", "humidity"], why: str) -> None:
        """What the sensor says makes no sense; in words."""
        self._refused[what] = why

    def air(self, now: float) -> Climate:
        """The air now."""
        fresh = {what: one.value for what, one in self._readings.items() if now - one.time <= STALE_S}
        return Climate(fresh.get("temperature", self._typed.temperature), fresh.get("humidity", self._typed.humidity))

    def less(self, freqs: Array, now: float) -> Array:
        """(points,) dB at freqs (Hz) by which the listeners hear less than the microphones do."""
        air = self.air(now)
        if self._known is None or self._known[0] != air or self._known[1] is not freqs:
            self._known = air, freqs, less_heard(freqs, self._listeners, self._microphones, air, self._judged)
        return self._known[2]

    def said(self, now: float) -> str:
        """In words: the air, where that is known from, and what is made up for; empty where nothing is, and nothing is sensed."""
        air = self.air(now)
        less = float(less_heard(_TOLD_AT, self._listeners, self._microphones, air, self._judged)[0])
        if not self._sensed and abs(less) < LEAST:
            return ""
        what = f"; {less:+.1f} dB at 10 kHz for the listeners" if abs(less) >= LEAST else ""
        return f"air of {air.temperature:.0f} C, {air.humidity:.0f} %{self._source(now)}{what}"

    def _source(self, now: float) -> str:
        if not self._sensed:
            return ""
        wrong = next((f" ({text})" for text in self._refused.values()), "")
        ages = [now - one.time for one in self._readings.values()]
        if not ages:
            return f", as typed in: its sensor has said nothing yet{wrong}"
        if max(ages) > STALE_S:
            return f", as typed in: its sensor has said nothing for {max(ages) / 60:.0f} minutes{wrong}"
        return f" by its sensor{wrong}" if len(ages) > 1 else f" by its sensor, which has told one of them alone{wrong}"
