"""From what rose in the spectrum to how likely each phase of a beat is.

The rises are averaged in six ranges of frequency, each divided by its own running mean (so neither gain nor style matter)
and sorted into eight levels. How often each level occurs at each phase of a beat was counted once over annotated music
(`beat_table`, made by bench/count_beat_table.py); the logarithm of that against its mean is the evidence. Successive hops
are far from independent, and so are the ranges: the sum is taken at a small weight.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.hearing import beat_table
from showctl.analysis.hearing.barpointer import PHASES
from showctl.analysis.hearing.hops import HOPS_PER_SECOND

_Floats = NDArray[np.float32]
EDGES = (0.0, 120.0, 300.0, 800.0, 2500.0, 6000.0, 30000.0)  # Hz, borders of the six ranges
THRESHOLDS = np.array([0.05, 0.2, 0.5, 1.0, 1.6, 2.6, 4.5])  # x running mean, borders of the eight levels
DELAY = 0.03  # s between an attack and its trace in the spectrum, as the table was counted
WEIGHT = 0.12  # of the evidence of one hop
_MEMORY = 3 * HOPS_PER_SECOND  # hops that the running mean looks back


class Levels:
    """The six ranges as levels 0..7."""

    def __init__(self, centres: NDArray[np.float64]) -> None:
        """`centres`: Hz of the filters that will be fed."""
        self._starts = np.searchsorted(centres, EDGES[:-1]).astype(np.intp)
        self._width = np.diff([*self._starts, len(centres)]).astype(np.float32)
        self._mean = np.full(len(self._starts), 0.05, np.float32)
        self._hops = 0

    def feed(self, rise: _Floats) -> NDArray[np.intp]:
        """(filters,) rise -> (6,) levels."""
        ranges = np.add.reduceat(rise, self._starts) / self._width
        self._hops += 1
        share = max(1 / _MEMORY, 1 / (self._hops + 20))  # quicker at first
        self._mean += (ranges - self._mean) * np.float32(share)
        return np.searchsorted(THRESHOLDS, ranges / (self._mean + np.float32(0.01)), side="right")


def evidence_table(counted: NDArray[np.float64]) -> _Floats:
    """(ranges, phases, levels) log-ratios -> (ranges, levels, PHASES), interpolated round the beat."""
    phases = counted.shape[1]
    place = (np.arange(PHASES) + 0.5) / PHASES * phases - 0.5
    before = np.floor(place).astype(np.intp)
    share = (place - before)[:, None]
    table = np.moveaxis(counted, 1, 0)  # phases first
    fine = table[before % phases].transpose(1, 0, 2) * (1 - share) + table[(before + 1) % phases].transpose(1, 0, 2) * share
    return np.ascontiguousarray(fine.transpose(0, 2, 1), np.float32)


class Activation:
    """Likelihood of every phase of a beat, hop by hop."""

    def __init__(self, centres: NDArray[np.float64]) -> None:
        self._levels = Levels(centres)
        self._evidence = evidence_table(beat_table.table()) * np.float32(WEIGHT)
        self._ranges = np.arange(len(self._evidence))

    def feed(self, rise: _Floats) -> _Floats:
        """(filters,) rise -> (PHASES,) likelihood of the hop that ended DELAY ago."""
        evidence = self._evidence[self._ranges, self._levels.feed(rise)].sum(axis=0)
        likelihood: _Floats = np.exp(evidence)
        return likelihood
