"""The meters a sound engineer expects: momentary and short-term loudness, and true peak, ten readings a second.

True peak after ITU-R BS.1770-4, annex 2: four times oversampled by a windowed sinc of 12 taps a phase, so that a peak between two
samples is seen. Readings are in LUFS and dBTP; a true peak is the highest since the reading before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.hearing.hops import Hopper
from showctl.analysis.hearing.loudness import Loudness
from showctl.model import AudioBlock
from showctl.units import db

_EVERY = 10  # hops a reading
_OVER, _TAPS = 4, 12


@dataclass(frozen=True, slots=True)
class Reading:
    """What the meters show."""

    time: float  # s
    momentary: float  # LUFS
    short_term: float  # LUFS
    true_peak: float  # dBTP since the reading before


class LevelMeter:
    """Loudness and true peak of one stream."""

    def __init__(self, rate: int) -> None:
        """`rate` as for the Analyzer."""
        self._hopper = Hopper(rate)
        self._loudness = Loudness(rate)
        place = np.arange(_OVER * _TAPS) - _OVER * _TAPS / 2
        taps = np.sinc(place / _OVER) * np.kaiser(_OVER * _TAPS + 1, 5.0)[:-1]
        self._phases = taps.reshape(_TAPS, _OVER).T / taps.reshape(_TAPS, _OVER).sum(axis=0)[:, None]
        self._tail: NDArray[np.float32] = np.zeros((_TAPS - 1, 0), np.float32)
        self._peak = 0.0
        self._hops = 0

    def feed(self, block: AudioBlock) -> list[Reading]:
        """The readings that fall due within this block."""
        readings = []
        for hop in self._hopper.push(block):
            momentary = self._loudness.feed(hop.samples)
            self._peak = max(self._peak, self._true_peak(hop.samples))
            self._hops += 1
            if self._hops % _EVERY == 0:
                readings.append(Reading(hop.time, momentary, self._loudness.short_term(), db(self._peak)))
                self._peak = 0.0
        return readings

    def _true_peak(self, samples: NDArray[np.float32]) -> float:
        if self._tail.shape[1] != samples.shape[1]:
            self._tail = np.zeros((_TAPS - 1, samples.shape[1]), np.float32)
        whole = np.concatenate([self._tail, samples])
        self._tail = whole[-(_TAPS - 1) :]
        between = max(float(np.abs(np.convolve(channel, phase, "valid")).max()) for channel in whole.T for phase in self._phases)
        return max(between, float(np.abs(samples).max()))
