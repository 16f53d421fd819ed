"""Filters and levels that several composers of this folder share: second-order sections after the Audio EQ Cookbook's formulas
(R. Bristow-Johnson, W3C note 2021), noise of a given slope, decibels. Frequencies in Hz, gains in dB, audio float32 at RATE."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from training.piece import RATE

Sound = NDArray[np.float32]
Sections = NDArray[np.float64]  # (sections, 6), as scipy's sosfilt takes them


def gain(db: float) -> float:
    """The factor of so many decibels."""
    return float(10 ** (db / 20))


def rms(audio: NDArray[Any]) -> float:
    """Root mean square, never 0 (so that it can be divided by)."""
    return float(np.sqrt(np.mean(np.square(audio, dtype=np.float64)))) + 1e-9 if len(audio) else 1e-9


def low(hz: float, order: int = 2) -> Sections:
    return np.atleast_2d(signal.butter(order, min(hz, 0.49 * RATE), "low", fs=RATE, output="sos"))


def high(hz: float, order: int = 2) -> Sections:
    return np.atleast_2d(signal.butter(order, hz, "high", fs=RATE, output="sos"))


def band(lowest: float, highest: float, order: int = 1) -> Sections:
    return np.atleast_2d(signal.butter(order, [lowest, min(highest, 0.49 * RATE)], "band", fs=RATE, output="sos"))


def peak(hz: float, q: float, db: float) -> Sections:
    """A bell of so many dB."""
    a, w = 10 ** (db / 40), 2 * math.pi * hz / RATE
    alpha = math.sin(w) / (2 * q)
    b = [1 + alpha * a, -2 * math.cos(w), 1 - alpha * a]
    return _section(b, [1 + alpha / a, -2 * math.cos(w), 1 - alpha / a])


def shelf(hz: float, db: float, upper: bool) -> Sections:
    """A shelf of slope 1: everything above (upper) or below hz by so many dB."""
    a, w = 10 ** (db / 40), 2 * math.pi * hz / RATE
    c, root = math.cos(w) * (-1 if upper else 1), 2 * math.sqrt(a) * math.sin(w) / math.sqrt(2)
    sign = -1 if upper else 1
    b = [a * (a + 1 - (a - 1) * c + root), sign * 2 * a * (a - 1 - (a + 1) * c), a * (a + 1 - (a - 1) * c - root)]
    return _section(b, [a + 1 + (a - 1) * c + root, sign * -2 * (a - 1 + (a + 1) * c), a + 1 + (a - 1) * c - root])


def _section(b: list[float], a: list[float]) -> Sections:
    return np.array([[x / a[0] for x in (*b, *a)]])


def through(audio: Sound, *sections: Sections) -> Sound:
    """The audio through these filters in a row."""
    return signal.sosfilt(np.vstack(sections), audio).astype(np.float32, copy=False)


def noise(rng: np.random.Generator, frames: int, slope: float = 0.0) -> Sound:
    """Noise of RMS 1 whose power falls by slope x 3 dB an octave: 0 white, 1 pink, 2 brown (below 20 Hz level)."""
    if slope == 0:
        return rng.standard_normal(frames, dtype=np.float32)
    size = 1 << max(8, (frames - 1).bit_length())
    spectrum = np.fft.rfft(rng.standard_normal(size, dtype=np.float32))
    hz = np.maximum(np.arange(len(spectrum)) * RATE / size, 20.0)
    out = np.fft.irfft(spectrum * hz ** (-slope / 2))[:frames].astype(np.float32)
    return out / np.float32(rms(out))


def add(mix: Sound, at: int, sound: NDArray[Any], factor: float = 1.0) -> None:
    """Add a sound into the mix from frame `at`; what sticks out at either end is cut."""
    start, end = max(0, at), min(len(mix), at + len(sound))
    if end > start:
        mix[start:end] += np.float32(factor) * sound[start - at : end - at]


def level(audio: NDArray[Any], top: float = 0.95) -> Sound:
    """float32 whose peak is at most `top` (quieter sound is left as it is)."""
    highest = float(np.max(np.abs(audio), initial=0.0))
    return np.asarray(audio * (top / highest) if highest > top else audio, dtype=np.float32)
