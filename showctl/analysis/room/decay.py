"""How a room dies away: an impulse response to reverberation time and clarity, an octave at a time, as ISO 3382-1 has them.

EDT, T20 and T30 (s) are the slopes of Schroeder's backward integral from 0 to -10, -5 to -25 and -5 to -35 dB, each as the time
that 60 dB would take. C50 and C80 (dB) are early over late energy, parted 50 and 80 ms after the direct sound, ahead of the
octave filter (which would smear the cut); D50 is the early share, 0..1. `snr_db` is the strongest 10 ms of the octave over its
noise.

Noise makes such figures wrong, and a wrong one is worse than none. It is subtracted from the energy, and what lies below it is
extrapolated (see tail.py). How far off a figure may be is worked out for each: from what noise does to an integral of energy
(variance N (N + 2 S) / B a second for a floor of power N, a signal of power S and a bandwidth B), from how well the floor is
known and from what is extrapolated. A figure whose standard error is too large is None, and so is one for which the octave has
not the range.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from showctl.analysis.room.arrival import onset
from showctl.analysis.room.tail import Tail, blocks_of, tail

Sound = NDArray[np.float64]

OCTAVES = (63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)  # Hz
EDT, T20, T30 = (0.0, -10.0), (-5.0, -25.0), (-5.0, -35.0)  # dB between which a slope is taken
CURVE_S = 0.01  # between the points of a curve that is shown
WIDTH = 0.71  # bandwidth of the octave filter for the variance of noise, in centres
SMOOTH_S = 0.02
BEFORE_S = 0.05  # that counts as early: what a filter or a loudspeaker sends ahead of the direct sound
LEAST_SNR, BELOW = 10.0, 5.0  # dB: less tells nothing; how far the noise must lie below the end of a slope
MOST_SNR = 120.0  # dB: no more is said; what a fade-out leaves is not the room's
SURE_TIME, SURE_CLARITY = 0.045, 0.5  # largest standard errors: share of a decay time; dB
LEAST_FRAMES = 20
DB = 10 / math.log(10)


@dataclass(frozen=True, slots=True, eq=False)
class Decay:
    """What one octave tells; None where it cannot be known."""

    freq: float  # Hz
    edt: float | None = None  # s
    t20: float | None = None
    t30: float | None = None
    c50: float | None = None  # dB
    c80: float | None = None
    d50: float | None = None  # 0..1
    snr_db: float | None = None
    curve: Sound | None = None  # (points,) dB below the whole energy, CURVE_S apart, as far as it is heard


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """An octave of a response from the direct sound to where it sinks into the noise."""

    freq: float  # Hz
    rate: float  # Hz
    energy: Sound  # (frames,) squares less the noise
    left: Sound  # (frames,) Schroeder: all energy from there on, what is extrapolated included
    spread: Sound  # (frames,) variance of the energy by noise
    tail: Tail
    snr: float  # dB


def decays(sound: Sound, rate: float, octaves: tuple[float, ...] = OCTAVES) -> list[Decay]:
    """(frames,) impulse response -> what each octave tells; those that the rate cannot hold are left out.

    The response may begin with noise or nothing, and needs some tenths of a second of its noise at the end.
    """
    sound = scaled(sound)
    start = onset(sound)
    return [_decay(sound, rate, freq, start) for freq in octaves if held(freq, rate)]


def scaled(sound: Sound) -> Sound:
    """The sound with a peak of 1, so that no figure depends on its level, and without the digital silence at its end."""
    loud = np.flatnonzero(sound)
    if not len(loud):
        return np.zeros(0)
    sound = np.asarray(sound[: loud[-1] + 1], np.float64)
    return np.asarray(sound / np.abs(sound).max())


def held(freq: float, rate: float) -> bool:
    """Whether a rate (Hz) holds the octave round `freq`."""
    return freq * math.sqrt(2) < 0.49 * rate


def octave(sound: Sound, rate: float, freq: float) -> Sound:
    """(frames,) -> the octave round `freq` of it, neither early nor late."""
    filtered: Sound = signal.sosfiltfilt(_filter(freq, rate), sound)
    return filtered


@lru_cache(64)
def _filter(freq: float, rate: float) -> NDArray[np.float64]:
    edges = [freq / math.sqrt(2), freq * math.sqrt(2)]
    sections: NDArray[np.float64] = signal.butter(3, edges, "bandpass", fs=rate, output="sos")
    return sections


def band(sound: Sound, rate: float, freq: float, start: int) -> Band | None:
    """One octave from the direct sound (frame `start`) on; None where it holds too little to tell decay from noise."""
    squares = octave(sound, rate, freq)[start:] ** 2
    end = tail(squares, rate, WIDTH * freq)
    if end is None:
        return None
    frames = max(1, int(end.end * rate))
    energy = squares[:frames] - end.noise
    left = np.cumsum(energy[::-1])[::-1] + end.rest
    wide = max(1, int(rate * SMOOTH_S))
    heard = np.maximum(ndimage.uniform_filter1d(energy, wide), 0.0)
    spread = end.noise * (end.noise + 2 * heard) / (WIDTH * freq) * rate
    blocks = blocks_of(squares, rate)
    floor = max(end.noise, float(blocks[-max(5, len(blocks) // 10) :].mean()))  # a response may end before its noise is heard
    snr = min(MOST_SNR, 10 * math.log10(max(float(blocks.max()) / floor - 1, 1e-3)))
    return Band(freq, rate, energy, left, spread, end, snr)


def _decay(sound: Sound, rate: float, freq: float, start: int | None) -> Decay:
    one = None if start is None else band(sound, rate, freq, start)
    if one is None or start is None:
        return Decay(freq)
    if one.snr < LEAST_SNR or one.left[0] <= 0:
        return Decay(freq, snr_db=one.snr)
    edt, t20, t30 = (reverberation(one, *levels) for levels in (EDT, T20, T30))
    c50, c80 = (clarity(one, sound, start, seconds) for seconds in (0.05, 0.08))
    d50 = None if c50 is None else 1 / (1 + 10 ** (-c50 / 10))
    curve = 10 * np.log10(np.maximum(one.left[:: max(1, int(CURVE_S * rate))] / one.left[0], 1e-12))
    return Decay(freq, edt, t20, t30, c50, c80, d50, one.snr, curve)


# --- slopes ------------------------------------------------------------------------------------------------------------


def reverberation(one: Band, top: float, bottom: float) -> float | None:
    """Seconds for 60 dB at the slope between two levels (dB); None where that cannot be known."""
    if one.snr < BELOW - bottom or (found := _slope(one.left, one.rate, top, bottom)) is None:
        return None
    tilt, first, last = found
    along = (np.arange(first, last) - (first + last - 1) / 2) / one.rate
    pull = DB * along / (along @ along) / one.left[first:last]  # of the energy at each frame on the slope
    variance = float(one.spread[first:last] @ np.cumsum(pull) ** 2)
    # What comes later lifts or lowers the whole curve, and where it is bent, other parts of it are taken: so it is tried.
    later = math.sqrt(float(one.spread[last:].sum()))
    for shift in (later, one.tail.rest_error, one.tail.noise_error * np.arange(len(one.left), 0, -1)):
        tried = [_slope(one.left + sign * shift, one.rate, top, bottom) for sign in (-1, 1)]
        variance += max((math.inf if other is None else (other[0] - tilt) ** 2) for other in tried)
    return -60 / tilt if math.sqrt(variance) <= -tilt * SURE_TIME else None


def _slope(left: Sound, rate: float, top: float, bottom: float) -> tuple[float, int, int] | None:
    """dB/s (below 0) of the straight line nearest to a backward integral between two levels, and the frames of these."""
    whole = float(left[0])
    below = left <= whole * 10 ** (bottom / 10)
    first, last = int(np.argmax(left <= whole * 10 ** (top / 10))), int(np.argmax(below))
    if whole <= 0 or not below[last] or last - first < LEAST_FRAMES:
        return None
    level = 10 * np.log10(left[first:last] / whole)
    frames = last - first
    along = np.arange(frames) - (frames - 1) / 2
    tilt = float(along @ level) / (frames * (frames**2 - 1) / 12) * rate
    return (tilt, first, last) if tilt < 0 else None


# --- early and late ----------------------------------------------------------------------------------------------------


def clarity(one: Band, sound: Sound, start: int, seconds: float) -> float | None:
    """dB of the energy before over that after `seconds` from the direct sound; None where that cannot be known."""
    begin, cut, end = max(0, start - int(BEFORE_S * one.rate)), start + round(seconds * one.rate), start + len(one.left)
    if cut >= end:
        return None
    early = _energy(one, sound[begin:cut])
    late = _energy(one, sound[cut:end]) + one.tail.rest
    if min(early, late) <= 0:
        return None
    ahead = (start - begin) * one.tail.noise**2 / (WIDTH * one.freq) * one.rate
    of_early = (float(one.spread[: cut - start].sum()) + ahead) / early**2
    of_late = (float(one.spread[cut - start :].sum()) + one.tail.rest_error**2) / late**2
    of_floor = one.tail.noise_error * ((end - cut) / late - (cut - begin) / early)
    sure = DB * math.sqrt(of_early + of_late + of_floor**2) <= SURE_CLARITY
    return 10 * math.log10(early / late) if sure else None


def _energy(one: Band, part: Sound) -> float:
    """Energy of an octave of a part of the response, all that the filter makes of it, less the noise."""
    ring = np.zeros(int(max(0.2, 25 / one.freq) * one.rate))
    return float(np.sum(octave(np.concatenate([ring, part, ring]), one.rate, one.freq) ** 2)) - one.tail.noise * len(part)
