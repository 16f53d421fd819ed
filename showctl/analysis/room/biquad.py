"""Second-order filters of an equaliser: their coefficients, and their levels in dB with slopes, for many bands at once.

The bands are those of the Audio EQ Cookbook (R. Bristow-Johnson): analogue prototypes brought to the sampling rate by the
bilinear transform. That transform puts the digital filter at frequency f where the prototype stands at

    t = tan(pi f / rate) / tan(pi f0 / rate),   u = t^2,

so the level needs no complex numbers. With A = 10^(gain / 40), of a peaking band and of a low shelf

    |H|^2 = ((1 - u)^2 + u A^2 / Q^2) / ((1 - u)^2 + u / (A^2 Q^2))
    |H|^2 = A^2 ((A - u)^2 + u A / Q^2) / ((1 - A u)^2 + u A / Q^2),

and a high shelf is a low shelf with 1/u for u. Their slopes over what is fitted (log2 of f0, gain, log2 of Q) follow by hand.

Freq in Hz, gain in dB, rate in Hz. Shelves have a Q, not a slope S: up to SHELF_Q they are monotonic, above it they overshoot.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from showctl.model import EqBand

Array: TypeAlias = NDArray[np.float64]
Kind: TypeAlias = Literal["peaking", "low_shelf", "high_shelf"]
RATE = 48_000.0  # Hz, unless told
SHELF_Q = math.sqrt(0.5)  # the steepest shelf that does not overshoot
_DB = 10 / math.log(10)  # dB of a power ratio's natural logarithm


def coefficients(band: EqBand, rate: float = RATE) -> Array:
    """(6,) b0 b1 b2 1 a1 a2, a section as scipy.signal.sosfilt takes it. ValueError where the band is not below half the rate."""
    if not 0 < band.freq < rate / 2 or band.q <= 0:
        raise ValueError(f"a band at {band.freq:g} Hz with Q {band.q:g} cannot be had at {rate:g} Hz")
    a, w = 10 ** (band.gain / 40), 2 * math.pi * band.freq / rate
    c, alpha = math.cos(w), math.sin(w) / (2 * band.q)
    if band.kind == "peaking":
        over, under = (1 + alpha * a, -2 * c, 1 - alpha * a), (1 + alpha / a, -2 * c, 1 - alpha / a)
    else:
        k, s = (1 if band.kind == "low_shelf" else -1), 2 * math.sqrt(a) * alpha
        up, down = (a + 1) + k * (a - 1) * c, (a + 1) - k * (a - 1) * c
        over = (a * (down + s), 2 * k * a * ((a - 1) - k * (a + 1) * c), a * (down - s))
        under = (up + s, -2 * k * ((a - 1) + k * (a + 1) * c), up - s)
    section: Array = np.array([*over, *under]) / under[0]
    return section


def cascade_db(bands: Iterable[EqBand], freqs: Array, rate: float = RATE) -> Array:
    """(points,) dB of all bands together at freqs (Hz, below half the rate). No bands: 0 dB."""
    bands = list(bands)
    given = np.array([[math.log2(b.freq), b.gain, math.log2(b.q)] for b in bands]).reshape(-1, 3)
    total: Array = levels([b.kind for b in bands], given, warped(freqs, rate), rate)[0].sum(axis=0)
    return total


def warped(freqs: Array, rate: float = RATE) -> Array:
    """tan(pi f / rate), the frequency on the prototype's axis: reckoned once for a grid, and handed to `levels`."""
    at: Array = np.tan(np.pi / rate * np.asarray(freqs, dtype=np.float64))
    return at


def levels(kinds: Sequence[Kind], given: Array, at: Array, rate: float = RATE, slopes: bool = False) -> tuple[Array, Array]:
    """Bands (n, 3) as log2 freq, gain, log2 Q, and a grid as `warped` has it -> (n, points) dB and its slopes (n, 3, points).

    The slopes are dB per octave of freq, per dB of gain and per octave of Q; empty unless asked for.
    """
    w = 2 * np.pi / rate * 2.0 ** given[:, :1]
    high = np.array([kind == "high_shelf" for kind in kinds], dtype=bool)
    shelf = np.array([kind != "peaking" for kind in kinds], dtype=bool)
    sign = np.where(high, -1.0, 1.0)[:, None]
    u = ((at[None, :] / np.tan(w / 2)) ** 2) ** sign if high.any() else (at[None, :] / np.tan(w / 2)) ** 2
    a = 10 ** (given[:, 1:2] / 40)
    d = 4.0 ** -given[:, 2:3]  # 1 / Q^2
    level = np.empty((len(given), len(at)))
    slope = np.empty((len(given), 3, len(at)) if slopes else (0, 3, 0))
    for formula, rows in ((_peaking, ~shelf), (_shelf, shelf)):
        if rows.any():
            found, each = formula(u[rows], a[rows], d[rows], slopes)
            level[rows] = found
            if slopes:
                slope[rows] = np.stack(each, axis=1)
    if slopes:
        slope[:, 0] *= -2 * math.log(2) * sign * w / np.sin(w)  # of log2 f0, from log u
        slope[:, 2] *= math.log(2)
    return level, slope


def _peaking(u: Array, a: Array, d: Array, slopes: bool) -> tuple[Array, list[Array]]:
    """Levels, and slopes over log u, gain and log Q; all (n, points)."""
    gain = a * a
    near = (1 - u) ** 2
    up, down = u * (gain * d), u * (d / gain)
    over, under = near + up, near + down
    level: Array = _DB * np.log(over / under)
    if not slopes:
        return level, []
    up, down, tilt = up / over, down / under, -2 * u * (1 - u)
    return level, [_DB * (tilt / over - tilt / under + up - down), (up + down) / 2, -2 * _DB * (up - down)]


def _shelf(u: Array, a: Array, d: Array, slopes: bool) -> tuple[Array, list[Array]]:
    """Levels, and slopes over log u, gain and log Q of a low shelf; all (n, points)."""
    side = u * (a * d)
    over, under = (a - u) ** 2 + side, (1 - a * u) ** 2 + side
    level: Array = _DB * (2 * np.log(a) + np.log(over / under))
    if not slopes:
        return level, []
    of_u = _DB * ((side - 2 * u * (a - u)) / over - (side - 2 * a * u * (1 - a * u)) / under)
    of_a = 0.5 + ((2 * a * (a - u) + side) / over - (side - 2 * a * u * (1 - a * u)) / under) / 4
    return level, [of_u, of_a, -2 * _DB * side * (1 / over - 1 / under)]
