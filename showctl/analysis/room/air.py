"""What the air swallows on the way: ISO 9613-1, and how the high end has to be set as the weather of a hall changes.

Absorption (dB/m) follows from the relaxation of oxygen and nitrogen, whose frequencies hang on temperature and humidity: dry air
swallows most near 4 kHz, damp air far above it. The formulas are those of ISO 9613-1:1993, clause 6.2, exact for pure tones and
good to 10 % within -20..50 degrees C, 10..100 % relative humidity, and frequency over pressure of 4e-4..10 Hz/Pa.

A system is fitted at one climate and plays in another: a hall that fills gets warmer and damper. What changes at a listener is
the difference of the two absorptions times the distance; `correction` gives what would have to be added to make up for it. And
microphones do not hear what listeners farther away do: `less_heard`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PRESSURE = 101.325  # kPa, the standard's reference
_T0, _TRIPLE = 293.15, 273.16  # K, of the reference and of water's triple point
MOST = 6.0  # dB: nobody pays for lost treble with more headroom than this
MOST_LIVE, TOP = 3.0, 10_000.0  # dB, Hz: the same while people listen


@dataclass(frozen=True, slots=True)
class Climate:
    """The air in the room. ValueError where the standard does not know such air."""

    temperature: float  # degrees Celsius
    humidity: float  # % relative
    pressure: float = PRESSURE  # kPa

    def __post_init__(self) -> None:
        if not -20 <= self.temperature <= 50:
            raise ValueError(f"the air is at -20 to 50 degrees Celsius, not {self.temperature:g}")
        if not 10 <= self.humidity <= 100:
            raise ValueError(f"the humidity is 10 to 100 %, not {self.humidity:g}")
        if not 50 <= self.pressure <= 110:
            raise ValueError(f"the air's pressure is 50 to 110 kPa, not {self.pressure:g}")


def absorption(freqs: NDArray[np.float64], air: Climate) -> NDArray[np.float64]:
    """(points,) dB a metre at freqs (Hz)."""
    kelvin, pressure = air.temperature + 273.15, air.pressure / PRESSURE
    warm = kelvin / _T0
    vapour = air.humidity / pressure * 10 ** (4.6151 - 6.8346 * (_TRIPLE / kelvin) ** 1.261)  # % of the molecules that are water
    oxygen = pressure * (24 + 4.04e4 * vapour * (0.02 + vapour) / (0.391 + vapour))  # Hz
    nitrogen = pressure / math.sqrt(warm) * (9 + 280 * vapour * math.exp(-4.170 * (warm ** (-1 / 3) - 1)))  # Hz
    square = np.square(np.asarray(freqs, dtype=np.float64))
    still = 1.84e-11 / pressure * math.sqrt(warm)
    relaxing = 0.01275 * math.exp(-2239.1 / kelvin) / (oxygen + square / oxygen)
    relaxing = relaxing + 0.1068 * math.exp(-3352.0 / kelvin) / (nitrogen + square / nitrogen)
    swallowed: NDArray[np.float64] = 8.686 * square * (still + warm**-2.5 * relaxing)
    return swallowed


def correction(freqs: NDArray[np.float64], distance: float, now: Climate, reference: Climate) -> NDArray[np.float64]:
    """(points,) dB to be added at freqs (Hz), `distance` m away, so that it sounds as in the reference climate; within +-MOST."""
    if not 0 <= distance <= 500:
        raise ValueError(f"listeners sit 0 to 500 m from the loudspeakers, not {distance:g}")
    more = distance * (absorption(freqs, now) - absorption(freqs, reference))
    return np.clip(more, -MOST, MOST)


def less_heard(
    freqs: NDArray[np.float64], listeners: float, microphones: float, now: Climate, judged: Climate | None = None
) -> NDArray[np.float64]:
    """(points,) dB at freqs (Hz) by which listeners so many m from the loudspeakers hear less than microphones that are nearer;
    below 0 where they are farther away. Within +-MOST_LIVE, and above TOP as at TOP: what is lost there is not to be had back.

    With `judged` it is only what became of that difference since: in that air it was right as it was.
    """
    freqs = np.minimum(freqs, TOP)
    swallowed = absorption(freqs, now) - (0.0 if judged is None else absorption(freqs, judged))
    return np.clip((listeners - microphones) * swallowed, -MOST_LIVE, MOST_LIVE)
