"""How loud a whole programme is, and how far it ranges: what a night's sound engineer signs, in memory that never grows.

Integrated loudness after ITU-R BS.1770-4: blocks of 400 ms every 100 ms; those at or below -70 LUFS do not count, and of the rest
only those less than 10 LU below the mean of the rest. Loudness range after EBU Tech 3342: short-term loudness (3 s) every
100 ms, gated at -70 LUFS and at 20 LU below its mean; the range is from its 10th to its 95th percentile, in LU.

A list of every block of a night would be long, so blocks are counted by loudness in steps of 0.01 LU from -70 to +30 LUFS, and
their powers added up step by step. The mean over whole steps is exact. Quantised are only the relative gate (a block that
passes it by less than 0.01 LU may be left out) and the percentiles (to half a step each).
"""

from __future__ import annotations

import math

import numpy as np

from showctl.analysis.hearing.loudness import SILENT, lufs

ABSOLUTE = -70.0  # LUFS
_STEP, _STEPS = 0.01, 10_000  # LU
INTEGRATED_GATE, RANGE_GATE = 10.0, 20.0  # LU below the mean
LOWEST, HIGHEST = 0.10, 0.95  # percentiles between which the range lies


class Blocks:
    """Blocks above the absolute gate, counted by loudness."""

    def __init__(self) -> None:
        self._counts = np.zeros(_STEPS, np.int64)
        self._powers = np.zeros(_STEPS)

    def add(self, mean_square: float) -> None:
        """One more block, by its K-weighted mean square."""
        loudness = lufs(mean_square)
        if loudness > ABSOLUTE:
            step = min(_STEPS - 1, math.floor((loudness - ABSOLUTE) / _STEP))
            self._counts[step] += 1
            self._powers[step] += mean_square

    def integrated(self) -> float:
        """LUFS over the blocks that pass both gates; SILENT where there is none."""
        first = self._gate(INTEGRATED_GATE)
        return self._mean(first)

    def range(self) -> float:
        """LU between the percentiles of the blocks that pass both gates; 0 where there is none."""
        counts = self._counts[self._gate(RANGE_GATE) :]
        below = np.cumsum(counts)
        if below[-1] == 0:
            return 0.0
        low, high = (math.floor((int(below[-1]) - 1) * share + 0.5) for share in (LOWEST, HIGHEST))
        return float(np.searchsorted(below, high, "right") - np.searchsorted(below, low, "right")) * _STEP

    def _mean(self, first: int) -> float:
        """LUFS of all blocks from this step on."""
        count = int(self._counts[first:].sum())
        return lufs(float(self._powers[first:].sum()) / count) if count else SILENT

    def _gate(self, below: float) -> int:
        """The first step that passes the relative gate, so many LU below the mean of all."""
        return max(0, math.floor((self._mean(0) - below - ABSOLUTE) / _STEP) + 1)
