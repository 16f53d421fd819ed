"""Sound at another speed, as a tape machine plays it: faster is higher.

Between samples lies what the sampling theorem says: a sinc, windowed (Kaiser) to ZEROS zero crossings on either side. Played
faster than it was recorded, what would fold back from above half the rate is filtered out by a wider sinc, whose cutoff falls
with the speed in steps of a sixth of an octave. The kernel is kept for PHASES places between two samples and drawn straight
between those, which is 100 dB below the sound. Positions are double floats of samples, so an hour loses nothing.

Pure: arrays in, arrays out.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

ZEROS = 16  # zero crossings on either side
PHASES = 512
BETA = 9.0  # of the window: -90 dB beside the pass band
PASS = 0.95  # of half the rate that is let through
STEPS = 6  # cutoffs an octave
MOST_RATE = 2.0

Sound = NDArray[np.float32]


class Kernel:
    """The windowed sinc of one cutoff. A position p is made of samples floor(p) - before .. floor(p) + after."""

    def __init__(self, cutoff: float) -> None:
        half = math.ceil(ZEROS / cutoff)
        self.taps, self.before, self.after = 2 * half, half - 1, half
        places = np.arange(self.taps) - self.before
        distance = places[None, :] - np.linspace(0.0, 1.0, PHASES + 1)[:, None]
        window = np.i0(BETA * np.sqrt(np.maximum(0.0, 1.0 - (distance / half) ** 2))) / np.i0(BETA)
        table = np.sinc(cutoff * PASS * distance) * window
        self._table = (table / table.sum(axis=1, keepdims=True)).astype(np.float32)

    def at(self, samples: Sound, positions: NDArray[np.float64]) -> Sound:
        """(n, channels) at `positions` (n,), rising, counted from samples[before]."""
        whole = np.floor(positions)
        phase = (positions - whole) * PHASES
        low = phase.astype(np.intp)
        share = (phase - low).astype(np.float32)[:, None]
        weights = self._table[low] * (1.0 - share) + self._table[np.minimum(low + 1, PHASES)] * share
        windows = sliding_window_view(samples, self.taps, axis=0)[whole.astype(np.intp)]  # (n, channels, taps)
        out: Sound = np.einsum("nct,nt->nc", windows, weights)
        return out


@cache
def _kernel(step: int) -> Kernel:
    return Kernel(2.0 ** (-step / STEPS))


def kernel(rate: float) -> Kernel:
    """The kernel for a speed; 1 and below take the widest band."""
    return _kernel(max(0, math.ceil(STEPS * math.log2(min(rate, MOST_RATE)) - 1e-9)))


def warm() -> None:
    """Make all kernels now, so that none is made while sound is waited for."""
    for step in range(math.ceil(STEPS * math.log2(MOST_RATE)) + 1):
        _kernel(step)
