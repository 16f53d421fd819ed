"""A and C weighting of sound as IEC 61672-1 has them (annex E), as digital filters for any rate from 32 kHz on.

Both are given as analogue poles: two at 20.6 Hz and two at 12194 Hz, A also at 107.7 and 737.9 Hz, with as many zeros at 0 Hz as
there are low poles. The low ones go through the bilinear transform, which is exact where the frequency is small against the rate.
The two high ones do not: that transform puts a zero at half the rate, 3.5 dB too low at 12.5 kHz at 48 kHz. So their digital
poles are taken where the analogue ones decay (e^(-w / rate)), and the numerator's power is fitted, which is linear: |B|^2 is a
polynomial in cos w whose coefficients follow by least squares from what |A|^2 |H|^2 has to be; its zeros inside the unit circle
are B. The error up to 16 kHz, or 45 % of the rate where that is less, is below 0.01 dB from 44.1 kHz on and 0.07 dB at 32 kHz.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.signal import bilinear_zpk, sosfilt, sosfreqz, zpk2sos

Weight = Literal["A", "C"]
LEAST_RATE = 32_000  # Hz
_LOW, _A1, _A2, _HIGH = 20.598997, 107.65265, 737.86223, 12_194.217  # Hz
_ORDER = 4  # zeros of the high section
_AT_1K = 1000.0  # Hz, where both weigh nothing


def analogue_db(freqs: NDArray[np.float64], weight: Weight) -> NDArray[np.float64]:
    """(points,) dB by the standard's formula at freqs (Hz); 0 dB at 1 kHz."""
    f2 = np.square(np.append(np.asarray(freqs, dtype=np.float64), _AT_1K))
    gain = f2 * _HIGH**2 / ((f2 + _LOW**2) * (f2 + _HIGH**2))
    if weight == "A":
        gain = gain * f2 / np.sqrt((f2 + _A1**2) * (f2 + _A2**2))
    level: NDArray[np.float64] = 20 * np.log10(np.maximum(gain[:-1], 1e-30) / gain[-1])
    return level


def sections(rate: float, weight: Weight) -> NDArray[np.float64]:
    """(sections, 6) second-order sections as scipy has them. ValueError below LEAST_RATE."""
    if rate < LEAST_RATE:
        raise ValueError(f"sound level needs at least {LEAST_RATE} Hz, not {rate:g}: set the input to 48000")
    poles = [_LOW, _LOW] + ([_A1, _A2] if weight == "A" else [])
    low_zeros, low_poles, _ = bilinear_zpk(np.zeros(len(poles)), -2 * np.pi * np.array(poles), 1.0, rate)
    high = math.exp(-2 * math.pi * _HIGH / rate)
    zeros = np.concatenate([low_zeros, _high_zeros(rate, high)])
    made = zpk2sos(zeros, np.concatenate([low_poles, [high, high], np.zeros(_ORDER - 2)]), 1.0)
    made[0, :3] /= np.abs(sosfreqz(made, worN=[_AT_1K], fs=rate)[1][0])
    return np.asarray(made, dtype=np.float64)


def _high_zeros(rate: float, pole: float) -> NDArray[np.complex128]:
    """Zeros that give two real poles at z = `pole` the level of the analogue ones up to 16 kHz, or nearly half the rate."""
    freqs = np.linspace(0, min(18_000.0, 0.48 * rate), 400)
    w = 2 * np.pi * freqs / rate
    wanted = (1 / (1 + (freqs / _HIGH) ** 2)) ** 2  # |H|^2
    over = (1 - 2 * pole * np.cos(w) + pole**2) ** 2  # |A|^2
    table = np.cos(np.outer(w, np.arange(_ORDER + 1)))
    power = np.linalg.lstsq(table / over[:, None] / wanted[:, None], np.ones(len(w)), rcond=None)[0]  # relative error: as dB
    mirrored = np.concatenate([power[:0:-1] / 2, power[:1], power[1:] / 2])  # of z^-n .. z^n
    roots = np.roots(mirrored)
    inside = roots[np.argsort(np.abs(roots))][:_ORDER]
    if np.abs(inside).max() > 1:
        raise ValueError(f"no weighting can be had at {rate:g} Hz")
    return np.asarray(inside, dtype=np.complex128)


class Weighting:
    """Weighs a stream of one channel, its state kept from block to block."""

    def __init__(self, rate: float, weight: Weight) -> None:
        self._sections = sections(rate, weight)
        self._state = np.zeros((len(self._sections), 2))

    def feed(self, samples: NDArray[np.float64]) -> NDArray[np.float64]:
        """(frames,) -> the same, weighted."""
        weighted, self._state = sosfilt(self._sections, samples, zi=self._state)
        self._state[np.abs(self._state) < 1e-30] = 0.0  # numbers too small for the FPU are slow
        return np.asarray(weighted, dtype=np.float64)
