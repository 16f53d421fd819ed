"""Curves over frequency: the grids they are known on, how they are smoothed, and what is aimed at.

Curves are in dB against frequency in Hz. BANDS, six an octave, is what is shown, trusted and acted upon; GRID, 24 an octave, is
what is fitted. A power spectrum becomes a curve by its mean power within a sixth of an octave round each point, as ears and
measuring programs have it. What is aimed at: FLAT, or HOUSE, the tilt that rooms full of people are used to.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float64]
LOW, HIGH = 40.0, 16_000.0  # Hz
SMOOTH = 1 / 6  # octaves that a point of a curve is the mean of


def points(an_octave: int) -> Curve:
    """Frequencies (Hz) from LOW to HIGH, so many an octave, equally spaced in pitch; LOW is the first."""
    count = math.floor(math.log2(HIGH / LOW) * an_octave + 1e-9) + 1
    freqs: Curve = LOW * 2.0 ** (np.arange(count) / an_octave)
    return freqs


BANDS = points(6)
GRID = points(24)


def smoothed(freqs: Curve, power: Curve, at: Curve, octaves: float = SMOOTH) -> Curve:
    """(bins,) rising Hz and power -> (points,) dB: the mean power within `octaves` round each of `at`.

    Between bins the power is a step, so a point that is narrower than a bin still has a value.
    """
    edges = np.concatenate([[freqs[0]], (freqs[1:] + freqs[:-1]) / 2, [freqs[-1]]])
    summed = np.concatenate([[0.0], np.cumsum(power * np.diff(edges))])
    low, high = at * 2.0 ** (-octaves / 2), at * 2.0 ** (octaves / 2)
    low, high = np.clip(low, edges[0], edges[-1]), np.clip(high, edges[0], edges[-1])
    mean = (np.interp(high, edges, summed) - np.interp(low, edges, summed)) / np.maximum(high - low, 1e-12)
    curve: Curve = 10 * np.log10(np.maximum(mean, 1e-30))
    return curve


def house(freqs: Curve) -> Curve:
    """+5 dB up to 80 Hz, falling to 0 at 250 Hz, flat to 2 kHz, then -1 dB an octave; straight in pitch."""
    octaves = np.log2(freqs)
    low: Curve = np.interp(octaves, np.log2([80.0, 250.0]), [5.0, 0.0])
    return low - np.maximum(0.0, octaves - math.log2(2000.0))


def flat(freqs: Curve) -> Curve:
    """0 dB everywhere."""
    return np.zeros(len(freqs))
