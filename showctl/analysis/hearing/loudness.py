"""How loud it is: momentary loudness in LUFS after ITU-R BS.1770-4, and the energy of a song.

K-weighting is two biquads, a high shelf (the head) and a high pass. The standard prints their coefficients for 48 kHz only;
for other rates they are derived here from the analogue prototypes that those coefficients stand for (shelf: 1681.97 Hz, Q 0.7072,
+4.0 dB; high pass: 38.135 Hz, Q 0.5003), by the bilinear transform with the corner frequency pre-warped, as in the audio EQ
literature; at 48 kHz this gives the standard's numbers to 1e-6. Loudness is -0.691 + 10 log10(weighted sum over the channels
of the mean square) over 400 ms. Five channels are taken for L R C Ls Rs and six for L R C LFE Ls Rs, whose surrounds weigh 1.41
and whose LFE counts for nothing, as the standard says; of any other number each channel weighs 1, so one channel alone reads
3 dB less than the same sound in two. What looks back further than 400 ms is in `programme` and `meter`: the ear does not need it.

Energy is that loudness as a share of the range in which the song moves: (loudness - floor) / (ceiling - floor), 0..1. The ceiling
follows the loudness up within about a second and sinks by 3 dB a minute, the floor follows it down within about three seconds
and rises by 3 dB a minute; they are at least 12 dB apart. Below -60 LUFS energy is 0. So a chorus is near 1 in a quiet song as
well as in a loud one, a verse 6 dB under it near a half, and a drop after a break goes from near 0 to 1.

A recursive filter in a Python loop over samples would cost more than all else together. So a hop is laid out as rows of
about 20 samples: within a row the filter is one small triangular matrix, and what the rows hand on to each other (four
numbers of state) is one more matrix product. The result is the recursion's, to rounding.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.hearing.hops import HOPS_PER_SECOND, hop_frames

SILENT = -120.0  # LUFS, what nothing at all is called
MOMENTARY = 40  # hops
SURROUND = {5: (1.0, 1.0, 1.0, 1.41, 1.41), 6: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41)}  # weights, by the number of channels
_Floats = NDArray[np.float64]


def k_weighting(rate: float) -> tuple[_Floats, _Floats]:
    """(2, 3) numerators and (2, 3) denominators of the shelf and the high pass at this rate (Hz)."""
    k = math.tan(math.pi * 1681.974450955533 / rate)
    q, high = 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    middle = high**0.4996667741545416
    norm = 1 + k / q + k * k
    shelf_b = [(high + middle * k / q + k * k) / norm, 2 * (k * k - high) / norm, (high - middle * k / q + k * k) / norm]
    shelf_a = [1.0, 2 * (k * k - 1) / norm, (1 - k / q + k * k) / norm]
    k, q = math.tan(math.pi * 38.13547087602444 / rate), 0.5003270373238773
    norm = 1 + k / q + k * k
    pass_a = [1.0, 2 * (k * k - 1) / norm, (1 - k / q + k * k) / norm]
    return np.array([shelf_b, [1.0, -2.0, 1.0]]), np.array([shelf_a, pass_a])


class KFilter:
    """K-weights one hop of every channel after the other, keeping its state between them."""

    def __init__(self, rate: int, channels: int) -> None:
        a, b, c, d = _state_space(*k_weighting(rate))
        hop = hop_frames(rate)
        width = max(w for w in range(1, math.isqrt(hop) + 1) if hop % w == 0)
        rows = hop // width
        powers = [np.linalg.matrix_power(a, n) for n in range(width + 1)]
        impulse = [d, *(float(c @ powers[n] @ b) for n in range(width - 1))]
        within = np.array([[impulse[i - j] if i >= j else 0.0 for j in range(width)] for i in range(width)])
        self._within = within.T  # (width, width): a row's own response
        self._entering = np.stack([powers[width - 1 - n] @ b for n in range(width)])  # (width, 4): a row's gift to the state
        self._leaving = np.stack([c @ powers[n] for n in range(width)]).T  # (4, width): what the state adds to a row
        step = [np.linalg.matrix_power(powers[width], n) for n in range(rows + 1)]
        none = np.zeros((4, 4))
        carry = [[step[i - 1 - j] if j < i else none for j in range(rows)] for i in range(rows + 1)]
        self._carry = np.block(carry)  # ((rows+1)*4, rows*4)
        self._decay = np.concatenate(step)  # ((rows+1)*4, 4)
        self._shape = (channels, rows, width)
        self._state = np.zeros((channels, 4))

    def filter(self, samples: _Floats) -> _Floats:
        """(channels, frames of one hop) -> the same, K-weighted."""
        channels, rows, _ = self._shape
        x = samples.reshape(self._shape)
        given = (x @ self._entering).reshape(channels, rows * 4)
        states = (given @ self._carry.T + self._state @ self._decay.T).reshape(channels, rows + 1, 4)
        self._state = states[:, -1]
        if not given.any():  # it dies away in silence: numbers too small for the FPU are slow
            self._state = np.where(np.abs(self._state) < 1e-30, 0.0, self._state)
        weighted: _Floats = (x @ self._within + states[:, :-1] @ self._leaving).reshape(channels, -1)
        return weighted


def _state_space(b: _Floats, a: _Floats) -> tuple[_Floats, _Floats, _Floats, float]:
    """Two biquads in series as one system of four states: s' = A s + B x, y = C s + D x."""
    parts = []
    for num, den in zip(b, a, strict=True):
        parts.append(
            (
                np.array([[-den[1], 1.0], [-den[2], 0.0]]),
                np.array([num[1] - den[1] * num[0], num[2] - den[2] * num[0]]),
                np.array([1.0, 0.0]),
                float(num[0]),
            )
        )
    (a1, b1, c1, d1), (a2, b2, c2, d2) = parts
    top = np.hstack([a1, np.zeros((2, 2))])
    bottom = np.hstack([np.outer(b2, c1), a2])
    return np.vstack([top, bottom]), np.concatenate([b1, b2 * d1]), np.concatenate([d2 * c1, c2]), d1 * d2


