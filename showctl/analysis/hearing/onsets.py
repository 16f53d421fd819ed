"""Attacks, announced in the hop in which they begin.

There is no looking ahead: an onset is told when the rise of the short spectrum first exceeds a threshold that follows the
last second's rises, not when its peak has passed. That costs some precision (a peak picker with 20 ms of
hindsight is better by some percent of F) and wins 10..20 ms, which is what a flash on a hand clap needs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.hearing.hops import HOPS_PER_SECOND
from showctl.analysis.hearing.spectrum import Compressor, Filters, Flux, Spectrum

_SIZE, _FALL = 1024, 128  # samples: 23 ms, of which the last 3 ms are weighed less


class OnsetDetector:
    """Strength of the onset that begins in a hop, else 0."""

    LEAST = 0.36  # mean rise (nepers) under which nothing is an attack
    RATIO = 2.2  # x the mean rise of late
    REFRACTORY = 7  # hops
    GATE = 10 ** (-66 / 20)  # full-scale sine = 1: the loudest filter of an attack exceeds it

    def __init__(self, rate: int) -> None:
        self._spectrum = Spectrum(_SIZE, _FALL)
        self._filters = Filters(_SIZE, rate, 4, 80.0, 15000.0)
        self._compress = Compressor(200.0, 3.0, 1e-3)
        self._flux = Flux(len(self._filters), 2)
        self._mean = 0.05
        self._since = self.REFRACTORY

    def feed(self, mono: NDArray[np.float32], settled: bool) -> float:
        """(frames,) of a hop -> strength. Not `settled`: part of the window was never heard, no onset is told."""
        magnitudes = self._filters.apply(self._spectrum.feed(mono))
        rise = float(self._flux.feed(self._compress.feed(magnitudes)).mean())
        threshold = max(self.LEAST, self.RATIO * self._mean)
        self._mean += (min(rise, 1.0) - self._mean) / HOPS_PER_SECOND
        self._since += 1
        if not settled or rise < threshold or self._since <= self.REFRACTORY or float(magnitudes.max()) < self.GATE:
            return 0.0
        self._since = 0
        return round(rise / threshold, 3)
