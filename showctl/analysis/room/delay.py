"""How late a microphone hears the programme, and how much faster its clock runs: found in the music itself, and taken out.

A microphone on another device than the programme has another clock. At 50 ppm, 30 s are 1.5 ms: no average over 30 s holds at
any frequency that matters unless both are found together. So the programme is cut into pieces; each piece gives a whitened
cross-correlation with what the microphone heard (GCC-PHAT: C. H. Knapp and G. C. Carter, "The generalized correlation method for
estimation of time delay", IEEE Trans. ASSP 24, 1976). Then that drift is taken under which the correlations of all pieces add up
to the most energy: all of the room speaks for it, not only the direct sound, and one piece that is drowned cannot mislead it.

Microphone time = delay + programme time * (1 + drift / 1e6): a positive drift is a fast microphone clock. Delays in s, drifts
in ppm, sound (frames,).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Sound = NDArray[np.float32]
Floats = NDArray[np.float64]

PIECE = 1.3  # s of programme in one correlation, and the longest delay that is found
EARLIER = 0.05  # s that a microphone may be early: buffers of the recorder
FASTEST = 200.0  # ppm that clocks may be apart; cheap crystals are within 100 each
AROUND = (0.03, 0.15)  # s before and after the strongest arrival that speak for a drift
HEARD = (90.0, 9000.0)  # Hz that delay and drift are found in
COARSE = 2000.0  # Hz up to which the whole range of drifts is searched
CANDIDATES = 3  # delays that are followed through: sequenced music resembles itself a bar later
PHASES, TAPS = 32, 32  # fractions of a frame that sound is moved by, and the length of the filters that do it


@dataclass(frozen=True, slots=True)
class Lag:
    """Where the microphone stands in the programme."""

    delay: float  # s, of the strongest arrival, at the beginning
    drift: float  # ppm
    clarity: float  # the peak of all pieces together over the noise beside it; below SURE it may be chance
    rival: float = 0.0  # the strongest peak elsewhere over this one: near 1 where music repeats itself to the sample

    @property
    def sure(self) -> bool:
        """Whether it is this delay and no other."""
        return self.clarity > SURE and self.rival < RIVAL


SURE, RIVAL = 6.0, 0.75


def found(reference: Sound, microphone: Sound, rate: int) -> Lag | None:
    """Delay and drift of a microphone (frames,) against the programme (frames,). None where there is nothing to compare."""
    size = 1 << round(np.log2(PIECE * rate))
    early = round(EARLIER * rate)
    starts = range(0, min(len(reference), len(microphone)) - size + 1, size)
    pieces = [(s, c) for s in starts if (c := _correlation(reference, microphone, s, size, early, rate)) is not None]
    if not pieces:
        return None
    # The strongest arrival may move by this much: energy of the pieces is added up before it is looked for.
    reach = max(3, round(FASTEST * 1e-6 * pieces[-1][0]))
    energy = np.sum([c**2 for _, c in pieces], axis=0)
    before, after = (round(s * rate) for s in AROUND)
    times = np.array([s + size / 2 for s, _ in pieces]) / rate
    tried = []
    for first in _strongest(energy, reach, after):
        low = max(0, min(first - before - reach, size - 2 * reach - before - after))
        near = np.array([c[low : low + 2 * reach + before + after] for _, c in pieces], dtype=np.float64)
        drift, together = _drift(near, times, rate)
        peak = int(np.argmax(np.abs(together)))
        tried.append((float(abs(together[peak])), (low + peak - early) / rate, drift))
    # Of delays that speak about as loud the earliest: what repeats itself comes after the first time, and rooms are short.
    best = max(s for s, _, _ in tried)
    chosen = min((t for t in tried if t[0] > RIVAL * best), key=lambda t: t[1])
    strength, delay, drift = chosen
    rival = max((t[0] for t in tried if t is not chosen), default=0.0) / max(strength, 1e-30)
    beside = float(np.median(np.abs(np.sum([c for _, c in pieces], axis=0)))) / 0.6745
    return Lag(delay, drift, strength / max(beside, 1e-30), rival)


def _strongest(energy: Sound, reach: int, apart: int) -> list[int]:
    """Up to CANDIDATES lags where most energy falls within `reach`, none within `apart` of another."""
    summed = np.concatenate([[0.0], np.cumsum(energy, dtype=np.float64)])
    within = summed[reach:] - summed[:-reach]
    lags = []
    for _ in range(CANDIDATES):
        best = int(np.argmax(within))
        if within[best] <= 0:
            break
        lags.append(best + reach // 2)
        within[max(0, best - apart) : best + apart] = 0.0
    return lags


def _correlation(reference: Sound, microphone: Sound, start: int, size: int, early: int, rate: int) -> Sound | None:
    """The whitened correlation of one piece at lags -early..size-early, RMS 1; None where either is silent."""
    piece, heard = reference[start : start + size], microphone[max(0, start - early) : start - early + 2 * size]
    if not np.any(piece) or not np.any(heard):
        return None
    x = fft.rfft(piece, 2 * size)
    y = fft.rfft(np.concatenate([np.zeros(max(0, early - start), np.float32), heard]), 2 * size)
    px, py = np.abs(x), np.abs(y)
    freqs = np.arange(len(x)) * (rate / (2 * size))
    inside = (freqs > HEARD[0]) & (freqs < HEARD[1])
    # Where the programme has nothing, all that is left is the noise of the coder: it has no vote.
    floor = 1e-3 * float(np.sqrt(np.mean(px[inside] ** 2))) + 1e-30
    white = np.where(inside, x.conj() * y / ((px + floor) * (py + 1e-6 * float(py.max()) + 1e-30)), 0)
    lags: Sound = fft.irfft(white, 2 * size)[:size].astype(np.float32)
    return lags / max(float(np.sqrt(np.mean(lags**2))), 1e-30)


def _drift(near: Floats, times: Floats, rate: int) -> tuple[float, Floats]:
    """(pieces, lags) -> the drift in ppm under which they add up to the most energy, and their mean as it was at time 0."""
    lags = near.shape[1]
    size = fft.next_fast_len(2 * lags, real=True)
    spectra = fft.rfft(near, size, axis=1)
    freqs = np.arange(spectra.shape[1]) * (rate / size)
    span = max(float(times[-1] - times[0]), 1.0)
    drift, width, top = 0.0, FASTEST, COARSE
    for top in (COARSE, 2 * COARSE, HEARD[1]):
        step = 0.4e6 / (top * span)
        tried = drift + np.arange(-np.ceil(width / step), np.ceil(width / step) + 1) * step
        bins = (freqs > HEARD[0]) & (freqs < top)
        energies = np.array([_energy(spectra[:, bins], freqs[bins], times, d) for d in tried])
        best = int(np.argmax(energies))
        drift, width = float(tried[best]) + step * vertex(energies, best), 2.0 * step
    turned = spectra * np.exp(2j * np.pi * np.outer(times * drift * 1e-6, freqs))
    together: Floats = fft.irfft(turned.sum(axis=0), size)[:lags]
    return drift, together


def _energy(spectra: NDArray[np.complex128], freqs: Floats, times: Floats, drift: float) -> float:
    turn = np.exp(2j * np.pi * np.outer(times * drift * 1e-6, freqs))
    return float(np.sum(np.abs((spectra * turn).sum(axis=0)) ** 2))


def vertex(values: Floats, best: int) -> float:
    """How far from `best` the top of the parabola through it and its neighbours lies, in steps."""
    if not 0 < best < len(values) - 1:
        return 0.0
    left, here, right = values[best - 1 : best + 2]
    bend = left - 2 * here + right
    return float(0.5 * (left - right) / bend) if bend < 0 else 0.0


def resampled(sound: Sound, start: float, step: float, count: int) -> Sound:
    """`count` frames of a sound (frames,) as it was at the places start, start + step, ... (frames); silence outside it.

    A step within 1e-3 of 1, as of two clocks. Places are held to 1/PHASES of a frame, which is an error of -34 dB at a third of
    the rate and less below, and of no frequency in the mean.
    """
    places = np.rint((start + np.arange(count) * (step - 1.0)) * PHASES).astype(np.int64)
    bounds = [0, *(np.flatnonzero(np.diff(places)) + 1).tolist(), count]
    base = int(places[0]) // PHASES - 1 - TAPS
    end = int(places[-1]) // PHASES + 1 + TAPS + count
    padded = np.zeros(end - base, dtype=np.float32)
    padded[max(0, -base) : max(0, min(len(sound), end) - base)] = sound[max(0, base) : max(0, min(len(sound), end))]
    out = np.empty(count, dtype=np.float32)
    for first, last in pairwise(bounds):
        whole, phase = divmod(int(places[first]), PHASES)
        at = whole - base + first - TAPS // 2 + 1
        out[first:last] = np.convolve(padded[at : at + last - first + TAPS - 1], _FILTERS[phase], "valid")
    return out


def _filters() -> Sound:
    """(PHASES, TAPS): windowed sincs, each later by 1/PHASES of a frame, as np.convolve wants them."""
    at = np.arange(TAPS) - TAPS // 2 + 1 - np.arange(PHASES)[:, None] / PHASES
    taps = np.sinc(at) * np.i0(8.0 * np.sqrt(np.maximum(0.0, 1.0 - (at / (TAPS / 2)) ** 2))) / np.i0(8.0)
    backwards: Sound = (taps / taps.sum(axis=1, keepdims=True))[:, ::-1].astype(np.float32)
    return backwards


_FILTERS = _filters()