def lufs(mean_square: float) -> float:
    """Sum over the channels of the K-weighted mean square -> LUFS."""
    return max(SILENT, -0.691 + 10 * math.log10(mean_square)) if mean_square > 0 else SILENT


def weights(channels: int) -> _Floats:
    """(channels,) how much each counts."""
    return np.array(SURROUND.get(channels, (1.0,) * channels))


class Loudness:
    """Loudness of a stream of hops."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._filter: KFilter | None = None
        self._weights = weights(0)
        self._squares: deque[float] = deque([0.0] * MOMENTARY, maxlen=MOMENTARY)

    def feed(self, samples: NDArray[np.float32]) -> float:
        """(frames of one hop, channels) -> momentary loudness (LUFS) at its end."""
        channels = samples.shape[1]
        if self._filter is None or channels != len(self._weights):
            self._filter, self._weights = KFilter(self._rate, channels), weights(channels)
        weighted = self._filter.filter(samples.T.astype(np.float64))
        self._squares.append(float(np.add.reduce(weighted * weighted, axis=1) @ self._weights) / len(samples))
        return lufs(self.mean_square)

    @property
    def last(self) -> float:
        """K-weighted mean square of the last hop, summed over the channels."""
        return self._squares[-1]

    @property
    def mean_square(self) -> float:
        """The same of the last 400 ms."""
        return math.fsum(self._squares) / MOMENTARY


class Energy:
    """0..1: where the loudness lies within the range of the song so far, by the law above."""

    GATE = -60.0  # LUFS
    RANGE = 12.0  # dB
    DRIFT = 3.0 / 60.0 / HOPS_PER_SECOND  # dB a hop

    def __init__(self) -> None:
        self._ceiling: float | None = None
        self._floor = 0.0

    def feed(self, level: float) -> float:
        """Momentary loudness (LUFS) -> energy."""
        if level < self.GATE:
            return 0.0
        if self._ceiling is None:
            self._ceiling, self._floor = level, level - self.RANGE
        self._ceiling += max((level - self._ceiling) * 0.02, -self.DRIFT)
        self._floor += min((level - self._floor) * 0.005, self.DRIFT) if level < self._floor else self.DRIFT
        self._floor = min(self._floor, self._ceiling - self.RANGE)
        return min(1.0, max(0.0, (level - self._floor) / (self._ceiling - self._floor)))
