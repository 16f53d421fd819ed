"""From what rose in the spectrum to how likely each place in a bar is.

The rises are averaged in six ranges of frequency, each divided by its own running mean (so neither gain nor style matter)
and sorted into nine levels. Three wide ranges (kick, body, brightness), in three levels each, are read together as one of 27
cells: a hat with a kick under it and a hat alone are different things, which six separate witnesses cannot say. How often
each level and each cell occurs at each of 24 phases of each of the four beats of a bar was counted once over annotated
music (`beat_table`, made by bench/count_beat_table.py); the logarithm of that against its mean is the evidence. Successive
hops are far from independent, and so are the ranges: the sum is taken at a small weight.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.hearing import beat_table
from showctl.analysis.hearing.barpointer import BEATS, PHASES
from showctl.analysis.hearing.hops import HOPS_PER_SECOND

_Floats = NDArray[np.float32]
DELAY = 0.03  # s between an attack and its trace in the spectrum, as the table was counted
EDGES = (0.0, 120.0, 300.0, 800.0, 2500.0, 6000.0)  # Hz, lower borders of the six ranges
THRESHOLDS = (0.05, 0.2, 0.5, 1.0, 1.6, 2.6, 4.5, 8.0)  # x running mean, borders of their nine levels
WIDE_EDGES = (0.0, 160.0, 2500.0)  # Hz, lower borders of the three wide ranges
WIDE_THRESHOLDS = (0.4, 1.2)  # x running mean, borders of their three levels
LEVELS, WIDE_LEVELS = len(THRESHOLDS) + 1, len(WIDE_THRESHOLDS) + 1
ROWS = len(EDGES) * LEVELS + WIDE_LEVELS ** len(WIDE_EDGES)  # of the table
WEIGHT, WIDE_WEIGHT = 0.04, 0.12  # of the evidence of one hop: each range, the cell
_MEMORY = 3 * HOPS_PER_SECOND  # hops that the running mean looks back


class Ranges:
    """Mean rise in ranges of frequency, against its own running mean."""

    def __init__(self, centres: NDArray[np.float64], edges: tuple[float, ...]) -> None:
        """`centres`: Hz of the filters that will be fed; `edges`: Hz, lower borders of the ranges."""
        self._starts = np.searchsorted(centres, edges).astype(np.intp)
        self._width = np.diff([*self._starts, len(centres)]).astype(np.float32)
        self._mean = np.full(len(edges), 0.05, np.float32)
        self._hops = 0

    def feed(self, rise: _Floats) -> _Floats:
        """(filters,) rise -> (ranges,) 1 for as much as usual."""
        ranges = np.add.reduceat(rise, self._starts) / self._width
        self._hops += 1
        share = max(1 / _MEMORY, 1 / (self._hops + 20))  # quicker at first
        self._mean += (ranges - self._mean) * np.float32(share)
        relative: _Floats = ranges / (self._mean + np.float32(0.01))
        return relative


class Witnesses:
    """Which rows of the table speak in this hop: one for each range, one for the cell."""

    def __init__(self, centres: NDArray[np.float64]) -> None:
        """`centres`: Hz of the filters that will be fed."""
        self._ranges, self._wide = Ranges(centres, EDGES), Ranges(centres, WIDE_EDGES)
        self._offsets = np.arange(len(EDGES)) * LEVELS
        self._places = WIDE_LEVELS ** np.arange(len(WIDE_EDGES))[::-1]

    def feed(self, rise: _Floats) -> NDArray[np.intp]:
        """(filters,) rise -> (7,) rows of the table."""
        rows = np.empty(len(EDGES) + 1, np.intp)
        rows[:-1] = self._offsets + np.searchsorted(THRESHOLDS, self._ranges.feed(rise), side="right")
        cell = np.searchsorted(WIDE_THRESHOLDS, self._wide.feed(rise), side="right") @ self._places
        rows[-1] = len(EDGES) * LEVELS + cell
        return rows


def evidence(counted: NDArray[np.float64]) -> _Floats:
    """(ROWS, BEATS, phases) log-ratios -> (ROWS, BEATS, PHASES), weighed, interpolated round the bar."""
    phases = counted.shape[2]
    around = counted.reshape(len(counted), -1)
    place = (np.arange(BEATS * PHASES) + 0.5) / PHASES * phases - 0.5
    before = np.floor(place).astype(np.intp)
    share, size = place - before, around.shape[1]
    fine = around[:, before % size] * (1 - share) + around[:, (before + 1) % size] * share
    weights = np.where(np.arange(len(counted)) < len(EDGES) * LEVELS, WEIGHT, WIDE_WEIGHT)
    weighed: _Floats = (fine * weights[:, None]).reshape(-1, BEATS, PHASES).astype(np.float32)
    return weighed


class Activation:
    """Likelihood of every place in a bar, hop by hop."""

    def __init__(self, centres: NDArray[np.float64]) -> None:
        """`centres`: Hz of the filters that will be fed."""
        self._witnesses = Witnesses(centres)
        self._evidence = evidence(beat_table.table())

    def feed(self, rise: _Floats) -> _Floats:
        """(filters,) rise -> (BEATS, PHASES) likelihood of the place in the bar that was reached DELAY ago."""
        likelihood: _Floats = np.exp(self._evidence[self._witnesses.feed(rise)].sum(axis=0))
        return likelihood
