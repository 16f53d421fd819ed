"""The view of the sound that just ended, hop by hop, which the net and the bands are given.

A spectrum of 50 ms through triangular filters, twelve an octave. Magnitudes are scaled so that a full-scale sine reads 1, and
compressed against a slow follower of the loudest, which makes what follows independent of the gain (Klapuri et al. 2006 on
compression; Boeck & Widmer 2013, "superflux", on comparing with the strongest of the neighbouring filters, so that a vibrato is
not an attack). Onsets have a shorter view of their own (`onsets`).
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.hearing.hops import HOPS_PER_SECOND

_Floats = NDArray[np.float32]


class Spectrum:
    """Magnitudes of the last `size` samples."""

    def __init__(self, size: int, fall: int) -> None:
        """`fall`: how many samples the window takes to fall to zero at its end; it rises over the rest."""
        rise = size - fall
        ramp = np.concatenate([np.arange(rise) / rise, 1 - np.arange(fall) / fall]) * math.pi / 2
        window = np.sin(ramp) ** 2
        self._window = (window * 2 / window.sum()).astype(np.float32)
        self._ring = np.zeros(size, np.float32)

    def feed(self, samples: _Floats) -> _Floats:
        """(frames,) of a hop -> (size // 2 + 1,) magnitudes, a full-scale sine being 1."""
        self._ring[: -len(samples)] = self._ring[len(samples) :]
        self._ring[-len(samples) :] = samples
        magnitudes: _Floats = np.abs(np.fft.rfft(self._ring * self._window))
        return magnitudes


class Filters:
    """Overlapping triangular filters, equally spaced in octaves; where the spectrum is too coarse, a filter a bin."""

    def __init__(self, size: int, rate: int, an_octave: int, lowest: float, highest: float) -> None:
        count = round(math.log2(highest / lowest) * an_octave)
        wanted = lowest * 2.0 ** (np.arange(count + 1) / an_octave)
        bins = sorted({round(hz) for hz in (wanted * size / rate).tolist()})  # np.unique would import numpy.ma: slow to start
        self._edges = np.array([one for one in bins if one >= 2], np.intp)  # bin 0 and 1 hold what a constant offset leaks
        width = np.diff(self._edges)
        share = np.concatenate([np.arange(w) / w for w in width]).astype(np.float32)
        normal = (2.0 / np.repeat(np.concatenate([width, width[-1:]]), np.concatenate([width, [0]]))).astype(np.float32)
        self._up, self._down = share * normal, (1 - share) * normal
        self._first, self._last = int(self._edges[0]), int(self._edges[-1])
        self._starts = self._edges[:-1] - self._first
        self.centres = self._edges[:-1] * rate / size  # Hz

    def __len__(self) -> int:
        return len(self.centres)

    def apply(self, magnitudes: _Floats) -> _Floats:
        """(bins,) -> (filters,) mean magnitude under each triangle."""
        part = magnitudes[self._first : self._last]
        out = np.add.reduceat(part * self._down, self._starts)
        out[1:] += np.add.reduceat(part * self._up, self._starts)[:-1]
        out *= np.float32(0.5)
        return out


class Compressor:
    """log(1 + gain x magnitude / loudest of late): 0 for nothing, about log(1 + gain) for the loudest."""

    def __init__(self, gain: float, half_life: float, least: float) -> None:
        """`half_life` (s) of the follower of the loudest, which never goes below `least`."""
        self._gain = np.float32(gain)
        self._keep = 0.5 ** (1.0 / (half_life * HOPS_PER_SECOND))
        self._least = least
        self.loudest = least

    def feed(self, magnitudes: _Floats) -> _Floats:
        """(filters,) -> (filters,) compressed."""
        self.loudest = max(self.loudest * self._keep, self._least, float(np.maximum.reduce(magnitudes)))
        compressed: _Floats = np.log1p(magnitudes * (self._gain / np.float32(self.loudest)))
        return compressed


class Flux:
    """How much each filter rose: against the strongest of its neighbours `lag` hops ago."""

    def __init__(self, filters: int, lag: int) -> None:
        self._past = deque([np.zeros(filters, np.float32) for _ in range(lag)], maxlen=lag)

    def feed(self, compressed: _Floats) -> _Floats:
        """(filters,) -> (filters,) rise, never below 0."""
        rise: _Floats = np.maximum(compressed - self._past[0], np.float32(0.0))
        widest = compressed.copy()
        np.maximum(widest[1:], compressed[:-1], out=widest[1:])
        np.maximum(widest[:-1], compressed[1:], out=widest[:-1])
        self._past.append(widest)
        return rise


class Bands:
    """Level of low (below 150 Hz), middle and high (above 2.5 kHz) in dBFS, from the long view."""

    LOW, HIGH = 150.0, 2500.0  # Hz

    def __init__(self, size: int, rate: int) -> None:
        self._starts = np.array([2, round(self.LOW * size / rate), round(self.HIGH * size / rate)], np.intp)
        # A Hann window of gain 1 for a sine spreads the power of that sine over its neighbours: 1.5 times its square.
        self._scale = 1 / 1.5

    def apply(self, magnitudes: _Floats) -> tuple[float, float, float]:
        """(bins,) -> dBFS of the three bands, a full-scale sine being 0."""
        power = np.add.reduceat(magnitudes * magnitudes, self._starts) * self._scale
        low, middle, high = (10 * math.log10(max(1e-12, float(p))) for p in power)
        return low, middle, high


class View:
    """What the net sees: 50 ms of sound, so that bins fall on whole multiples of 20 Hz at every rate, through the same filters.

    The window rises over 35 ms and falls over 15: a beat need not be seen at once (it is foretold), but soon.
    """

    LOWEST, AN_OCTAVE, COUNT = 40.0, 12, 81  # Hz; filters an octave; how many there are
    BIN = 20  # Hz
    LAG = 2  # hops that the rise looks back
    LEAST_RATE = 32000  # Hz

    def __init__(self, rate: int) -> None:
        """`rate` (Hz): a multiple of 100 from 32000 on, so that the highest filter ends below half of it; else ValueError."""
        if rate < self.LEAST_RATE:
            raise ValueError(f"sound at {rate} Hz holds too little of what a beat is heard by: resample it to 48000 Hz first")
        self.size = rate // self.BIN
        self._spectrum = Spectrum(self.size, self.size * 3 // 10)
        self._filters = Filters(self.size, rate, self.AN_OCTAVE, self.LOWEST, 15000.0)
        self._compress = Compressor(400.0, 10.0, 1e-4)
        self._flux = Flux(len(self._filters), self.LAG)

    def feed(self, mono: _Floats) -> tuple[_Floats, _Floats, _Floats]:
        """(frames,) of a hop -> (bins,) magnitudes, (COUNT,) compressed, (COUNT,) rise."""
        magnitudes = self._spectrum.feed(mono)
        compressed = self._compress.feed(self._filters.apply(magnitudes))
        return magnitudes, compressed, self._flux.feed(compressed)
