"""The meters that a sound engineer expects of EBU Tech 3341: loudness over four spans of time and true peak, ten times a second.

Momentary looks back 400 ms, short-term 3 s; integrated and range (`programme`) are of everything since the meter was switched on.
True peak after ITU-R BS.1770-4, annex 2: four times oversampled by a windowed sinc of 24 taps a phase, so that a peak
between two samples is seen, flat to 0.87 of half the sample rate. Readings are in LUFS, LU and dBTP; the true peak of a
reading is the highest since the reading before. The highest momentary and short-term values are looked for every 10 ms.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.hearing.hops import Hop, Hopper, hop_frames
from showctl.analysis.hearing.loudness import MOMENTARY, SILENT, Loudness, lufs
from showctl.analysis.hearing.programme import Blocks
from showctl.model import AudioBlock
from showctl.units import db

SHORT_TERM = 300  # hops
_EVERY = 10  # hops a reading, and from block to block
_OVER, _TAPS = 4, 24
_BETA = 5.0  # of the Kaiser window: side lobes 50 dB down


@dataclass(frozen=True, slots=True)
class Reading:
    """What the meters show."""

    time: float  # s
    momentary: float  # LUFS
    short_term: float  # LUFS
    integrated: float  # LUFS so far
    range: float  # LU so far
    true_peak: float  # dBTP since the reading before


@dataclass(frozen=True, slots=True)
class Summary:
    """What is said of a whole recording."""

    integrated: float = SILENT  # LUFS
    range: float = 0.0  # LU
    true_peak: float = SILENT  # dBTP
    momentary_max: float = SILENT  # LUFS
    short_term_max: float = SILENT  # LUFS


class LevelMeter:
    """Loudness and true peak of one stream."""

    def __init__(self, rate: int) -> None:
        """`rate` as for the Analyzer."""
        self._rate = rate
        self._hopper = Hopper(rate)
        self._blocks, self._spans = Blocks(), Blocks()
        self._true_peak = TruePeak(rate)
        self._peak = self._highest = 0.0
        self._loudest = self._loudest_span = SILENT
        self._begin()

    def _begin(self) -> None:
        """Nothing was heard yet, or so long ago that no window reaches back to it."""
        self._loudness = Loudness(self._rate)
        self._squares: deque[float] = deque([0.0] * SHORT_TERM, maxlen=SHORT_TERM)
        self._hops = 0

    def feed(self, block: AudioBlock) -> list[Reading]:
        """The readings that fall due within this block."""
        readings = (self._hear(hop) for hop in self._hopper.push(block))
        return [reading for reading in readings if reading is not None]

    def summary(self) -> Summary:
        """Of all that was fed."""
        peak = db(max(self._highest, self._peak))
        return Summary(self._blocks.integrated(), self._spans.range(), peak, self._loudest, self._loudest_span)

    def _hear(self, hop: Hop) -> Reading | None:
        if hop.anew:
            self._begin()
        self._hops += 1
        self._peak = max(self._peak, self._true_peak.feed(hop.samples))
        momentary = self._loudness.feed(hop.samples)
        self._squares.append(self._loudness.last)
        span = math.fsum(self._squares) / SHORT_TERM
        short_term = lufs(span)
        self._loudest, self._loudest_span = max(self._loudest, momentary), max(self._loudest_span, short_term)
        if self._hops % _EVERY:
            return None
        if self._hops >= MOMENTARY:
            self._blocks.add(self._loudness.mean_square)
        if self._hops >= SHORT_TERM:
            self._spans.add(span)
        peak, self._highest, self._peak = self._peak, max(self._highest, self._peak), 0.0
        return Reading(hop.time, momentary, short_term, self._blocks.integrated(), self._spans.range(), db(peak))


class TruePeak:
    """The highest value of the wave through the samples, hop by hop.

    As in the K-filter, a hop is laid out as rows, here with the tail of the row before in front of each: one matrix product makes
    all the values between the samples of a row. Phase 0 of the filter is the samples themselves and is left out of it.
    """

    def __init__(self, rate: int) -> None:
        hop = hop_frames(rate)
        width = max(w for w in range(1, 2 * _TAPS) if hop % w == 0)
        place = np.arange(_OVER * _TAPS) - _OVER * _TAPS / 2
        taps = (np.sinc(place / _OVER) * np.kaiser(_OVER * _TAPS + 1, _BETA)[:-1]).reshape(_TAPS, _OVER)
        phases = (taps / taps.sum(axis=0))[::-1, 1:]
        row = np.zeros((width + _TAPS - 1, width, _OVER - 1), np.float32)
        for n in range(width):
            row[n : n + _TAPS, n] = phases
        self._between = row.reshape(len(row), -1)
        self._rows = np.arange(0, hop, width)[:, None] + np.arange(len(row))
        self._tail: NDArray[np.float32] = np.zeros((0, _TAPS - 1), np.float32)

    def feed(self, samples: NDArray[np.float32]) -> float:
        """(frames of one hop, channels) -> highest magnitude, full scale 1, at or between samples of any channel."""
        if len(self._tail) != samples.shape[1]:
            self._tail = np.zeros((samples.shape[1], _TAPS - 1), np.float32)
        whole = np.concatenate([self._tail, samples.T], axis=1)
        self._tail = whole[:, -(_TAPS - 1) :]
        between = whole[:, self._rows].reshape(-1, len(self._between)) @ self._between
        return float(max(between.max(), -between.min(), samples.max(), -samples.min()))
