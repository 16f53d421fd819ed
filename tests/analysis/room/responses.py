"""Impulse responses made for tests, of which the truth is known."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.room.decay import Band
from showctl.analysis.room.tail import Tail

Sound = NDArray[np.float64]


def ringing(rate: float, freq: float, seconds: float, lasts: float, ahead: float = 0.0) -> Sound:
    """A tone that loses 60 dB in `seconds`: what an octave round it must find, as exactly as it can."""
    times = np.arange(int(lasts * rate)) / rate
    return np.concatenate([np.zeros(int(ahead * rate)), np.cos(2 * np.pi * freq * times) * 10 ** (-3 * times / seconds)])


def diffuse(
    rate: float, slopes: list[tuple[float, float]], lasts: float, draw: np.random.Generator, direct: float = 3.0
) -> Sound:
    """A direct sound and diffuse sound that decays by several slopes: dB at which each begins, and its seconds for 60 dB."""
    times = np.arange(int(lasts * rate)) / rate
    power = sum(10 ** (level / 10 - 6 * times / seconds) for level, seconds in slopes)
    sound = draw.normal(size=len(times)) * np.sqrt(power)
    sound[0] += direct * 10
    return np.asarray(sound, np.float64)


def with_noise(sound: Sound, rate: float, range_db: float, draw: np.random.Generator, seconds: float = 1.0) -> Sound:
    """The response and so many seconds more, in white noise so far below its strongest 10 ms."""
    long = np.concatenate([sound, np.zeros(int(seconds * rate))])
    block = int(rate / 100)
    strongest = float(np.convolve(sound**2, np.ones(block) / block, "valid").max())
    return long + draw.normal(size=len(long)) * math.sqrt(strongest) * 10 ** (-range_db / 20)


def exact(rate: float, seconds: float, lasts: float, freq: float = 1000.0) -> Band:
    """An octave whose energy is exactly an exponential, without noise, cut after `lasts` seconds."""
    k = 6 * math.log(10) / seconds
    energy = np.exp(-k * (np.arange(int(lasts * rate)) + 0.5) / rate)
    rest = math.exp(-k * lasts) / k * rate
    left = np.cumsum(energy[::-1])[::-1] + rest
    return Band(freq, rate, energy, left, np.zeros(len(energy)), Tail(lasts, 1e-30, 0.0, k, rest, 0.0), 120.0)
