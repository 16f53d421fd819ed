"""How well speech is understood: the speech transmission index, 0..1, of an impulse response (IEC 60268-16:2020, full STI).

Speech is seven octaves of noise whose loudness swings at 14 rates. What a room leaves of each swing is the Fourier transform of
the squared response of the octave at that rate, over its energy (Schroeder); noise and what the ear itself masks take away more
where levels (dB SPL at the ear) are known. Every swing that is left counts as a signal-to-noise ratio between -15 and 15 dB;
octaves are weighted for a male voice, less what neighbours tell twice.

Without levels the index is that of the room alone, an upper limit. Where one octave cannot be known, neither can the index.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.room.arrival import onset
from showctl.analysis.room.decay import Band, band, held, scaled

Sound = NDArray[np.float64]

OCTAVES = (125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)  # Hz
SWINGS = np.array([0.63, 0.8, 1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8, 10, 12.5])  # Hz
WEIGHTS = np.array([0.085, 0.127, 0.230, 0.233, 0.309, 0.224, 0.173])  # male speech
TOLD_TWICE = np.array([0.085, 0.078, 0.065, 0.011, 0.047, 0.095])  # between an octave and the next
MALE = np.array([-2.5, 0.5, 0.0, -6.0, -12.0, -18.0, -24.0])  # dB of the octaves of a male voice of 0 dB(A)
THRESHOLD = np.array([46.0, 27.0, 12.0, 6.5, 7.5, 8.0, 12.0])  # dB SPL below which nothing is heard
RANGE_DB = 15.0
SLICE_S = 0.001  # far shorter than the quickest swing: no need to look at every sample
SURE = 0.05  # largest standard error of an octave's energy, as a share


@dataclass(frozen=True, slots=True, eq=False)
class Speech:
    """What becomes of speech."""

    index: float  # STI, 0..1
    octaves: Sound  # (7,) modulation transfer index of each, 0..1
    left: NDArray[np.float64]  # (7, 14) what is left of each swing, 0..1


def speech(sound: Sound, rate: float, level: float | None = None, noise: Sound | None = None) -> Speech | None:
    """(frames,) impulse response -> how well speech is understood; None where that cannot be known.

    `level` is that of the speech at the ear in dB(A), `noise` (7,) that of the octaves of the noise there in dB SPL.
    """
    sound = scaled(sound)
    start = onset(sound)
    if start is None or not held(OCTAVES[-1], rate):
        return None
    rows = [swings_left(one) for freq in OCTAVES if (one := band(sound, rate, freq, start)) is not None]
    known = [row for row in rows if row is not None]
    if len(known) < len(OCTAVES):
        return None
    return index(np.array(known), None if level is None else MALE + level, noise)


def swings_left(one: Band) -> Sound | None:
    """(14,) what an octave of a room leaves of each swing; None where noise hides it."""
    energy = float(one.left[0])
    floor = one.tail.noise_error * len(one.left)
    if energy <= 0 or math.sqrt(float(one.spread.sum()) + one.tail.rest_error**2 + floor**2) > SURE * energy:
        return None
    turns, size = 2j * math.pi * SWINGS, max(1, int(one.rate * SLICE_S))
    starts = np.arange(0, len(one.energy), size)
    heard = np.exp(-np.outer(turns, (starts + size / 2) / one.rate)) @ np.add.reduceat(one.energy, starts)
    beyond = one.tail.rest * one.tail.rate / (one.tail.rate + turns) * np.exp(-turns * len(one.energy) / one.rate)
    return np.asarray(np.minimum(np.abs(heard + beyond) / energy, 1.0))


def index(left: NDArray[np.float64], level: Sound | None = None, noise: Sound | None = None) -> Speech:
    """(7, 14) what the room leaves of each swing, (7,) dB SPL of speech and of noise -> the index.

    Noise counts only where the level of the speech is known, too.
    """
    if level is not None:
        left = left * _ear(level, noise)[:, None]
    ratio = 10 * np.log10(np.maximum(left, 1e-9) / np.maximum(1 - left, 1e-9))
    octaves = np.mean((np.clip(ratio, -RANGE_DB, RANGE_DB) + RANGE_DB) / (2 * RANGE_DB), axis=1)
    twice = float(TOLD_TWICE @ np.sqrt(octaves[:-1] * octaves[1:]))
    return Speech(min(1.0, max(0.0, float(WEIGHTS @ octaves) - twice)), octaves, left)


def _ear(level: Sound, noise: Sound | None) -> Sound:
    """(7,) the share of every swing that noise, the ear's masking by the octave below and its threshold leave."""
    said = 10 ** (np.asarray(level, np.float64) / 10)
    heard = said + (0.0 if noise is None else 10 ** (np.asarray(noise, np.float64) / 10))
    masked = np.zeros(len(OCTAVES))
    masked[1:] = [power * 10 ** (_masking(10 * math.log10(power)) / 10) for power in heard[:-1]]
    return np.asarray(said / (heard + masked + 10 ** (THRESHOLD / 10)))


def _masking(level: float) -> float:
    """dB by which an octave of so many dB SPL masks the one above."""
    if level < 63:
        return 0.5 * level - 65
    if level < 67:
        return 1.8 * level - 146.9
    return 0.5 * level - 59.8 if level < 100 else -10.0
